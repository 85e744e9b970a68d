//! `refinery_core`: several AI command-line tools in one room, one answer that they agree on.
//!
//! Data moves one way, and the modules stand in that order:
//!
//! ```text
//! cli -> config -> plan -> protocol <-> engine -> call -> adapter | process
//!                                         |                (text)   (operating system)
//!                                         +--> journal, report   (both read what the engine emits)
//! ```
//!
//! The vocabulary that every module shares stands beside them: [`ids`], [`exchange`] (what is asked
//! and what comes back), [`failure`], [`invocation`] (what crosses from adapter to process),
//! [`event`], [`outcome`] and [`error`].
#![deny(clippy::print_stdout)]

pub mod error;
pub mod event;
pub mod exchange;
pub mod failure;
pub mod ids;
pub mod invocation;
pub mod outcome;
pub mod time;

pub mod adapter;
pub mod call;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod config;
pub mod engine;
pub mod host;
pub mod journal;
pub mod plan;
pub mod process;
pub mod protocol;
pub mod report;
pub mod standin;

pub mod library;

pub use event::Event;
pub use exchange::Reply;
pub use failure::FailureClass;
pub use library::{
    AbortHandle, About, CallEstimate, CliOptions, CliProvider, ConsensusOutcome, Cost, Engine, EngineConfig,
    EngineError, EventStream, Message, MessageRole, ModelId, ModelProvider, ProviderError, ProviderRequest, Question,
    RoundOutcome, RunOutcome, RunSettings, Runner, Session, StopSignal,
};
pub use outcome::Status;
pub use protocol::RoundOverrides;
pub use protocol::consensus::{ClosingDecision, ClosingStrategy, VoteThreshold};
