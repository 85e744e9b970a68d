//! The face for people who build on this crate: providers in, outcomes out, by the engine that the
//! command line uses. Nothing here schedules anything.

mod abort;
mod backend;
mod chain;
mod cli;
mod config;
mod engine;
mod error;
mod evaluator;
mod events;
mod helpers;
mod message;
mod outcome;
mod protocols;
mod provider;
mod question;
mod request;
mod runner;
mod session;

pub use abort::AbortHandle;
pub use chain::{ChainOutcome, Link, StepFunction};
pub use cli::{CliOptions, CliProvider};
pub use config::{CallEstimate, EngineConfig, RunSettings};
pub use engine::Engine;
pub use error::{Cost, EngineError};
pub use evaluator::{Evaluation, Evaluator};
pub use events::EventStream;
pub use helpers::{persona, personas};
pub use message::{Message, MessageRole};
pub use outcome::{ConsensusOutcome, RunOutcome};
pub use protocols::{DebateOutcome, PipelineOutcome, RefineOutcome, SamplingOutcome};
pub use provider::{About, ModelId, ModelProvider, ProviderError};
pub use question::Question;
pub use request::{ProviderRequest, StopSignal};
pub use runner::Runner;
pub use session::{RoundOutcome, Session};
