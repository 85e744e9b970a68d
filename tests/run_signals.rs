//! A run that is told to stop, or that is killed: nothing goes on without it.

use crate::support::theatre::{Theatre, document, eventually, signal};
use serde_json::Value;
use std::process::Child;

/// Proposals and reviews come; improvements never do, nor does TERM help.
const STUBBORN: &str = "
[[rule]]
when = { phase = 'refine' }
act = [{ deaf = ['TERM', 'INT', 'HUP'] }, { grandchild = { seconds = 120, own_session = true, deaf = true } }, 'hang']
";

/// Improvements never come, but a child that is asked to go does.
const SLOW: &str = "
[[rule]]
when = { phase = 'refine' }
act = ['hang']
";

/// A run of two, at the moment at which both are improving their answers: two proposals, two
/// reviews, two refinements.
fn underway(theatre: &Theatre, format: &str) -> Child {
    let words = ["why", "-m", "claude,gemini", "-o", format, "--state-dir", "state"];
    let child = theatre.command(words).spawn().unwrap();
    theatre.wait_for_requests(6);
    child
}

fn stand_ins(theatre: &Theatre) -> usize {
    theatre.processes().iter().filter(|(_, words)| words.contains("fake-cli")).count()
}

#[test]
fn a_signal_winds_the_run_up_and_prints_the_best_so_far() {
    for name in ["INT", "TERM", "HUP"] {
        let theatre = Theatre::new(SLOW);
        let child = underway(&theatre, "text");
        signal(child.id(), name);
        let shown = theatre.end(child);
        assert_eq!(shown.code, Some(1), "{name}: {}", shown.stderr);
        assert!(shown.stdout.starts_with("This is draft "), "{name}: {}", shown.stdout);
        assert!(shown.stderr.contains("cancelled: best answer so far"), "{name}: {}", shown.stderr);
        assert!(shown.stderr.contains(" gemini 6.9, claude 6.6"), "{name}: {}", shown.stderr);
        theatre.assert_nothing_left();
    }
}

#[test]
fn programs_get_a_whole_document_of_a_cancelled_run() {
    let theatre = Theatre::new(SLOW);
    let child = underway(&theatre, "json");
    signal(child.id(), "INT");
    let shown = theatre.end(child);
    let document = document(&shown);
    assert_eq!((shown.code, &document["status"]), (Some(1), &"cancelled".into()));
    assert_eq!(document["error"]["code"], "cancelled");
    assert_eq!(document["winner"]["participant"], "gemini");
    assert_eq!(document["metadata"]["models_dropped"], Value::Array(Vec::new()), "a stop is nobody's fault");
    theatre.assert_nothing_left();
}

#[test]
fn a_signal_before_any_answer_leaves_nothing_to_print() {
    let theatre = Theatre::new("[[rule]]\nact = ['hang']");
    let child = theatre.command(["why", "-m", "claude,codex,gemini"]).spawn().unwrap();
    theatre.wait_for_requests(3);
    signal(child.id(), "INT");
    let shown = theatre.end(child);
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(1), ""), "{}", shown.stderr);
    assert!(shown.stderr.contains("cancelled: no answer"), "{}", shown.stderr);
    theatre.assert_nothing_left();
}

#[test]
fn a_second_signal_kills_at_once() {
    let theatre = Theatre::new(STUBBORN);
    let child = underway(&theatre, "text");
    let began = std::time::Instant::now();
    signal(child.id(), "INT");
    signal(child.id(), "TERM");
    let shown = theatre.end(child);
    assert_eq!(shown.code, Some(1), "{}", shown.stderr);
    assert!(shown.stdout.starts_with("This is draft "), "{}", shown.stdout);
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "nobody waits for the grandchildren's 120 s");
    theatre.assert_nothing_left();
}

#[test]
fn who_does_not_hear_the_first_signal_is_killed_after_its_grace() {
    let theatre = Theatre::new(STUBBORN);
    let child = underway(&theatre, "text");
    signal(child.id(), "TERM");
    let shown = theatre.end(child);
    assert_eq!(shown.code, Some(1), "{}", shown.stderr);
    assert!(shown.stderr.contains("cancelled: best answer so far"), "{}", shown.stderr);
    theatre.assert_nothing_left();
}

#[test]
fn a_signal_ends_a_pause() {
    let theatre = Theatre::new("[[rule]]\nact = [{ fail = { kind = 'rate-limit', retry_after_s = 250 } }]");
    let child = theatre.command(["why", "-m", "claude,gemini", "--timeout", "600"]).spawn().unwrap();
    theatre.wait_for_requests(2);
    eventually("the end of both attempts", || stand_ins(&theatre) == 0);
    signal(child.id(), "INT");
    let shown = theatre.end(child);
    assert_eq!(shown.code, Some(1), "{}", shown.stderr);
    assert!(shown.stderr.contains("cancelled: no answer"), "{}", shown.stderr);
    theatre.assert_nothing_left();
}

#[test]
fn nothing_outlives_a_run_that_is_killed() {
    let theatre = Theatre::new(STUBBORN);
    let child = underway(&theatre, "text");
    eventually("two children and two grandchildren", || stand_ins(&theatre) >= 4);
    assert!(std::fs::read_dir(theatre.path("tmp")).unwrap().count() >= 2, "their scratch folders");
    signal(child.id(), "KILL");
    let shown = theatre.end(child);
    assert_eq!(shown.code, Some(-9));
    theatre.assert_nothing_left();
}

#[test]
fn a_shell_gets_its_prompt_back_when_the_run_ends() {
    // `$(refinery …)` ends with the last holder of the pipe: a watchdog that held it would hang it.
    let theatre = Theatre::new("");
    let mut command = std::process::Command::new("/bin/sh");
    let line = format!("answer=$({} why -m claude); echo \"got: $answer\" | head -n 1", env!("CARGO_BIN_EXE_refinery"));
    let model = theatre.command(["unused"]);
    command.args(["-c", &line]).env_clear().envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{}:/usr/bin:/bin", theatre.path("bin").display()));
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let shown = theatre.end(command.spawn().unwrap());
    assert!(shown.stdout.starts_with("got: This is draft "), "{} {}", shown.stdout, shown.stderr);
    theatre.assert_nothing_left();
}

#[test]
fn ctrl_c_at_a_terminal_reaches_everybody_and_ends_as_one_signal() {
    // The terminal signals the whole foreground group: children are in groups of their own, so it
    // is refinery that hears it, once.
    let theatre = Theatre::new(SLOW);
    let child = underway(&theatre, "text");
    let group = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    let shown = theatre.end(child);
    assert_eq!(shown.code, Some(1), "{}", shown.stderr);
    assert!(shown.stderr.contains("cancelled: best answer so far"), "{}", shown.stderr);
    eventually("the end of all", || theatre.processes().is_empty());
    theatre.assert_nothing_left();
}
