//! Stopping a run from outside.

use crate::invocation::StopLevel;
use std::sync::Arc;
use tokio::sync::watch;

/// Stops runs. Cheap to clone; all clones are one handle.
///
/// A run that is stopped ends with the best so far under [`Status::Cancelled`](crate::Status::Cancelled), or,
/// if no model has answered, as an error. A run that begins after the stop ends at once: take a new handle
/// for it. Dropping a run's future stops it as well, but then there is no outcome.
#[derive(Debug, Clone)]
pub struct AbortHandle(Arc<watch::Sender<StopLevel>>);

impl AbortHandle {
    /// A handle that was not used yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(StopLevel::Run)))
    }

    /// Stops every run of this handle: nothing new is begun, the futures of providers are dropped, CLIs
    /// are asked to leave and have two seconds for it.
    pub fn abort(&self) {
        self.raise(StopLevel::Wind);
    }

    /// Stops them without that grace.
    pub fn kill(&self) {
        self.raise(StopLevel::Kill);
    }

    /// Whether it was used.
    #[must_use]
    pub fn is_aborted(&self) -> bool {
        *self.0.borrow() > StopLevel::Run
    }

    pub(super) fn level(&self) -> watch::Receiver<StopLevel> {
        self.0.subscribe()
    }

    fn raise(&self, to: StopLevel) {
        self.0.send_if_modified(|level| {
            let rises = to > *level;
            *level = to.max(*level);
            rises
        });
    }
}

impl Default for AbortHandle {
    fn default() -> Self {
        Self::new()
    }
}
