//! Consensus protocols as pure state machines: no input or output, no clock, no randomness but the
//! plan's seed. They see what settled, in any order, and say what to ask next.
//!
//! [`machine`] is the boundary to the engine, each protocol has a folder of its own, and what they
//! share stands between: [`material`] (what they are given), `prompt` (the templates, and what fills
//! them), `fence`, `quote` and `anonymise` (how text of others enters a prompt), `asking`, `parse`
//! and `repeats` (what goes out and comes back), `draw` (what chance decides), [`tally`] (from scores to a leader)
//! and [`threshold`] (comparisons with a number).

#[doc(hidden)]
pub mod adjusted;
pub mod anonymise;
mod asking;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod draw;
mod estimate;
#[doc(hidden)]
pub mod fence;
pub mod machine;
pub mod material;
#[doc(hidden)]
pub mod normalise;
#[doc(hidden)]
pub mod options;
pub mod parse;
#[doc(hidden)]
pub mod prompt;
#[doc(hidden)]
pub mod quote;
#[doc(hidden)]
pub mod repeats;
mod settings;
pub mod tally;
pub mod thinking;
pub mod threshold;

pub mod consensus;
pub mod debate;
pub mod pipeline;
pub mod refine;
pub mod sampling;

/// The settings of all protocols.
pub(crate) mod plans {
    pub use super::consensus::ConsensusPlan;
    pub use super::debate::DebatePlan;
    pub use super::pipeline::PipelinePlan;
    pub use super::refine::RefinePlan;
    pub use super::sampling::SamplingPlan;
}

pub use estimate::{Estimate, PhaseEstimate, RoundEstimate};
pub use machine::{Command, Input, Outbox, Protocol, RoundOverrides, RoundReport, Settled, call_path};
pub use settings::{Brought, Draft, Given, Machine, ProtocolSettings};
