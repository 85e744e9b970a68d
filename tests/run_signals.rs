//! A run that is told to stop, or that is killed: nothing goes on without it.

use crate::support::sandbox::{Sandbox, document, eventually, signal};
use serde_json::Value;
use std::process::Child;

/// Proposals and reviews come; improvements never do, nor does TERM help.
const STUBBORN: &str = "
[[rule]]
when = { phase = 'refine' }
actions = [{ deaf = ['TERM', 'INT', 'HUP'] }, { grandchild = { seconds = 120, own_session = true, deaf = true } }, 'hang']
";

/// Improvements never come, but a child that is asked to go does.
const SLOW: &str = "
[[rule]]
when = { phase = 'refine' }
actions = ['hang']
";

/// A run of two, at the moment at which both are improving their answers: two proposals, two
/// reviews, two refinements.
fn underway(sandbox: &Sandbox, format: &str) -> Child {
    let words = ["why", "-m", "claude,gemini", "-o", format, "--state-dir", "state"];
    let child = sandbox.command(words).spawn().unwrap();
    sandbox.wait_for_requests(6);
    child
}

fn stand_ins(sandbox: &Sandbox) -> usize {
    sandbox.processes().iter().filter(|(_, words)| words.contains("fake-cli")).count()
}

#[test]
fn a_signal_winds_the_run_up_and_prints_the_best_so_far() {
    for name in ["INT", "TERM", "HUP"] {
        let sandbox = Sandbox::new(SLOW);
        let child = underway(&sandbox, "text");
        signal(child.id(), name);
        let output = sandbox.wait(child);
        assert_eq!(output.code, Some(1), "{name}: {}", output.stderr);
        assert!(output.stdout.starts_with("This is draft "), "{name}: {}", output.stdout);
        assert!(output.stderr.contains("cancelled: best answer so far"), "{name}: {}", output.stderr);
        assert!(output.stderr.contains(" gemini 6.9, claude 6.6"), "{name}: {}", output.stderr);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    for (ignored, sent, other) in [("HUP", "HUP", "TERM"), ("INT", "INT", "HUP"), ("HUP INT TERM", "TERM", "KILL")] {
        let sandbox = Sandbox::new(SLOW);
        let words = "why -m claude,gemini -o json --state-dir state";
        let child = sandbox.start_after(&format!("trap '' {ignored}"), words);
        sandbox.wait_for_requests(6);
        signal(child.id(), sent);
        signal(child.id(), sent);
        // It is heard, if at all, before the next one.
        assert_eq!(stand_ins(&sandbox), 2, "{ignored}");
        signal(child.id(), other);
        let output = sandbox.wait(child);
        let code = if other == "KILL" { -9 } else { 1 };
        assert_eq!(output.code, Some(code), "{ignored}: {}", output.stderr);
        if code == 1 {
            assert_eq!(document(&output)["status"], "cancelled", "{ignored}");
        }
        sandbox.assert_nothing_left();
    }
}

#[test]
fn programs_get_a_whole_document_of_a_cancelled_run() {
    let sandbox = Sandbox::new(SLOW);
    let child = underway(&sandbox, "json");
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(1), &"cancelled".into()));
    assert_eq!(document["error"]["code"], "cancelled");
    assert_eq!(document["winner"]["participant"], "gemini");
    assert_eq!(document["metadata"]["models_dropped"], Value::Array(Vec::new()), "a stop is nobody's fault");
    sandbox.assert_nothing_left();
}

#[test]
fn a_signal_before_any_answer_leaves_nothing_to_print() {
    let sandbox = Sandbox::new("[[rule]]\nactions = ['hang']");
    let child = sandbox.command(["why", "-m", "claude,codex,gemini"]).spawn().unwrap();
    sandbox.wait_for_requests(3);
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{}", output.stderr);
    assert!(output.stderr.contains("cancelled: no answer"), "{}", output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
fn a_second_signal_kills_at_once() {
    let sandbox = Sandbox::new(STUBBORN);
    let child = underway(&sandbox, "text");
    let began = std::time::Instant::now();
    signal(child.id(), "INT");
    signal(child.id(), "TERM");
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stdout.starts_with("This is draft "), "{}", output.stdout);
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "nobody waits for the grandchildren's 120 s");
    sandbox.assert_nothing_left();
}

#[test]
fn who_does_not_hear_the_first_signal_is_killed_after_its_grace() {
    let sandbox = Sandbox::new(STUBBORN);
    let child = underway(&sandbox, "text");
    signal(child.id(), "TERM");
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("cancelled: best answer so far"), "{}", output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
fn a_signal_ends_a_pause() {
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ fail = { kind = 'rate-limit', retry_after_s = 250 } }]");
    let child = sandbox.command(["why", "-m", "claude,gemini", "--timeout", "600"]).spawn().unwrap();
    sandbox.wait_for_requests(2);
    eventually("the end of both attempts", || stand_ins(&sandbox) == 0);
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("cancelled: no answer"), "{}", output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
fn nothing_outlives_a_run_that_is_killed() {
    let sandbox = Sandbox::new(STUBBORN);
    let child = underway(&sandbox, "text");
    eventually("two children and two grandchildren", || stand_ins(&sandbox) >= 4);
    assert!(std::fs::read_dir(sandbox.path("tmp")).unwrap().count() >= 2, "their scratch folders");
    signal(child.id(), "KILL");
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(-9));
    sandbox.assert_nothing_left();
}

#[test]
fn a_shell_gets_its_prompt_back_when_the_run_ends() {
    // `$(refinery …)` ends with the last holder of the pipe: a watchdog that held it would hang it.
    let sandbox = Sandbox::new("");
    let mut command = std::process::Command::new("/bin/sh");
    let line = format!("answer=$({} why -m claude); echo \"got: $answer\" | head -n 1", env!("CARGO_BIN_EXE_refinery"));
    let model = sandbox.command(["unused"]);
    command.args(["-c", &line]).env_clear().envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let output = sandbox.wait(command.spawn().unwrap());
    assert!(output.stdout.starts_with("got: This is draft "), "{} {}", output.stdout, output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
fn ctrl_c_at_a_terminal_reaches_everybody_and_ends_as_one_signal() {
    // The terminal signals the whole foreground group: children are in groups of their own, so it
    // is refinery that hears it, once.
    let sandbox = Sandbox::new(SLOW);
    let child = underway(&sandbox, "text");
    let group = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::INT).unwrap();
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("cancelled: best answer so far"), "{}", output.stderr);
    eventually("the end of all", || sandbox.processes().is_empty());
    sandbox.assert_nothing_left();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "orphans are adopted on Linux")]
fn a_descendant_that_left_group_session_and_environment_ends_with_the_run() {
    let sandbox = Sandbox::new("");
    let stray = sandbox.path("stray");
    let program = sandbox.path("bin/claude");
    let real = std::fs::read_to_string(&program).unwrap();
    let leave = format!(
        "/usr/bin/env -i /usr/bin/setsid /bin/sh -c 'cd /; /bin/sleep 98765 & echo $! > {0}.new; /bin/mv {0}.new {0}' \
         >/dev/null 2>&1 </dev/null\nexec",
        stray.display()
    );
    std::fs::write(&program, real.replacen("exec", &leave, 1)).unwrap();
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let pid = std::fs::read_to_string(&stray).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "{pid} is left");
}
