//! Budgets, longest times and usage limits: what the loop lets begin, and how it ends.

use crate::support::scripted_backends::{Action, AskAll, Ran, Script, always, bounded};
use refinery_core::engine::{Bounds, stop_channel};
use refinery_core::event::{EventKind, LimitThen};
use refinery_core::failure::FailureClass;
use refinery_core::outcome::Status;
use refinery_core::plan::{Budget, Ceiling, OnLimit};
use refinery_core::time::Timestamp;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

async fn ran(scripts: Vec<(&'static str, Script)>, bounds: Bounds) -> Ran {
    let (_sender, stop) = stop_channel();
    let names: Vec<_> = scripts.iter().map(|(name, _)| *name).collect();
    bounded(AskAll::new(&names, false), scripts, stop, bounds).await
}

fn calls(most: u64) -> Bounds {
    Bounds { budget: Budget { calls: Ceiling::AtMost(most), ..Budget::default() }, ..Bounds::default() }
}

fn limit(policy: OnLimit) -> Bounds {
    Bounds { on_limit: policy, ..Bounds::default() }
}

fn begun(ran: &Ran) -> usize {
    ran.count(|kind| matches!(kind, EventKind::AttemptStarted { .. }))
}

fn talkative() -> Script {
    always(|_| Action::Costly("said", 10, 0.5))
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_calls_is_never_passed_and_retries_count() {
    for most in 1..=5 {
        let flaky =
            always(|number| if number == 1 { Action::Fail(FailureClass::Crashed) } else { Action::Say("late") });
        let scripts = vec![("a", flaky), ("b", talkative()), ("c", talkative()), ("d", talkative())];
        let ran = ran(scripts, calls(most)).await;
        assert_eq!(begun(&ran) as u64, most.min(5), "budget of {most}");
        let expected = if most < 5 { Status::BudgetExhausted } else { Status::Converged };
        assert_eq!(ran.finished.outcome.status, expected, "budget of {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_in_flight_settles_counts_and_its_overshoot_is_told() {
    let budget = Budget { output_tokens: Ceiling::AtMost(5), ..Budget::default() };
    let scripts = vec![("a", talkative()), ("b", talkative()), ("c", talkative())];
    let ran = ran(scripts, Bounds { budget, ..Bounds::default() }).await;
    let spent = ran.finished.totals.participants.iter().filter_map(|one| one.usage.output_tokens).sum::<u64>();
    assert!((10..=30).contains(&spent), "{spent}");
    let told = format!("{} over the budget of 5", spent - 5);
    assert!(ran.finished.totals.warnings.iter().any(|text| text.contains(&told)), "{:?}", ran.finished.totals.warnings);
}

#[tokio::test(start_paused = true)]
async fn money_is_counted_of_accounts_that_cost_money() {
    let budget = Budget { usd: Some(0.4), ..Budget::default() };
    let slow = always(|number| if number == 1 { Action::Fail(FailureClass::Overloaded) } else { Action::Say("never") });
    let ran = ran(vec![("a", talkative()), ("b", slow)], Bounds { budget, ..Bounds::default() }).await;
    assert_eq!(ran.finished.outcome.status, Status::BudgetExhausted);
    assert_eq!(begun(&ran), 2, "the retry is not begun any more");
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("said"));
}

#[tokio::test(start_paused = true)]
async fn after_the_longest_time_nothing_new_is_begun_and_nobody_waits_in_a_pause() {
    let flaky = always(|_| Action::Fail(FailureClass::RateLimited));
    let bounds = Bounds { max_wall: Some(Duration::from_millis(10)), ..Bounds::default() };
    let before = tokio::time::Instant::now();
    let ran = ran(vec![("a", flaky), ("b", talkative())], bounds).await;
    assert_eq!(ran.finished.outcome.status, Status::BudgetExhausted);
    assert!(before.elapsed() < Duration::from_millis(100), "{:?}", before.elapsed());
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("said"));
}

#[tokio::test(start_paused = true)]
async fn a_limit_drops_the_vendor_while_two_others_are_left() {
    let scripts = vec![("a", always(|_| Action::Limit(HOUR))), ("b", talkative()), ("c", talkative())];
    let ran = ran(scripts, limit(OnLimit::Park)).await;
    assert_eq!(ran.finished.outcome.status, Status::Converged);
    assert!(ran.finished.outcome.answer.unwrap().contains("usage_limit"));
    assert_eq!(ran.finished.totals.resume_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_limit_parks_the_run_when_too_few_are_left() {
    // Two participants of one vendor are one queue: with it parked, only one other is left.
    let limited = || always(|_| Action::Limit(HOUR));
    let ran = ran(vec![("a-1", limited()), ("a-2", limited()), ("b", talkative())], limit(OnLimit::Park)).await;
    assert_eq!(ran.finished.outcome.status, Status::Parked);
    assert_eq!(ran.finished.totals.resume_at, Some(Timestamp(0).plus(HOUR)));
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("said"), "what was in flight counts");
    let settled = ran.count(|kind| matches!(kind, EventKind::CallSettled { .. }));
    assert_eq!(settled, 1, "a call that parks the run is not settled");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_goes_on_after_the_reset_without_spending_a_retry() {
    let limited = always(|number| if number <= 5 { Action::Limit(HOUR) } else { Action::Say("after") });
    let before = tokio::time::Instant::now();
    let ran = ran(vec![("a", limited)], limit(OnLimit::Wait)).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("after"));
    assert!(before.elapsed() >= 5 * HOUR);
    let waits = ran.count(|kind| matches!(kind, EventKind::LimitReached { then: LimitThen::Wait, .. }));
    assert_eq!(waits, 5);
}

#[tokio::test(start_paused = true)]
async fn a_reset_beyond_the_longest_time_parks() {
    let bounds = Bounds { max_wall: Some(HOUR / 2), ..limit(OnLimit::Wait) };
    let ran = ran(vec![("a", always(|_| Action::Limit(HOUR)))], bounds).await;
    assert_eq!(ran.finished.outcome.status, Status::Parked);
}

#[tokio::test(start_paused = true)]
async fn a_limit_may_fail_the_run_or_only_the_call() {
    let scripts = || vec![("a", always(|_| Action::Limit(HOUR))), ("b", talkative())];
    assert_eq!(ran(scripts(), limit(OnLimit::Fail)).await.finished.outcome.status, Status::Error);
    assert_eq!(ran(scripts(), limit(OnLimit::Drop)).await.finished.outcome.status, Status::Converged);
}
