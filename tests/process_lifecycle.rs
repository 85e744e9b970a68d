//! How children start and end.

use crate::process_harness::{FrozenClock, LONG, Script, assert_nobody_left, executable, never};
use refinery_core::invocation::{Ending, EnvValue, Flow, Line, Piece, Secret, StdinClose, StopLevel, Turn};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

#[tokio::test]
async fn says_everything_about_a_child_that_left() {
    let done = Script::new("cat; echo oops >&2; exit 7").input("one\ntwo\n").run().await;
    assert_eq!(done.stdout(), ["one", "two"]);
    assert_eq!(done.stderr(), ["oops"]);
    let exit = done.exit;
    assert_eq!((exit.ending, exit.code, exit.signal), (Ending::Left, Some(7), None));
    assert_eq!((exit.stdout_bytes, exit.stderr_bytes), (8, 5));
    assert!(exit.prompt_written && !exit.leaked);
}

#[tokio::test]
async fn exit_0_with_nothing_is_reported_as_it_is() {
    let done = Script::new("exit 0").run().await;
    assert_eq!(done.lines, []);
    assert_eq!((done.exit.ending, done.exit.code, done.exit.stdout_bytes), (Ending::Left, Some(0), 0));
}

#[tokio::test]
async fn a_crash_is_reported_with_its_signal() {
    let done = Script::new("echo half; kill -SEGV $$").run().await;
    assert_eq!(done.stdout(), ["half"]);
    assert_eq!((done.exit.ending, done.exit.code, done.exit.signal), (Ending::Left, None, Some(11)));
}

#[tokio::test]
async fn a_child_starts_from_nothing_but_its_own_environment_and_the_marker() {
    let mut script = Script::program("/usr/bin/env", &[]);
    let secret = EnvValue::Secret { from: "OUR_NAME".to_owned(), value: Secret::new("hush") };
    script.inv.env.insert("KEY".to_owned(), secret);
    let done = script.run().await;
    let expected = BTreeSet::from([
        "PATH=/usr/bin:/bin:/usr/sbin:/sbin".to_owned(),
        "KEY=hush".to_owned(),
        format!("REFINERY_RUN={}", script.marker.value),
    ]);
    assert_eq!(done.stdout().into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let scratch = Script::new("").scratch;
    let plain = scratch.path().join("plain");
    fs::write(&plain, "#!/bin/sh\n").unwrap();
    let orphan = scratch.path().join("orphan");
    executable(&orphan, "#!/no/such/interpreter\n");
    // Beside each other: each but the folder is waited for.
    let mut all = tokio::task::JoinSet::new();
    for (program, why) in [
        (scratch.path().join("missing"), "missing: there is no such program (waited 10 s)"),
        (plain, "plain: it is not executable (waited 10 s)"),
        (orphan, "orphan: the interpreter or loader that it names does not exist (waited 10 s)"),
        (scratch.path().to_owned(), "it is a folder"),
    ] {
        all.spawn(async move { (Script::program(&program, &[]).run().await, program, why) });
    }
    for (done, program, why) in all.join_all().await {
        let Ending::NotStarted { message, exhausted: false } = done.exit.ending else {
            panic!("{program:?} ended as {:?}", done.exit);
        };
        assert!(message.ends_with(why) && message.contains(&*program.to_string_lossy()), "{message}");
        assert!(!done.exit.prompt_written && done.exit.code.is_none());
    }
}

#[tokio::test]
async fn a_missing_working_directory_is_named() {
    let script = Script::new("exit 0");
    let (_turns, turns) = mpsc::unbounded_channel();
    let exit = script.supervisor().supervise(&script.inv, turns, never(), &mut |_| Flow::More).await;
    let Ending::NotStarted { message, .. } = exit.ending else { panic!("{exit:?}") };
    assert!(message.contains("its working directory") && message.ends_with("does not exist"), "{message}");
}

#[tokio::test]
async fn a_program_that_is_being_replaced_is_tried_again() {
    let script = Script::program("to be replaced", &["-c", "echo started"]);
    script.scratch.materialise(&script.inv).unwrap();
    let program = script.file("program");
    fs::copy("/bin/sh", &program).unwrap();
    let mut script = script;
    script.inv.program = program.clone();
    let writer = OpenOptions::new().append(true).open(&program).unwrap();

    let mut lines = Vec::new();
    let mut run = Box::pin(script.supervise(never(), |line| {
        lines.push(line.text);
        Flow::More
    }));
    // As long as it is open for writing the system does not start it.
    tokio::select! {
        biased;
        exit = &mut run => panic!("{exit:?}"),
        () = tokio::time::sleep(Duration::from_millis(1500)) => {}
    }
    drop(writer);
    let exit = run.await;
    assert_eq!((exit.ending, exit.code), (Ending::Left, Some(0)));
    assert_eq!(lines, ["started"]);
}

#[tokio::test]
async fn nothing_is_started_after_a_stop() {
    let script = Script::new("echo > started");
    let (_stop, stop) = watch::channel(StopLevel::Wind);
    let done = script.run_until(stop, |_| Flow::More).await;
    assert_eq!(done.exit.ending, Ending::Stopped);
    assert!(!script.file("started").exists());
}

#[tokio::test]
async fn input_is_held_open_until_the_answer_is_complete() {
    let mut script = Script::new(
        "exec 3<&0; (cat <&3 > /dev/null; echo > eof) &
         echo thinking; sleep 0.1; echo answer; wait; echo late; exit 3",
    )
    .input("question\n");
    script.inv.stdin = StdinClose::AtDone;
    let eof = script.file("eof");
    let done = script
        .run_with(|line| {
            assert!(!eof.exists(), "closed before {line:?}");
            if line.text == "answer" { Flow::Done } else { Flow::More }
        })
        .await;
    assert!(eof.exists());
    assert_eq!(done.stdout(), ["thinking", "answer"], "nothing is shown after the answer");
    assert_eq!((done.exit.ending, done.exit.code), (Ending::Done, Some(3)));
    assert!(done.exit.prompt_written && !done.exit.leaked);
}

#[tokio::test]
async fn a_child_that_stays_after_its_answer_is_made_to_leave() {
    let mut script = Script::new("echo answer; sleep 1000");
    script.inv.leave = Duration::from_millis(50);
    let done = script.run_with(|_| Flow::Done).await;
    assert_eq!(done.stdout(), ["answer"]);
    assert_eq!((done.exit.ending, done.exit.signal), (Ending::Done, Some(15)));
}

#[tokio::test]
async fn the_answer_may_be_complete_with_a_last_line_that_has_no_end() {
    let done = Script::new("printf answer").run_with(|_| Flow::Done).await;
    assert_eq!(done.stdout(), ["answer"]);
    assert_eq!((done.exit.ending, done.exit.code), (Ending::Done, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn a_finished_child_is_noticed_without_any_clock() {
    let _frozen = FrozenClock::new();
    let done = Script::new("echo answer").run().await;
    assert_eq!((done.stdout(), done.exit.code), (vec!["answer"], Some(0)));
    assert_eq!(done.exit.elapsed, Duration::ZERO, "the clock stood still");
}

#[tokio::test(start_paused = true)]
async fn a_child_can_be_asked_again_and_no_clock_of_ours_runs() {
    let _frozen = FrozenClock::new();
    let mut script = Script::new("while read line; do echo \"re: $line\"; done; echo bye >&2; exit 4");
    script.inv.stdin = StdinClose::AtDone;
    script.scratch.materialise(&script.inv).unwrap();
    let (turns, receiver) = mpsc::unbounded_channel();
    let (answered, mut answers) = mpsc::unbounded_channel();
    let mut take = |line: Line| {
        answered.send(line.text).unwrap();
        Flow::More
    };
    let supervisor = script.supervisor();
    let asking = async {
        for question in ["one", "two"] {
            let input = vec![Piece::Raw(format!("{question}\n").into())];
            turns.send(Turn { input, limits: None }).unwrap();
            assert_eq!(answers.recv().await.unwrap(), format!("re: {question}"));
            tokio::time::advance(LONG).await;
        }
        drop(turns);
    };
    let (exit, ()) = tokio::join!(supervisor.supervise(&script.inv, receiver, never(), &mut take), asking);
    assert_eq!((exit.ending, exit.code, exit.prompt_written), (Ending::Done, Some(4), true));
    assert_nobody_left(&script.marker);
}

#[tokio::test]
async fn a_child_that_nobody_asks_is_let_go() {
    let script = Script::new("cat; echo bye > left");
    script.scratch.materialise(&script.inv).unwrap();
    let (_, turns) = mpsc::unbounded_channel();
    let exit = script.supervisor().supervise(&script.inv, turns, never(), &mut |_| Flow::More).await;
    assert_eq!((exit.ending, exit.code, exit.prompt_written), (Ending::Done, Some(0), false));
    assert!(script.file("left").exists());
}

#[test]
fn a_want_of_descriptors_is_told_apart() {
    let test = std::env::current_exe().unwrap();
    let command = "ulimit -n 64; exec \"$0\" --ignored --exact process_lifecycle::starved";
    let output = std::process::Command::new("/bin/sh").arg("-c").arg(command).arg(test).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
#[ignore = "run by the test above, in a process with few descriptors"]
async fn starved() {
    let script = Script::new("exit 0");
    script.scratch.materialise(&script.inv).unwrap();
    let (_turns, turns) = mpsc::unbounded_channel();
    let mut hoard = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        hoard.push(file);
    }
    let exit = script.supervisor().supervise(&script.inv, turns, never(), &mut |_| Flow::More).await;
    assert!(matches!(exit.ending, Ending::NotStarted { exhausted: true, .. }), "{exit:?}");
}

#[tokio::test]
async fn a_hundred_children_at_once() {
    let script = |number: usize| Script::new("cat; echo done >&2").input(&format!("{number}\n").repeat(20_000));
    let children: Vec<_> =
        (0..100).map(|number| tokio::spawn(async move { (number, script(number).run().await) })).collect();
    for child in children {
        let (number, done) = child.await.unwrap();
        assert_eq!((&done.exit.ending, done.exit.code), (&Ending::Left, Some(0)));
        assert_eq!(done.stdout().len(), 20_000);
        assert!(done.stdout().iter().all(|line| *line == number.to_string()));
        assert_eq!(done.stderr(), ["done"]);
    }
}
