//! What follows from a usage limit: a pure decision.

use crate::call::AtLimit;
use crate::event::LimitThen;
use crate::plan::OnLimit;
use std::time::Duration;

/// The case to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// What the person wants.
    pub policy: OnLimit,
    /// How long it is until the reset, if the vendor says when that is.
    pub resets_in: Option<Duration>,
    /// How much of the run's longest time is left; `None` if it has none.
    pub wall_left: Option<Duration>,
    /// How many participants are left whose vendors did not say the same.
    pub others: usize,
}

/// How many participants can still agree or disagree.
const ENOUGH: usize = 2;

/// Decides. Without a reset time there is nothing to wait for, and a reset beyond the run's longest
/// time is none that it lives to see: both park instead.
#[must_use]
pub fn decide(case: Case) -> AtLimit {
    let park = if case.others >= ENOUGH { AtLimit::GiveUp } else { AtLimit::Stop };
    match case.policy {
        OnLimit::Fail => AtLimit::Stop,
        OnLimit::Drop => AtLimit::GiveUp,
        OnLimit::Park => park,
        OnLimit::Wait => match case.resets_in {
            Some(pause) if case.wall_left.is_none_or(|left| pause < left) => AtLimit::Wait(pause),
            _ => park,
        },
    }
}

/// The decision as listeners hear it.
#[must_use]
pub fn told(decision: AtLimit) -> LimitThen {
    match decision {
        AtLimit::GiveUp => LimitThen::GoOnWithout,
        AtLimit::Wait(_) => LimitThen::Wait,
        AtLimit::Stop => LimitThen::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn case(policy: OnLimit, others: usize) -> Case {
        Case { policy, resets_in: Some(HOUR), wall_left: None, others }
    }

    #[test]
    fn a_run_parks_only_when_too_few_are_left() {
        assert_eq!(decide(case(OnLimit::Park, 2)), AtLimit::GiveUp);
        assert_eq!(decide(case(OnLimit::Park, 1)), AtLimit::Stop);
        assert_eq!(decide(case(OnLimit::Drop, 0)), AtLimit::GiveUp);
        assert_eq!(decide(case(OnLimit::Fail, 5)), AtLimit::Stop);
    }

    #[test]
    fn a_run_waits_only_for_a_reset_that_it_lives_to_see() {
        assert_eq!(decide(case(OnLimit::Wait, 0)), AtLimit::Wait(HOUR));
        let short = Case { wall_left: Some(HOUR / 2), ..case(OnLimit::Wait, 0) };
        assert_eq!(decide(short), AtLimit::Stop);
        let never = Case { resets_in: None, ..case(OnLimit::Wait, 2) };
        assert_eq!(decide(never), AtLimit::GiveUp);
    }
}
