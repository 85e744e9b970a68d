//! Little room: few processes, threads and descriptors. Whatever there is not, words and an exit code come, and soon.

use crate::support::program::CommandOutput;
use crate::support::sandbox::Sandbox;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Answers at once, and leaves when its input ends.
const CLAUDE: &str = r#"#!/bin/sh
echo '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"stop_reason":"end_turn","result":"forty-two","modelUsage":{"claude-opus-4-8":{}}}'
while read -r line; do :; done
"#;

/// From util-linux.
const SETPRIV: &str = "/usr/bin/setpriv";

fn open(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        open(&entry.path());
    }
}

/// A sandbox that another user may use, with a copy of the program in it.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new("");
    fs::write(sandbox.path("bin/claude"), CLAUDE).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_refinery"), sandbox.path("bin/refinery")).unwrap();
    open(&sandbox.path(""));
    sandbox
}

/// Runs a line of shell as a user without privileges, for whom limits of processes hold: root has none.
fn as_user(sandbox: &Sandbox, shell: &str, user: u32) -> Option<CommandOutput> {
    let is_root = rustix::process::getuid().is_root();
    let model = sandbox.command(["unused"]);
    let mut command = Command::new(if is_root { SETPRIV } else { "/bin/sh" });
    if is_root {
        command.args([&format!("--reuid={user}"), "--clear-groups", "--", "/bin/sh"]);
    }
    command.args(["-c", shell]).env_clear().envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(sandbox.path("work")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if is_root && Command::new(SETPRIV).arg("--version").stdout(Stdio::null()).status().is_err() {
        std::io::stderr().write_all(b"\nNOT TRIED: limits of processes, which do not hold for root\n").unwrap();
        return None;
    }
    Some(sandbox.wait(command.spawn().unwrap()))
}

fn assert_told(output: &CommandOutput, limit: &str) {
    assert!(
        output.code.is_some_and(|code| [0, 1, 2, 3, 4].contains(&code)),
        "{limit}: {:?} {}",
        output.code,
        output.stderr
    );
    assert!(!output.stderr.contains("panicked"), "{limit}: {}", output.stderr);
    assert!(output.code == Some(0) || !output.stderr.is_empty() || !output.stdout.is_empty(), "{limit}");
}

#[test]
fn few_processes_and_threads_are_told_or_enough() {
    let sandbox = sandbox();
    let mut answered = 0;
    for limit in [1, 2, 3, 4, 5, 6, 7, 8, 12] {
        for line in ["why -m claude --no-journal", "why -m claude", "doctor -m claude", "demo sample"] {
            let user = 61_000 + std::process::id() % 4000;
            let shell = format!("{{ ulimit -u {limit} || ulimit -p {limit}; }} 2>/dev/null && exec refinery {line}");
            let Some(output) = as_user(&sandbox, &shell, user) else { return };
            assert_told(&output, &format!("{limit} processes: {line}"));
            answered += usize::from(output.code == Some(0));
            sandbox.assert_nothing_left();
        }
    }
    assert!(answered > 0, "never enough");
}

#[test]
fn few_descriptors_are_told() {
    let sandbox = Sandbox::new("");
    for limit in [6, 8, 9, 10, 11, 12, 13, 14, 17] {
        for line in ["why -m claude", "config show"] {
            let output = sandbox.run_after(&format!("ulimit -n {limit}"), line);
            assert_told(&output, &format!("{limit} descriptors: {line}"));
        }
    }
}
