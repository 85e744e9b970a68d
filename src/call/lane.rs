//! Admission: how many attempts run at once, per adapter and in all, and which lanes are closed.

use super::lead::{Due, Head, Lead};
use crate::failure::CallFailure;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// A bound on how many attempts run at once, that can be lowered while they run.
#[derive(Debug, Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    count: Mutex<Count>,
    freed: Notify,
}

#[derive(Debug)]
struct Count {
    limit: usize,
    running: usize,
}

impl Gate {
    /// At most `limit` at once; 0 means no bound.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = if limit == 0 { usize::MAX } else { limit };
        Self { inner: Arc::new(Inner { count: Mutex::new(Count { limit, running: 0 }), freed: Notify::new() }) }
    }

    /// Waits for a place, in the order of asking.
    pub async fn enter(&self) -> Pass {
        loop {
            {
                let mut count = self.inner.count();
                if count.running < count.limit {
                    count.running += 1;
                    return Pass { inner: Arc::clone(&self.inner) };
                }
            }
            // A place that is freed between the look and the wait is kept by `Notify` as a permit.
            self.inner.freed.notified().await;
        }
    }

    /// Lowers the bound to one less than what runs at this moment, but never below one, and gives
    /// the place back. Returns the new bound.
    pub fn lower(&self, pass: Pass) -> usize {
        let limit = {
            let mut count = self.inner.count();
            count.limit = count.running.saturating_sub(1).max(1).min(count.limit);
            count.limit
        };
        drop(pass);
        limit
    }
}

impl Inner {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a gate; given back when dropped.
#[derive(Debug)]
pub struct Pass {
    inner: Arc<Inner>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.inner.count().running -= 1;
        self.inner.freed.notify_one();
    }
}

/// The lane of one adapter: its own gate, and whether it is closed.
#[derive(Debug, Clone)]
pub struct Lane {
    gate: Gate,
    closed: Arc<Mutex<Option<CallFailure>>>,
    rests: Arc<Mutex<Option<Instant>>>,
    head: Option<Head>,
}

impl Lane {
    /// A lane for at most `limit` attempts at once; 0 means no bound.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { gate: Gate::new(limit), closed: Arc::default(), rests: Arc::default(), head: None }
    }

    /// The same lane with a login that may have to be refreshed, when `due` says so: then one attempt
    /// goes first, alone, until the vendor has answered it.
    #[must_use]
    pub fn with_login(mut self, due: Due) -> Self {
        self.head = Some(Head::new(due));
        self
    }

    /// The same lane with a file at which other processes that share the login wait as well. Without a login
    /// there is nobody to wait.
    #[must_use]
    pub fn with_door(mut self, door: PathBuf) -> Self {
        self.head = self.head.map(|head| head.behind(door));
        self
    }

    /// Waits while another attempt goes first; the lead, if this one does.
    pub async fn lead(&self) -> Option<Lead> {
        self.head.as_ref()?.pass().await
    }

    /// Its gate.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Closes the lane: what failed would fail for every further call too.
    pub fn close(&self, why: CallFailure) {
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.get_or_insert(why);
    }

    /// Lets nobody in before a moment; an earlier one does not shorten a longer rest.
    pub fn rest_until(&self, moment: Instant) {
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        if rests.is_none_or(|known| known < moment) {
            *rests = Some(moment);
        }
    }

    /// Until when it lets nobody in.
    #[must_use]
    pub fn rests_until(&self) -> Option<Instant> {
        *self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is closed, if it is.
    #[must_use]
    pub fn closed(&self) -> Option<CallFailure> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    async fn most_at_once(gate: Gate, tasks: usize) -> usize {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..tasks {
            let (gate, now, most) = (gate.clone(), Arc::clone(&now), Arc::clone(&most));
            all.spawn(async move {
                let _pass = gate.enter().await;
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
            });
        }
        while all.join_next().await.is_some() {}
        most.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_inside() {
        assert_eq!(most_at_once(Gate::new(3), 40).await, 3);
        assert_eq!(most_at_once(Gate::new(0), 40).await, 40);
    }

    #[tokio::test]
    async fn lowering_leaves_room_for_one_fewer_but_always_for_one() {
        let gate = Gate::new(0);
        let (first, second, third) = (gate.enter().await, gate.enter().await, gate.enter().await);
        assert_eq!(gate.lower(third), 2);
        drop((first, second));
        assert_eq!(most_at_once(gate.clone(), 20).await, 2);
        let alone = gate.enter().await;
        assert_eq!(gate.lower(alone), 1);
        assert_eq!(most_at_once(gate, 20).await, 1);
    }

    #[test]
    fn the_first_reason_to_close_a_lane_is_kept() {
        use crate::failure::FailureClass;
        let lane = Lane::new(1);
        assert_eq!(lane.closed(), None);
        lane.close(CallFailure::new(FailureClass::NotLoggedIn, "first"));
        lane.close(CallFailure::new(FailureClass::Billing, "second"));
        assert_eq!(lane.closed().map(|why| why.message), Some("first".to_owned()));
    }
}
