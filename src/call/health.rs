//! Whether a participant answers at all. While it does not, one attempt at a time is made and the other calls wait for
//! what it comes to: what is down is not asked by all calls at once, nor by each as often as it may be tried.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::time::Instant;

/// How often in a row a participant failed in a way that can pass.
#[derive(Debug, Clone, Default)]
pub struct Health {
    failures: Arc<Mutex<Failures>>,
    turn: Arc<Turn<()>>,
}

#[derive(Debug, Default)]
struct Failures {
    in_a_row: u32,
    last: Option<Instant>,
}

/// The only attempt that a failing participant is asked to make, until it is dropped.
#[derive(Debug)]
pub struct Trial(#[expect(dead_code, reason = "held for its drop")] OwnedMutexGuard<()>);

impl Health {
    /// The turn to try a participant whose last attempt failed; `None` at once, or after waiting, if it answers.
    pub async fn trial(&self) -> Option<Trial> {
        if !self.is_failing() {
            return None;
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // The attempt before may have been answered.
        self.is_failing().then_some(Trial(turn))
    }

    /// Notes an attempt that was answered, if only by a refusal: none has failed in a row.
    pub fn answered(&self) -> u32 {
        *self.lock() = Failures::default();
        0
    }

    /// Notes an attempt, begun at `began`, that failed; how many did in a row. Those that ran beside each other
    /// count as one.
    pub fn failed(&self, began: Instant) -> u32 {
        let mut failures = self.lock();
        if failures.last.is_none_or(|last| began >= last) {
            failures.in_a_row += 1;
            failures.last = Some(Instant::now());
        }
        failures.in_a_row
    }

    /// Whether its last attempt failed.
    pub fn is_failing(&self) -> bool {
        self.lock().in_a_row > 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn attempts_beside_each_other_fail_once() {
        let health = Health::default();
        let began = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((health.failed(began), health.failed(began)), (1, 1));
        assert_eq!(health.failed(Instant::now()), 2);
        health.answered();
        assert_eq!(health.failed(began), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_attempt_tries_and_an_answer_lets_all_go() {
        let health = Health::default();
        assert!(health.trial().await.is_none());
        health.failed(Instant::now());
        let trial = health.trial().await;
        assert!(trial.is_some());
        let other = tokio::time::timeout(Duration::from_secs(9), health.trial()).await;
        assert!(other.is_err(), "it waits for the first");
        health.answered();
        drop(trial);
        assert!(health.trial().await.is_none());
    }
}
