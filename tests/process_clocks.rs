//! Clocks, stops, and the ladder that ends a child.

use crate::process_harness::{FrozenClock, LONG, Script, UNLIMITED, assert_nobody_left, never};
use refinery_core::invocation::{Ending, Flow, Limits, StopLevel};
use std::fs;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::advance;

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_hang_before_any_output_meets_the_first_byte_limit() {
    let limits = Limits { first_byte: Some(SHORT), ..UNLIMITED };
    let done = Script::new("sleep 1000").limits(limits).run().await;
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::FirstByteLimit, Some(15)));
    assert!(done.exit.elapsed >= SHORT);
}

#[tokio::test]
async fn a_hang_in_the_answer_meets_the_idle_limit() {
    let limits = Limits { idle: Some(SHORT), ..UNLIMITED };
    let done = Script::new("echo half; sleep 1000").limits(limits).run().await;
    assert_eq!(done.stdout(), ["half"]);
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::IdleLimit, Some(15)));
}

#[tokio::test]
async fn a_child_that_never_ends_meets_the_hard_limit() {
    let limits = Limits { hard: SHORT, first_byte: Some(LONG), idle: Some(LONG) };
    let done = Script::new("while :; do echo tick; sleep 0.01; done").limits(limits).run().await;
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::HardLimit, Some(15)));
}

#[tokio::test(start_paused = true)]
async fn bytes_on_either_stream_keep_a_child_alive() {
    let _frozen = FrozenClock::new();
    let idle = Duration::from_secs(10);
    let limits = Limits { hard: 1000 * idle, first_byte: Some(idle), idle: Some(idle) };
    let script = Script::new(
        "step() { until [ -e step$1 ]; do sleep 0.01; done; }
         for i in 0 2 4 6; do step $i; echo tick; step $((i+1)); printf . >&2; echo >&2; done; sleep 1000",
    )
    .limits(limits);
    let (came, mut lines) = mpsc::unbounded_channel();
    let run = script.supervise(never(), |line| {
        came.send(line.text).unwrap();
        Flow::More
    });
    let steps = async {
        for step in 0..8 {
            advance(idle.mul_f32(0.9)).await;
            fs::write(script.file(&format!("step{step}")), "").unwrap();
            assert!(["tick", "."].contains(&lines.recv().await.unwrap().as_str()));
        }
        advance(idle.mul_f32(1.1)).await;
    };
    let (exit, ()) = tokio::join!(run, steps);
    assert_eq!((exit.ending, exit.signal), (Ending::IdleLimit, Some(15)));
    assert_nobody_left(&script.marker);
}

#[tokio::test]
async fn a_child_that_hears_term_may_say_goodbye() {
    let limits = Limits { idle: Some(SHORT), ..UNLIMITED };
    let done = Script::new("trap 'echo bye; exit 9' TERM; echo ready; sleep 1000 & wait").limits(limits).run().await;
    assert_eq!(done.stdout(), ["ready", "bye"]);
    assert_eq!((done.exit.ending, done.exit.code), (Ending::IdleLimit, Some(9)));
}

#[tokio::test]
async fn a_child_that_is_deaf_to_term_is_killed() {
    let limits = Limits { idle: Some(SHORT), ..UNLIMITED };
    let done = Script::new("trap '' TERM; echo ready; while :; do sleep 1000; done").limits(limits).run().await;
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::IdleLimit, Some(9)));
}

#[tokio::test]
async fn a_stopped_child_hears_term_all_the_same() {
    let limits = Limits { idle: Some(SHORT), ..UNLIMITED };
    let done =
        Script::new("trap 'echo heard; exit 3' TERM; echo ready; kill -STOP $$; sleep 1000").limits(limits).run().await;
    assert_eq!(done.stdout(), ["ready", "heard"]);
    assert_eq!((done.exit.ending, done.exit.code), (Ending::IdleLimit, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_asks_first_and_a_second_one_does_not() {
    // Time stands still: no grace runs out here.
    let _frozen = FrozenClock::new();
    let (stop, stopped) = watch::channel(StopLevel::Run);
    let script = Script::new("trap 'echo not yet' TERM; echo ready; while :; do sleep 1000 & wait $!; done");
    let done = script
        .run_until(stopped, |line| {
            match line.text.as_str() {
                "ready" => stop.send_replace(StopLevel::Wind),
                "not yet" => stop.send_replace(StopLevel::Kill),
                _ => StopLevel::Run,
            };
            Flow::More
        })
        .await;
    assert_eq!(done.stdout(), ["ready", "not yet"]);
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::Stopped, Some(9)));
}

#[tokio::test(start_paused = true)]
async fn a_kill_is_at_once() {
    let _frozen = FrozenClock::new();
    let (stop, stopped) = watch::channel(StopLevel::Run);
    let script = Script::new("trap 'echo never' TERM; echo ready; sleep 1000 & wait");
    let done = script
        .run_until(stopped, |_| {
            stop.send_replace(StopLevel::Kill);
            Flow::More
        })
        .await;
    assert_eq!(done.stdout(), ["ready"]);
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::Stopped, Some(9)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_the_answer_leaves_the_answer() {
    let _frozen = FrozenClock::new();
    let (stop, stopped) = watch::channel(StopLevel::Run);
    let script = Script::new("echo answer; sleep 1000");
    let done = script
        .run_until(stopped, |_| {
            stop.send_replace(StopLevel::Wind);
            Flow::Done
        })
        .await;
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::Done, Some(15)));
}
