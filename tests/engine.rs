//! The loop and the call layer, with a toy protocol and backends that answer by script: no process
//! and no real clock.

use crate::support::scripted_backends::{Action, AskAll, always, run};
use refinery_core::engine::stop_channel;
use refinery_core::event::EventKind;
use refinery_core::failure::FailureClass;
use refinery_core::invocation::StopLevel;
use refinery_core::outcome::Status;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn events_are_numbered_without_gaps_and_end_with_the_status() {
    let (_sender, stop) = stop_channel();
    let ran = run(AskAll::new(&["a"], false), vec![("a", always(|_| Action::Say("yes")))], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("yes"));
    let numbers: Vec<_> = ran.events.iter().filter_map(|event| event.seq).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(ran.events.last().map(|event| &event.kind), Some(&EventKind::RunEnded { status: Status::Converged }));
    assert_eq!((ran.finished.totals.total_calls, ran.finished.totals.total_attempts), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_tried_again_and_counted() {
    let (_sender, stop) = stop_channel();
    let flaky = always(|number| if number < 3 { Action::Fail(FailureClass::Overloaded) } else { Action::Say("late") });
    let ran = run(AskAll::new(&["a"], false), vec![("a", flaky)], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("late"));
    assert_eq!((ran.finished.totals.total_calls, ran.finished.totals.total_attempts), (1, 3));
    assert_eq!(ran.count(|kind| matches!(kind, EventKind::Retrying { .. })), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_failure_is_paid_for_once() {
    let (_sender, stop) = stop_channel();
    let bad = always(|_| Action::Fail(FailureClass::BadCredential));
    let ran = run(AskAll::new(&["a-1", "a-2"], false), vec![("a-1", Arc::clone(&bad)), ("a-2", bad)], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("bad_credential bad_credential"));
    assert!(ran.finished.totals.total_attempts <= 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_backend_is_one_failed_call() {
    let (_sender, stop) = stop_channel();
    let scripts = vec![("a", always(|_| Action::Panic)), ("b", always(|_| Action::Say("fine")))];
    let ran = run(AskAll::new(&["a", "b"], false), scripts, stop).await;
    let answer = ran.finished.outcome.answer.unwrap();
    assert!(answer.contains("internal") && answer.contains("fine"), "{answer}");
    assert_eq!(ran.finished.totals.participants[0].failed_calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_abandons_what_is_still_running() {
    let (_sender, stop) = stop_channel();
    let scripts = vec![("a", always(|_| Action::Hang)), ("b", always(|_| Action::Say("first")))];
    let ran = run(AskAll::new(&["a", "b"], true), scripts, stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("first"));
    assert_eq!(ran.count(|kind| matches!(kind, EventKind::CallAbandoned { .. })), 1);
    assert_eq!(ran.count(|kind| matches!(kind, EventKind::CallSettled { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_what_was_said_and_tells_the_protocol_nothing_false() {
    let (sender, stop) = stop_channel();
    let asked = Arc::new(tokio::sync::Notify::new());
    let ring = Arc::clone(&asked);
    let slow = always(move |_| {
        ring.notify_one();
        Action::Hang
    });
    let scripts = vec![("a", slow), ("b", always(|_| Action::Say("kept")))];
    let stopper = async {
        asked.notified().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        sender.send_replace(StopLevel::Wind);
    };
    let (ran, ()) = tokio::join!(run(AskAll::new(&["a", "b"], false), scripts, stop), stopper);
    assert_eq!(ran.finished.outcome.status, Status::Cancelled);
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("kept"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause_between_attempts() {
    let (sender, stop) = stop_channel();
    let tried = Arc::new(tokio::sync::Notify::new());
    let ring = Arc::clone(&tried);
    let flaky = always(move |_| {
        ring.notify_one();
        Action::Fail(FailureClass::Overloaded)
    });
    let stopper = async {
        tried.notified().await;
        sender.send_replace(StopLevel::Wind);
    };
    let (ran, ()) = tokio::join!(run(AskAll::new(&["a"], false), vec![("a", flaky)], stop), stopper);
    assert_eq!(ran.finished.outcome.status, Status::Cancelled);
    assert_eq!(ran.finished.totals.total_attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn want_of_descriptors_lowers_the_concurrency_instead_of_failing() {
    let (_sender, stop) = stop_channel();
    let tries = Arc::new(Mutex::new(0));
    let scarce = always(move |_| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        if *tries <= 3 { Action::Exhausted } else { Action::Say("in the end") }
    });
    let ran = run(AskAll::new(&["a"], false), vec![("a", scarce)], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("in the end"));
    assert!(ran.finished.totals.warnings.iter().any(|text| text.contains("from here on at most 1 at once")));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_long_for_what_nobody_of_ours_gives_back() {
    let (_sender, stop) = stop_channel();
    let began = tokio::time::Instant::now();
    let ran = run(AskAll::new(&["a"], false), vec![("a", always(|_| Action::Exhausted))], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("start_failed"));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
