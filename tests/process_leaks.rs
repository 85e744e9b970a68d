//! What children leave behind, and what becomes of it.

use crate::process_harness::{FrozenClock, Script, assert_nobody_left, carriers, eventually, never};
use refinery_core::invocation::{Capture, Ending, Flow, StopLevel};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use tokio::sync::watch;

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_is_killed_and_reported() {
    // It goes quietly, when its last output has long been read.
    let done = Script::new("sleep 1000 & echo answer; sleep 0.1").run().await;
    assert_eq!(done.stdout(), ["answer"]);
    assert_eq!((done.exit.ending, done.exit.code), (Ending::Left, Some(0)));
    assert!(done.exit.leaked);
}

#[tokio::test]
async fn a_grandchild_that_holds_one_pipe_is_a_leak_too() {
    for script in ["sleep 1000 2>/dev/null & echo answer", "sleep 1000 >/dev/null & echo answer"] {
        let done = Script::new(script).run().await;
        assert_eq!((done.stdout(), done.exit.code, done.exit.leaked), (vec!["answer"], Some(0), true), "{script}");
    }
}

#[tokio::test]
async fn a_grandchild_that_holds_a_captured_file_is_a_leak_too() {
    let mut script = Script::new("sleep 1000 & echo answer");
    script.inv.stdout = Capture::File(script.scratch.path().join("out"));
    script.inv.stderr = Capture::File(script.scratch.path().join("err"));
    let done = script.run().await;
    assert_eq!((done.stdout(), done.exit.code, done.exit.leaked), (vec!["answer"], Some(0), true));
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc, or needs setsid")]
async fn a_zombie_is_no_leak() {
    // Its parent has left the group, and never reaps it.
    let mut script = Script::new(
        "echo 'until [ $(cut -d\" \" -f5 /proc/$PPID/stat) = $PPID ]; do sleep 0.01; done' > until-it-left
         sh -c 'sh until-it-left & echo $! > zombie; exec setsid sleep 1000' &
         until [ -s zombie ] && grep -q '^State:.Z' /proc/$(cat zombie)/status; do sleep 0.01; done
         echo answer",
    );
    script.inv.stdout = Capture::File(script.scratch.path().join("out"));
    script.inv.stderr = Capture::File(script.scratch.path().join("err"));
    let done = script.run_and_leave(never(), |_| Flow::More).await;
    let [stray] = carriers(&script.marker)[..] else { panic!("the one that left the group") };
    kill_process(Pid::from_raw(stray).unwrap(), Signal::KILL).unwrap();
    assert_eq!((done.stdout(), done.exit.code, done.exit.leaked), (vec!["answer"], Some(0), false));
    assert_nobody_left(&script.marker);
}

#[tokio::test]
async fn a_grandchild_that_holds_nothing_is_killed_without_a_word() {
    let done = Script::new("sleep 1000 </dev/null >/dev/null 2>&1 & echo answer").run().await;
    assert_eq!((done.stdout(), done.exit.code, done.exit.leaked), (vec!["answer"], Some(0), false));
}

#[tokio::test(start_paused = true)]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc, or needs setsid")]
async fn a_grandchild_may_finish_what_its_parent_began() {
    // Time stands still, and so does the time that is given to it.
    let _frozen = FrozenClock::new();
    let script =
        Script::new("(until grep -q '^State:.Z' /proc/$$/status; do sleep 0.01; done; echo late) & echo early");
    let done = script.run().await;
    assert_eq!((done.stdout(), done.exit.code, done.exit.leaked), (vec!["early", "late"], Some(0), false));
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc, or needs setsid")]
async fn a_grandchild_in_another_group_does_not_hold_us_up() {
    let script = Script::new("setsid sleep 1000 & echo $!");
    let done = script.run_and_leave(never(), |_| Flow::More).await;
    assert_eq!((&done.exit.ending, done.exit.code, done.exit.leaked), (&Ending::Left, Some(0), true));
    // Beyond the group's reach: the watchdog's work.
    let stray: i32 = done.stdout()[0].parse().unwrap();
    assert_eq!(carriers(&script.marker), [stray]);
    kill_process(Pid::from_raw(stray).unwrap(), Signal::KILL).unwrap();
    assert_nobody_left(&script.marker);
}

#[tokio::test]
async fn a_child_that_is_made_to_leave_takes_its_descendants_along() {
    let (stop, stopped) = watch::channel(StopLevel::Run);
    let script =
        Script::new("for i in 1 2 3; do sh -c 'trap \"\" TERM; echo up; while :; do sleep 1000; done' & done; wait");
    let mut up = 0;
    let done = script
        .run_until(stopped, |_| {
            up += 1;
            if up == 3 {
                stop.send_replace(StopLevel::Wind);
            }
            Flow::More
        })
        .await;
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::Stopped, Some(15)));
    assert!(done.exit.leaked, "they were deaf to TERM");
}

#[tokio::test]
async fn dropping_the_future_kills_the_whole_group() {
    let script = Script::new("trap '' TERM; (trap '' TERM; sleep 1000; :) & echo > up; sleep 1000; :");
    let up = script.file("up");
    let waiting = tokio::task::spawn_blocking(move || eventually("the child", || fs::exists(&up).unwrap()));
    tokio::select! {
        exit = script.supervise(never(), |_| Flow::More) => panic!("{exit:?}"),
        up = waiting => up.unwrap(),
    }
    assert_nobody_left(&script.marker);
}

#[tokio::test]
async fn a_codec_that_panics_leaves_nobody_behind() {
    let script = Script::new("echo line; sleep 1000");
    let marker = script.marker.clone();
    let run = tokio::spawn(async move { script.run_with(|_| panic!("as told")).await });
    assert!(run.await.unwrap_err().is_panic());
    assert_nobody_left(&marker);
}
