//! How much runs at once: a vendor's CLI takes seconds of processor time to start, and more of them than
//! processors only make each other late.

use std::sync::{Condvar, Mutex};

/// How many CLIs run at once in this test binary.
const ALL: usize = 3;

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(ALL), Condvar::new());

/// Places for CLIs, given back when dropped.
pub struct Slots(usize);

/// Waits for a place for one CLI, or a run that asks one after the other.
pub fn one() -> Slots {
    take(1)
}

/// Waits for places for a run that asks two at once.
pub fn two() -> Slots {
    take(2)
}

/// Waits until nobody else runs a CLI, for runs that start several.
pub fn all() -> Slots {
    take(ALL)
}

fn take(count: usize) -> Slots {
    let (free, given_back) = &FREE;
    let mut free = given_back.wait_while(free.lock().unwrap(), |free| *free < count).unwrap();
    *free -= count;
    Slots(count)
}

impl Drop for Slots {
    fn drop(&mut self) {
        let (free, given_back) = &FREE;
        // A test that panicked while it held the lock changed nothing.
        *free.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += self.0;
        given_back.notify_all();
    }
}
