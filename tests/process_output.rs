//! What children print, on pipes and into files.

use crate::process_harness::Script;
use refinery_core::invocation::{Capture, Ending, Flow, Stream};
use std::fs;
use std::time::Duration;

#[tokio::test]
async fn bytes_that_are_no_text_do_no_harm() {
    let done = Script::new(r"printf 'a\377b\nok\n'; printf '\303' >&2; exit 1").run().await;
    assert_eq!(done.stdout(), ["a\u{fffd}b", "ok"]);
    assert_eq!(done.stderr(), ["\u{fffd}"]);
}

#[tokio::test]
async fn a_character_in_two_writes_stays_whole() {
    let script = Script::new(r"printf '\360\237'; sleep 0.05; printf '\246\200\r\nlast'");
    assert_eq!(script.run().await.stdout(), ["🦀", "last"]);
}

#[tokio::test]
async fn a_stream_that_is_closed_early_is_not_the_end() {
    let done = Script::new("echo a; exec >&-; sleep 0.05; echo b >&2; exec 2>&-; sleep 0.05; exit 5").run().await;
    assert_eq!((done.stdout(), done.stderr()), (vec!["a"], vec!["b"]));
    assert_eq!((done.exit.ending, done.exit.code), (Ending::Left, Some(5)));
}

#[tokio::test]
async fn a_noisy_standard_error_does_not_starve_the_answer() {
    let mut script = Script::new("yes >&2 & yes >&2 & echo answer; wait");
    script.inv.leave = Duration::ZERO;
    // Nobody else ends it: without the answer this would not return.
    let done = script.run_with(|line| if line.stream == Stream::Stdout { Flow::Done } else { Flow::More }).await;
    assert_eq!(done.stdout(), ["answer"]);
}

#[tokio::test]
async fn a_captured_file_is_followed_while_it_grows() {
    let line = "x".repeat(999);
    let mut script = Script::new(&format!(
        "for i in $(seq 1000); do echo {line}; done; echo half
         until [ -e go ]; do sleep 0.01; done
         for i in $(seq 1000); do echo {line}; done; printf end"
    ));
    script.inv.stdout = Capture::File(script.scratch.path().join("out"));
    let go = script.file("go");
    let done = script
        .run_with(|line| {
            if line.text == "half" {
                fs::write(&go, "").unwrap();
            }
            Flow::More
        })
        .await;
    assert_eq!((&done.exit.ending, done.exit.code, done.exit.leaked), (&Ending::Left, Some(0), false));
    assert_eq!(done.exit.stdout_bytes, 2_000_000 + 5 + 3);
    let lines = done.stdout();
    assert_eq!((lines.len(), lines[1000], lines[2001]), (2002, "half", "end"));
    assert!(lines.iter().all(|text| *text == line || *text == "half" || *text == "end"));
}

#[tokio::test]
async fn both_streams_can_be_files() {
    let mut script = Script::new("echo out; echo err >&2; cat; kill -TERM $$").input("in");
    script.inv.stdout = Capture::File(script.scratch.path().join("out"));
    script.inv.stderr = Capture::File(script.scratch.path().join("err"));
    let done = script.run().await;
    assert_eq!((done.stdout(), done.stderr()), (vec!["out", "in"], vec!["err"]));
    assert_eq!((done.exit.code, done.exit.signal, done.exit.leaked), (None, Some(15), false));
}

#[tokio::test]
async fn an_answer_can_be_complete_in_a_file_too() {
    let mut script = Script::new("echo answer; cat > /dev/null; exit 6");
    script.inv.stdin = refinery_core::invocation::StdinClose::AtDone;
    script.inv.stdout = Capture::File(script.scratch.path().join("out"));
    let done = script.run_with(|_| Flow::Done).await;
    assert_eq!((done.exit.ending, done.exit.code), (Ending::Done, Some(6)));
}

#[tokio::test]
async fn a_capture_that_cannot_be_made_starts_nothing() {
    let mut script = Script::new("echo > started");
    let taken = script.scratch.path().join("taken");
    fs::write(&taken, "precious").unwrap();
    script.inv.stdout = Capture::File(taken.clone());
    let done = script.run().await;
    assert!(matches!(done.exit.ending, Ending::NotStarted { exhausted: false, .. }));
    assert!(!script.file("started").exists());
    assert_eq!(fs::read_to_string(taken).unwrap(), "precious");
}
