//! One call: admit, attempt, classify, back off, settle.
//!
//! The only place where adapter and process meet ([`CliBackend`]). A call is one question to one
//! participant; each attempt at it is one subprocess. Waiting for a permit and backing off hold no
//! permit and run no clock of the attempt.

mod backend;
mod backoff;
mod caller;
mod cli;
mod echo;
mod kept_output;
mod lane;
mod lead;
mod secrets;

pub use backend::{AtLimit, Attempt, AttemptError, Backend, BoxFuture, CallNews};
pub use backoff::{Backoff, pause_before};
pub use caller::{Answered, CallContext, Caller, Endpoint, Endpoints};
pub use cli::{CliBackend, CliEndpoint, CliSettings};
pub use echo::Echo;
pub use lane::{Gate, Lane};
pub use lead::{Due, Lead};
#[cfg(feature = "cli")]
pub(crate) use secrets::Secrets;
