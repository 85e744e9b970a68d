//! Consensus protocols as pure state machines: no input or output, no clock, no randomness but the
//! plan's seed. They see what settled, in any order, and say what to ask next.

pub mod consensus;
pub mod machine;

pub use machine::{Command, Input, Outbox, Protocol, RoundOverrides, RoundReport, Settled};
