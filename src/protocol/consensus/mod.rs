//! Propose, evaluate, close, refine, until the leader meets the threshold and is stable.

mod close;
mod closing;
mod evaluate;
mod machine;
mod outcome;
mod propose;
mod room;
mod settings;
mod state;
mod vote_threshold;

pub use closing::{AnswerSoFar, Bound, ClosedRound, ClosingDecision, ClosingStrategy, Partial, Previous};
pub use machine::Consensus;
pub use room::Misfit;
pub use settings::{ConsensusPlan, Material, Member, ReviewMode};
pub use vote_threshold::VoteThreshold;
