//! The seam between a call and whatever answers it: a vendor's CLI, or a caller's own code.

use super::login_refresh::RefreshLeader;
use crate::event::EventKind;
use crate::exchange::{CallSpec, Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::CallId;
use crate::invocation::StopLevel;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// A future on the heap, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One attempt at a call.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// What is asked.
    pub spec: Arc<CallSpec>,
    /// The attempt, from 1.
    pub number: u32,
    /// Rises when the attempt should end.
    pub stop: watch::Receiver<StopLevel>,
    /// Takes live events and warnings.
    pub events: mpsc::UnboundedSender<CallEvent>,
    /// Whether others wait until the vendor has answered this attempt; an answer says so by itself.
    pub leader: Option<Arc<RefreshLeader>>,
}

/// What follows from a usage limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtLimit {
    /// The call failed, and so do all others through this queue.
    GiveUp,
    /// The queue rests so long, then the call is tried again.
    Wait(Duration),
    /// The run stops here; the call is not settled.
    Stop,
}

/// What a call tells while it lasts.
#[derive(Debug)]
pub enum CallEvent {
    /// An attempt wants to begin: it starts nothing before it is let go, so that the keeper of the
    /// record and the budget has it first.
    Begun {
        /// Of which call.
        call: CallId,
        /// The attempt, from 1.
        attempt: u32,
        /// Lets it go, or says why not. Dropped, it means a stop.
        go: oneshot::Sender<Result<(), CallFailure>>,
    },
    /// It ended.
    Ended {
        /// Of which call.
        call: CallId,
        /// The attempt, from 1.
        attempt: u32,
        /// Why it brought no answer; `None` if it did.
        failure: Option<CallFailure>,
        /// What it cost.
        usage: Usage,
        /// The model that really answered, if the CLI says.
        served: Option<String>,
        /// How long it took.
        elapsed: Duration,
    },
    /// The vendor says that a usage limit is reached: the engine decides what follows.
    Limited {
        /// Of which call.
        call: CallId,
        /// What the vendor said, with the reset time if it gave one.
        failure: CallFailure,
        /// Takes the decision. Dropped, it means a stop.
        answer: oneshot::Sender<AtLimit>,
    },
    /// There will be another one.
    Retrying {
        /// Of which call.
        call: CallId,
        /// After which pause.
        pause: Duration,
        /// Why.
        failure: FailureClass,
    },
    /// Something that a person should know.
    Warning(String),
    /// Something to show while it happens.
    Live(EventKind),
}

/// Why an attempt brought no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AttemptError {
    /// It failed, in its class.
    Failed(CallFailure),
    /// It could not even begin for want of descriptors, processes or memory: fewer at once may do.
    Exhausted(String),
}

impl From<CallFailure> for AttemptError {
    fn from(failure: CallFailure) -> Self {
        Self::Failed(failure)
    }
}

/// Whatever answers a participant's calls.
pub trait Backend: Send + Sync {
    /// Makes one attempt. Dropping the future must leave nothing running.
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>>;
}
