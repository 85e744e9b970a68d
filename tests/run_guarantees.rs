//! Guarantees that break while a run goes on are warnings of the run, and the log is for those who ask for it.

use crate::support::record::records;
use crate::support::sandbox::{Sandbox, document};
#[cfg(target_os = "linux")]
use crate::support::sandbox::{eventually, signal, watchdog_of};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
#[cfg(target_os = "linux")]
use std::process::Stdio;

/// Lets a line of shell run before claude does.
fn before_claude(sandbox: &Sandbox, line: &str) {
    let (path, real) = (sandbox.path("bin/claude"), sandbox.path("bin/real-claude"));
    fs::rename(&path, &real).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{line}\nexec {} \"$@\"\n", real.display())).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether a run warned in these words: in its events, in its document and in its journal.
fn warned(sandbox: &Sandbox, stdout: &str, words: &str) -> bool {
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let event = lines.iter().any(|one| one["event"] == "warning" && one["text"].as_str().unwrap().contains(words));
    let warnings = lines.last().unwrap()["metadata"]["warnings"].to_string();
    let recorded = records(&sandbox.journal());
    let recorded =
        recorded.iter().any(|one| one["record"] == "warned" && one["text"].as_str().unwrap().contains(words));
    event && warnings.contains(words) && recorded
}

#[test]
fn a_scratch_folder_that_cannot_be_removed_is_a_warning() {
    let sandbox = Sandbox::new("");
    // A file in place of the folder. The attempt fails for want of its files; it is warned of all the same.
    let misdeed = "case $PWD in */tmp/refinery-*) rest=${PWD##*/tmp/refinery-}; folder=${PWD%\"$rest\"}${rest%%/*}\n\
        /bin/mv \"$folder\" \"$folder.moved\" && : > \"$folder\" ;; esac";
    before_claude(&sandbox, misdeed);
    let output = sandbox.wait(sandbox.command(["why", "-m", "claude", "-o", "jsonl"]).spawn().unwrap());
    assert!(warned(&sandbox, &output.stdout, "cannot be removed"), "{}", output.stdout);
    assert!(output.stderr.contains("cannot be removed"), "{}", output.stderr);
}

/// Starts a run whose claude waits for a file, and returns when it does.
#[cfg(target_os = "linux")]
fn waiting(sandbox: &Sandbox, mut program: std::process::Command) -> std::process::Child {
    let go = sandbox.path("go");
    before_claude(sandbox, &format!("until [ -e {} ]; do /bin/sleep 0.01; done", go.display()));
    let child = program.args(["why", "-m", "claude,codex", "-o", "jsonl"]).spawn().unwrap();
    sandbox.wait_for_requests(1);
    child
}

#[test]
#[cfg(target_os = "linux")]
fn a_watchdog_that_is_lost_is_a_warning() {
    let sandbox = Sandbox::new("");
    let copy = sandbox.path("copy");
    fs::copy(env!("CARGO_BIN_EXE_refinery"), &copy).unwrap();
    let mut program = std::process::Command::new(&copy);
    program.env_clear().envs(sandbox.env()).current_dir(sandbox.path("work"));
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = waiting(&sandbox, program);
    fs::remove_file(copy).unwrap();
    signal(watchdog_of(child.id()).unwrap(), "KILL");
    eventually("its end", || watchdog_of(child.id()).is_none());
    fs::write(sandbox.path("go"), "").unwrap();
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(warned(&sandbox, &output.stdout, "the watchdog ended and cannot be replaced"), "{}", output.stdout);
}

#[test]
#[cfg(target_os = "linux")]
fn a_watchdog_that_is_killed_or_stopped_is_replaced() {
    for how in ["KILL", "STOP"] {
        let sandbox = Sandbox::new("");
        let program = sandbox.command([""; 0]);
        let child = waiting(&sandbox, program);
        let first = watchdog_of(child.id()).unwrap();
        signal(first, how);
        let other = || watchdog_of(child.id()).filter(|now| *now != first);
        eventually("another one", || other().is_some());
        // An ordinary end: the new one is not taken for an orphan.
        let second = other().unwrap();
        fs::write(sandbox.path("go"), "").unwrap();
        let output = sandbox.wait(child);
        assert_eq!((output.code, output.stderr.contains("watchdog")), (Some(0), false), "{how}: {}", output.stderr);
        sandbox.assert_nothing_left();
        assert_ne!(first, second);
    }
}

#[test]
fn the_log_is_written_where_it_is_asked_for() {
    let line = "why -m claude";
    assert!(!Sandbox::new("").run(line).stderr.contains("DEBUG"));
    let sandbox = Sandbox::new("").var("RUST_LOG", "refinery_core=debug");
    let output = sandbox.run(line);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("DEBUG refinery_core::call::launch: start name="), "{}", output.stderr);
    assert!(!output.stderr.contains("WATCHWORD"));
    let output = Sandbox::new("").var("RUST_LOG", "refinery_core=loud").run("why -m claude -o json");
    assert_eq!((output.code, &document(&output)["status"]), (Some(0), &"single_model".into()), "{}", output.stderr);
    assert!(output.stderr.contains("warning: RUST_LOG is ignored"), "{}", output.stderr);
}
