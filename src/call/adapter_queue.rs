//! Adapter queue: what the calls through one adapter and credential share.

use super::call_limit::CallLimit;
use super::health::Health;
use super::login_refresh::{LoginRefresh, NeedsRefresh, RefreshLeader};
use crate::exchange::Usage;
use crate::failure::CallFailure;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tokio::time::Instant;

/// The queue of one adapter: its call limit, its login, until when it rests and why it is closed.
#[derive(Debug, Clone)]
pub struct AdapterQueue {
    limit: CallLimit,
    closed: watch::Sender<Option<CallFailure>>,
    health: Health,
    rests: Arc<Mutex<Option<Instant>>>,
    refresh: Option<LoginRefresh>,
}

impl AdapterQueue {
    /// A queue for at most `limit` attempts at once; 0 means no bound.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit: CallLimit::new(limit),
            closed: watch::Sender::default(),
            health: Health::default(),
            rests: Arc::default(),
            refresh: None,
        }
    }

    /// The same queue with a login that has to be refreshed when `needs_refresh` says so: then one attempt goes
    /// first, alone, until the vendor has answered it.
    #[must_use]
    pub fn with_login(mut self, needs_refresh: NeedsRefresh) -> Self {
        self.refresh = Some(LoginRefresh::new(needs_refresh));
        self
    }

    /// The same queue with a lock file for other processes that share the login. It does nothing without
    /// [a login](Self::with_login).
    #[must_use]
    pub fn with_lock(mut self, lock_path: PathBuf) -> Self {
        self.refresh = self.refresh.map(|refresh| refresh.with_lock(lock_path));
        self
    }

    /// Waits while another attempt refreshes the login. The leadership, if this one has to. `tell` takes what a
    /// person should know of a long wait.
    pub async fn refresh_leader(&self, tell: &(dyn Fn(&str) + Sync)) -> Option<RefreshLeader> {
        self.refresh.as_ref()?.enter(tell).await
    }

    /// How many attempts run at once through this adapter.
    #[must_use]
    pub fn limit(&self) -> &CallLimit {
        &self.limit
    }

    /// Closes the queue: what failed would fail for every further call too.
    pub fn close(&self, why: CallFailure) {
        self.closed.send_if_modified(|closed| {
            let first = closed.is_none();
            // What it cost was the cost of one call.
            closed.get_or_insert(CallFailure { usage: Usage::default(), partial: None, ..why });
            first
        });
    }

    /// Admits no attempt before a moment; an earlier one does not shorten a longer rest.
    pub fn rest_until(&self, moment: Instant) {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        if rests.is_none_or(|known| known < moment) {
            *rests = Some(moment);
        }
    }

    /// Until when it admits no attempt.
    #[must_use]
    pub fn rests_until(&self) -> Option<Instant> {
        *self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is closed, if it is.
    #[must_use]
    pub fn closed(&self) -> Option<CallFailure> {
        self.closed.borrow().clone()
    }

    /// Waits until it is closed. Why it is.
    pub async fn until_closed(&self) -> CallFailure {
        // The sender lives as long as `self`: this cannot fail.
        let closed = self.closed.subscribe().wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        match closed {
            Some(why) => why,
            None => std::future::pending().await,
        }
    }

    /// Whether what it stands for answers at all.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_to_close_a_queue_is_kept() {
        use crate::failure::FailureClass;
        let queue = AdapterQueue::new(1);
        assert_eq!(queue.closed(), None);
        queue.close(CallFailure::new(FailureClass::NotLoggedIn, "first"));
        queue.close(CallFailure::new(FailureClass::Billing, "second"));
        assert_eq!(queue.closed().map(|why| why.message), Some("first".to_owned()));
    }
}
