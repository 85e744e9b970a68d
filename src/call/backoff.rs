//! How long to wait before the next attempt: a pure function of what failed and how often.

use crate::failure::{CallFailure, Retry};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The rules of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Attempts beyond the first, at most.
    pub retries: u32,
    /// The first pause, before jitter; each further one doubles.
    pub base: Duration,
    /// The longest pause of our own.
    pub cap: Duration,
    /// The longest pause that a vendor may ask for; beyond it the call fails at once.
    pub patience: Duration,
    /// The seed of the jitter.
    pub seed: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            retries: 2,
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
            patience: Duration::from_secs(300),
            seed: 0,
        }
    }
}

/// The pause before attempt `number + 1`, after attempt `number` (from 1) of call `call` failed;
/// `None` if there is no further attempt.
///
/// The jitter lies between half and all of the pause, and depends on the seed, the call and the
/// attempt alone, never on what else happened in the run.
#[must_use]
pub fn pause_before(rules: &Backoff, call: &str, number: u32, failure: &CallFailure) -> Option<Duration> {
    if number > rules.retries {
        return None;
    }
    match (failure.class.retry(), failure.retry_after) {
        (Retry::Never | Retry::AtReset, _) => None,
        (Retry::Once, None) => (number == 1).then_some(Duration::ZERO),
        // With a pause to keep, there is something to wait for.
        (Retry::Once, Some(_)) | (Retry::Backoff, _) => {
            let doubled = rules.base.saturating_mul(1 << (number - 1).min(16)).min(rules.cap);
            let own = doubled.mul_f64(0.5 + jitter(rules.seed, call, number) / 2.0);
            match failure.retry_after {
                Some(asked) if asked > rules.patience => None,
                Some(asked) => Some(own.max(asked)),
                None => Some(own),
            }
        }
    }
}

fn jitter(seed: u64, call: &str, number: u32) -> f64 {
    let mut hash = Sha256::new();
    hash.update(b"backoff");
    hash.update(seed.to_le_bytes());
    hash.update(number.to_le_bytes());
    hash.update(call.as_bytes());
    let digest = hash.finalize();
    let drawn = u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(drawn) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureClass;
    use proptest::prelude::*;

    fn failure(class: FailureClass) -> CallFailure {
        CallFailure::new(class, "x")
    }

    #[test]
    fn what_cannot_help_is_not_tried_again() {
        let rules = Backoff::default();
        for class in FailureClass::ALL.iter().copied() {
            let pause = pause_before(&rules, "c", 1, &failure(class));
            match class.retry() {
                Retry::Never | Retry::AtReset => assert_eq!(pause, None, "{class}"),
                Retry::Once => assert_eq!(pause, Some(Duration::ZERO), "{class}"),
                Retry::Backoff => assert!(pause > Some(Duration::ZERO), "{class}"),
            }
        }
        assert_eq!(pause_before(&rules, "c", 2, &failure(FailureClass::Crashed)), None);
        assert_eq!(pause_before(&rules, "c", 3, &failure(FailureClass::Overloaded)), None);
    }

    #[test]
    fn no_retries_means_none() {
        let rules = Backoff { retries: 0, ..Backoff::default() };
        for class in FailureClass::ALL.iter().copied() {
            assert_eq!(pause_before(&rules, "c", 1, &failure(class)), None);
        }
    }

    #[test]
    fn a_vendors_pause_is_honoured_up_to_our_patience() {
        let rules = Backoff::default();
        let mut limited = failure(FailureClass::RateLimited);
        limited.retry_after = Some(Duration::from_secs(20));
        assert_eq!(pause_before(&rules, "c", 1, &limited), Some(Duration::from_secs(20)));
        limited.retry_after = Some(Duration::from_secs(301));
        assert_eq!(pause_before(&rules, "c", 1, &limited), None);
    }

    proptest! {
        #[test]
        fn pauses_stay_within_half_and_all_of_the_doubled_base(seed: u64, number in 1u32..40, call in "[a-z]{1,9}") {
            let rules = Backoff { retries: 50, seed, ..Backoff::default() };
            let pause = pause_before(&rules, &call, number, &failure(FailureClass::Network)).unwrap();
            let full = rules.base.saturating_mul(1 << (number - 1).min(16)).min(rules.cap);
            prop_assert!(pause >= full / 2 && pause <= full);
            prop_assert_eq!(Some(pause), pause_before(&rules, &call, number, &failure(FailureClass::Network)));
        }
    }
}
