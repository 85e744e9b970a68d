//! A CLI that is updated while a run asks it: it is missing, busy or half there for a moment, and is not dropped.

use crate::support::sandbox::{Sandbox, document, eventually};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// A claude that does something to itself before its first answer: the run has found it by then.
fn updated(sandbox: &Sandbox, deed: &str) {
    let (path, other) = (sandbox.path("bin/claude"), sandbox.path("bin/other"));
    fs::rename(&path, &other).unwrap();
    let once = sandbox.path("once");
    let deed = deed.replace("IT", &path.display().to_string());
    let script = format!(
        "#!/bin/sh\nif ! /bin/test -e {once}; then : > {once}\n{deed}\nfi\nexec {other} \"$@\"\n",
        once = once.display(),
        other = other.display()
    );
    program(&path, &script);
}

fn program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn claude(document: &Value) -> &Value {
    document["participants"].as_array().unwrap().iter().find(|one| one["participant"] == "claude").unwrap()
}

/// Its first call is answered; what the second one meets is over after a moment.
#[test]
fn a_program_that_is_away_for_a_moment_is_waited_for_and_costs_no_attempt() {
    for (what, deed) in [
        ("missing", "/bin/mv IT IT.away"),
        ("not executable", "/bin/mv IT IT.away; : > IT"),
        ("half written", "/bin/mv IT IT.away; /usr/bin/printf 'x\\000y' > IT; /bin/chmod 755 IT"),
    ] {
        let sandbox = Sandbox::new("");
        updated(&sandbox, deed);
        // One claude after the other, so that none is between its two starts when the file goes.
        let words = "why -m claude,codex -o json --seed 1 --retries 0 --max-concurrent claude=1".split(' ');
        let child = sandbox.command(words).spawn().unwrap();
        let (away, path) = (sandbox.path("bin/claude.away"), sandbox.path("bin/claude"));
        eventually("the update", || away.exists());
        std::thread::sleep(Duration::from_millis(1500));
        fs::rename(away, path).unwrap();
        let output = sandbox.wait(child);
        sandbox.assert_nothing_left();
        let document = document(&output);
        assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{what}: {}", output.stderr);
        let claude = claude(&document);
        assert_eq!((&claude["attempts"], &claude["failed_calls"]), (&claude["calls"], &0.into()), "{what}");
        assert_eq!(document["metadata"]["models_dropped"], Value::Array(Vec::new()), "{what}");
        assert!(!output.stderr.contains("failed:"), "{what}: nothing that a person must know: {}", output.stderr);
    }
}

#[test]
fn a_program_that_exits_at_once_is_tried_again_after_a_pause() {
    for deed in [
        "echo 'node:internal/modules/cjs/loader:1228' >&2; exit 1",
        "echo 'Error: claude native binary not installed.' >&2; exit 1",
        "exit 0",
        // Half a script.
        "/bin/sh -c 'echo (' ; exit 2",
    ] {
        let sandbox = Sandbox::new("");
        updated(&sandbox, deed);
        let output = sandbox.run("why -m claude,codex -o json --seed 1 -v");
        let document = document(&output);
        assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{deed}: {}", output.stderr);
        let claude = claude(&document);
        assert_eq!(claude["attempts"].as_u64(), claude["calls"].as_u64().map(|calls| calls + 1), "{deed}: {claude}");
        assert!(output.stderr.contains("claude: failed: crashed; retrying in 2 s"), "{deed}: {}", output.stderr);
    }
}

#[test]
fn a_program_that_stays_away_is_told_with_how_long_it_was_waited_for() {
    let sandbox = Sandbox::new("");
    updated(&sandbox, "/bin/mv IT IT.away");
    let output = sandbox.run("why -m claude,codex,gemini -o json --seed 1 --max-concurrent claude=1");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let told = "failed: claude: start_failed: cannot start ";
    assert_eq!(output.stderr.matches(told).count(), 1, "{}", output.stderr);
    assert!(output.stderr.contains("there is no such program (waited 10 s); "), "{}", output.stderr);
}

#[test]
fn a_version_that_was_not_tested_is_one_line() {
    let package = r#"{ "name": "@anthropic-ai/claude-code", "version": "99.0.0" }"#;
    let sandbox = Sandbox::new("").file("bin/package.json", package);
    let output = sandbox.run("why -m 'claude,claude/sonnet,claude/haiku' -o json --seed 1");
    let told: Vec<_> = output.stderr.lines().filter(|line| line.contains("99.0.0")).collect();
    assert_eq!(told.len(), 1, "{}", output.stderr);
    assert!(told[0].starts_with("warning: claude: version 99.0.0 is untested (tested: from "), "{told:?}");
}
