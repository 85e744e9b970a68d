//! The seam between a call and whatever answers it: a vendor's CLI, or a caller's own code.

use crate::event::EventKind;
use crate::exchange::{CallSpec, Reply};
use crate::failure::CallFailure;
use crate::invocation::StopLevel;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

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
    pub tell: mpsc::UnboundedSender<EventKind>,
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
