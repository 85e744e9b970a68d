//! One call: admit, attempt, classify, back off, settle.
//!
//! The only place where adapter and process meet ([`CliBackend`]). A call is one question to one
//! participant; each attempt at it is one subprocess, or one turn of a worker that is kept. Waiting for a permit and backing off hold no
//! permit and run no clock of the attempt.

mod adapter_queue;
mod backend;
mod backoff;
mod call_limit;
mod caller;
mod cli;
mod debug_output;
mod echo;
mod health;
mod kept;
mod launch;
mod login_refresh;
mod reading;
mod secret_forms;
mod secrets;

pub use adapter_queue::AdapterQueue;
pub use backend::{AtLimit, Attempt, AttemptError, Backend, BoxFuture, CallEvent};
pub use backoff::{Backoff, pause_before};
pub use call_limit::{CallLimit, Permit};
pub use caller::{Answered, CallContext, Caller, Endpoint, Endpoints};
pub use cli::{CliBackend, CliEndpoint, CliSettings};
pub use echo::Echo;
pub use health::{Health, Trial};
pub use kept::{Keep, WorkerPool};
pub use login_refresh::{NeedsRefresh, RefreshLeader};
#[cfg(feature = "cli")]
pub(crate) use secrets::Secrets;
