//! `refinery_core`: several AI models in one room, one answer that they agree on.
//!
#![doc = include_str!("library/guide.md")]
#![deny(clippy::print_stdout)]

// The words that everybody shares.
mod billing;
pub mod error;
pub mod event;
pub mod exchange;
pub mod failure;
pub mod ids;
#[doc(hidden)]
pub mod invocation;
mod json;
pub mod outcome;
pub mod time;
#[doc(hidden)]
pub mod value;
mod words;

// What the program, its tests and its benches need, and what the face below is made of: no part of what
// is promised to library users. Data moves through them as ARCHITECTURE.md draws it.
#[doc(hidden)]
pub mod adapter;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod call;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod config;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod demo;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod host;
#[doc(hidden)]
pub mod journal;
mod library;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod process;
pub mod protocol;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod report;

// The face: what people who build on this crate use.
pub use adapter::Billing;
pub use error::Error;
pub use event::{DebateEvent, Event, EventKind, TextEvent};
pub use exchange::{Effort, Reply, Role, Shape, Tuning, Usage};
pub use failure::{FailureClass, Retry};
pub use library::{
    AbortHandle, About, CallEstimate, ChainOutcome, CliOptions, CliProvider, ConsensusOutcome, Cost, DebateOutcome,
    Engine, EngineConfig, EngineError, Evaluation, Evaluator, EventStream, Link, Message, MessageRole, ModelId,
    ModelProvider, PipelineOutcome, ProviderError, ProviderRequest, Question, RefineOutcome, RoundOutcome, RunOutcome,
    RunSettings, Runner, SamplingOutcome, Session, StepFunction, StopSignal, persona, personas,
};
pub use outcome::Status;
pub use plan::{Budget, Ceiling, Estimate, OnLimit, PhaseEstimate, ProtocolPlan, RoundEstimate};
pub use protocol::RoundOverrides;
pub use protocol::consensus::{
    Bound, ClosedRound, ClosingDecision, ClosingStrategy, ConsensusPlan, Partial, ReviewMode, VoteThreshold,
};
pub use protocol::debate::{
    DebatePlan, Judge, Persona, Phase as DebatePhase, consensus_score, disagreements as detect_disagreements,
};
pub use protocol::parse::lenient_json as extract_json;
pub use protocol::pipeline::{Condition, Feed, PipelinePlan, StepKind, StepPlan};
pub use protocol::refine::{CritiquePlan, RefineMode, RefinePlan, ScorePlan, SelfRefinePlan, converged_refine};
pub use protocol::sampling::{EarlyStop, Normaliser, SamplingPlan, Strategy};
