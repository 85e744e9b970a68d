//! Call limit: how many attempts run at once. Permits are handed out in the order in which they were asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// A limit on how many attempts run at once. It can be lowered while they run.
#[derive(Debug, Clone)]
pub struct CallLimit {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    running: usize,
    /// Empty unless `running` has reached `limit`: a free permit never waits for a waiter to wake up, so no
    /// newcomer can overtake one.
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

impl CallLimit {
    /// At most `limit` attempts at once; 0 means no limit.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = if limit == 0 { usize::MAX } else { limit };
        let state = State { limit, running: 0, waiting: VecDeque::new() };
        Self { shared: Arc::new(Shared { state: Mutex::new(state) }) }
    }

    /// Waits for a permit, in the order of asking (the first poll). Dropping the future gives up its place.
    pub async fn acquire(&self) -> Permit {
        loop {
            let receiver = {
                let mut state = self.shared.state();
                if state.running < state.limit {
                    state.running += 1;
                    return Permit { shared: Some(Arc::clone(&self.shared)) };
                }
                let (sender, receiver) = oneshot::channel();
                state.waiting.push_back(sender);
                receiver
            };
            // A sender leaves the queue only to send: there is no second turn.
            if let Ok(permit) = receiver.await {
                return permit;
            }
        }
    }

    /// How many attempts run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.shared.state().running
    }

    /// Lowers the limit to one less than the attempts that run now, but never below one, and gives the permit
    /// back. Returns the new limit.
    pub fn lower(&self, permit: Permit) -> usize {
        let limit = {
            let mut state = self.shared.state();
            state.limit = state.running.saturating_sub(1).max(1).min(state.limit);
            state.limit
        };
        drop(permit);
        limit
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a permit back and hands it to the first waiter, in one step: no newcomer finds it free.
    fn release(self: &Arc<Self>) {
        let mut state = self.state();
        state.running -= 1;
        while state.running < state.limit {
            let Some(waiter) = state.waiting.pop_front() else { return };
            match waiter.send(Permit { shared: Some(Arc::clone(self)) }) {
                Ok(()) => state.running += 1,
                // It gave up waiting; this permit was never counted.
                Err(mut permit) => permit.shared = None,
            }
        }
    }
}

/// The right to run one attempt; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    shared: Option<Arc<Shared>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    #[derive(Debug, Clone)]
    enum Step {
        Ask,
        Release(prop::sample::Index),
        GiveUp(prop::sample::Index),
        Lower(prop::sample::Index),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => Just(Step::Ask),
            3 => any::<prop::sample::Index>().prop_map(Step::Release),
            1 => any::<prop::sample::Index>().prop_map(Step::GiveUp),
            1 => any::<prop::sample::Index>().prop_map(Step::Lower),
        ];
        prop::collection::vec(step, 1..60)
    }

    type Asking = Pin<Box<dyn Future<Output = Permit>>>;

    /// The real limit beside a list of the calls that may run and those that wait. Only this test polls.
    struct Both {
        real: CallLimit,
        limit: usize,
        waiting: Vec<(u32, Asking)>,
        running: Vec<(u32, Permit)>,
        expected_waiting: Vec<u32>,
        expected_running: Vec<u32>,
    }

    impl Both {
        fn ask(&mut self, name: u32) {
            let real = self.real.clone();
            self.waiting.push((name, Box::pin(async move { real.acquire().await })));
            self.expected_waiting.push(name);
            self.expect();
            // The newcomer asks before the others look: it must not get what is theirs.
            self.poll(self.waiting.len() - 1);
        }

        fn poll(&mut self, place: usize) -> bool {
            let (name, future) = &mut self.waiting[place];
            let ready = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(permit) = ready else { return false };
            self.running.push((*name, permit));
            drop(self.waiting.remove(place));
            true
        }

        fn expect(&mut self) {
            let free = self.limit.saturating_sub(self.expected_running.len()).min(self.expected_waiting.len());
            self.expected_running.extend(self.expected_waiting.drain(..free));
        }

        fn end(&mut self, which: prop::sample::Index, lower: bool) {
            if self.running.is_empty() {
                return;
            }
            let (name, permit) = self.running.remove(which.index(self.running.len()));
            if lower {
                self.limit = (self.running.len()).max(1).min(self.limit);
                assert_eq!(self.real.lower(permit), self.limit);
            } else {
                drop(permit);
            }
            self.expected_running.retain(|one| *one != name);
            self.expect();
        }

        fn names(&self) -> (Vec<u32>, Vec<u32>) {
            let mut running: Vec<_> = self.running.iter().map(|(name, _)| *name).collect();
            running.sort_unstable();
            (running, self.waiting.iter().map(|(name, _)| *name).collect())
        }
    }

    proptest! {
        #[test]
        fn the_first_to_ask_is_the_first_to_run(limit in 0_usize..4, steps in steps()) {
            let real = CallLimit::new(limit);
            let limit = if limit == 0 { usize::MAX } else { limit };
            let (waiting, running, expected_waiting, expected_running) = (vec![], vec![], vec![], vec![]);
            let mut both = Both { real, limit, waiting, running, expected_waiting, expected_running };
            for (name, step) in (0..).zip(steps) {
                match step {
                    Step::Ask => both.ask(name),
                    Step::Release(which) => both.end(which, false),
                    Step::Lower(which) => both.end(which, true),
                    Step::GiveUp(which) if !both.waiting.is_empty() => {
                        let (name, future) = both.waiting.remove(which.index(both.waiting.len()));
                        drop(future);
                        both.expected_waiting.retain(|one| *one != name);
                        both.expected_running.retain(|one| *one != name);
                        both.expect();
                    }
                    Step::GiveUp(_) => {}
                }
                // The last one looks first.
                for place in (0..both.waiting.len()).rev() {
                    both.poll(place);
                }
                both.expected_running.sort_unstable();
                prop_assert_eq!(both.names(), (both.expected_running.clone(), both.expected_waiting.clone()));
            }
        }
    }
}
