//! Standard input that no argument names: data in a pipe is an error before any call, and never read.

use crate::support::program::CommandOutput;
use crate::support::sandbox::{Sandbox, document};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

/// Runs a command line on this standard input.
fn run_on(sandbox: &Sandbox, line: &str, stdin: impl Into<OwnedFd>) -> CommandOutput {
    let mut command = sandbox.command(shell_words::split(line).unwrap());
    command.stdin(stdin.into());
    let child = command.spawn().unwrap();
    // The parent's own copy would keep the pipe open.
    drop(command);
    let output = sandbox.wait(child);
    sandbox.assert_nothing_left();
    output
}

#[test]
fn data_in_an_unnamed_pipe_is_an_error_before_any_call() {
    let sandbox = Sandbox::new("").file("work/draft.txt", "a draft");
    for line in [
        "'Review this change' -m claude,codex",
        "sample 'Review this change' -m claude,codex",
        "debate 'Review this change' -m claude,codex",
        "refine 'Review this change' -m claude --draft draft.txt",
        "pipe 'Review this change' -m claude,codex --step sample --step refine",
        "-m claude,codex -f draft.txt",
        "'Review this change' -m claude,codex --dry-run",
    ] {
        let output = sandbox.run_with_stdin(&format!("{line} -o json"), Some(b"+ a diff\n"));
        assert_eq!(output.code, Some(4), "{line}: {}", output.stderr);
        assert_eq!(document(&output)["error"]["code"], "config_invalid");
        for way in ["-f -", "--no-stdin"] {
            let way = if way == "-f -" && line.starts_with("-m") { "`-`" } else { way };
            assert!(output.stderr.contains(way), "{line}: {way}: {}", output.stderr);
        }
    }
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
    // The lines that it tells to type.
    for (line, with_diff) in [("why -m claude -f -", true), ("why -m claude --no-stdin", false)] {
        let before = sandbox.log().len();
        let output = sandbox.run_with_stdin(line, Some(b"+ a diff\n"));
        assert_eq!((output.code, output.stderr.contains("standard input")), (Some(0), false), "{}", output.stderr);
        let prompts: Vec<_> = sandbox.log()[before..].iter().map(|one| one["prompt"].to_string()).collect();
        assert_eq!(prompts.iter().any(|prompt| prompt.contains("+ a diff")), with_diff, "{line}: {prompts:?}");
    }
    let sandbox = sandbox.var("REFINERY_NO_STDIN", "true");
    assert_eq!(sandbox.run_with_stdin("why -m claude", Some(b"x")).code, Some(0));
}

#[test]
fn pipes_sockets_and_late_writers_are_seen_and_nothing_is_taken_from_them() {
    let sandbox = Sandbox::new("");
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut kept = reader.try_clone().unwrap();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        writer.write_all(b"late").unwrap();
    });
    assert_eq!(run_on(&sandbox, "why -m claude", reader).code, Some(4));
    late.join().unwrap();
    let mut text = String::new();
    kept.read_to_string(&mut text).unwrap();
    assert_eq!(text, "late");

    let (own, mut other) = UnixStream::pair().unwrap();
    other.write_all(b"from ssh").unwrap();
    assert_eq!(run_on(&sandbox, "why -m claude", own).code, Some(4));
    assert!(sandbox.log().is_empty());
}

#[test]
fn what_holds_nothing_is_no_error() {
    let sandbox = Sandbox::new("");
    let (own, other) = UnixStream::pair().unwrap();
    drop(other);
    let (closed, writer) = std::io::pipe().unwrap();
    drop(writer);
    let (idle, _writer) = std::io::pipe().unwrap();
    let empty = File::create(sandbox.path("work/empty")).unwrap();
    let kinds: [(&str, OwnedFd); 5] = [
        ("closed socket", own.into()),
        ("closed pipe", closed.into()),
        ("idle pipe", idle.into()),
        ("empty file", empty.into()),
        ("device", File::open("/dev/zero").unwrap().into()),
    ];
    for (kind, stdin) in kinds {
        let output = run_on(&sandbox, "why -m claude", stdin);
        assert_eq!(output.code, Some(0), "{kind}: {}", output.stderr);
        assert!(!output.stderr.contains("standard input"), "{kind}: {}", output.stderr);
    }
}

#[test]
fn a_loop_over_a_file_keeps_its_lines() {
    let sandbox = Sandbox::new("").file("work/list", "one\ntwo\nthree\n");
    let script = "while read -r word; do \"$0\" \"$word\" -m claude; done < list";
    let model = sandbox.command(["unused"]);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_refinery")]).current_dir(sandbox.path("work"));
    command.env_clear().envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(sandbox.log().len(), 3, "{told}");
    assert_eq!(told.matches("warning: standard input is ignored").count(), 3, "{told}");
}

#[test]
fn empty_input_that_is_named_leaves_nothing_to_work_on() {
    let sandbox = Sandbox::new("").file("work/empty.diff", " \n").file("work/full.txt", "x");
    for line in [
        "'Review this' -m claude -f -",
        "- -m claude",
        "refine why -m claude --draft -",
        "why -m claude -f full.txt -f -",
    ] {
        let output = sandbox.run_with_stdin(line, Some(b"\n"));
        assert_eq!(output.code, Some(4), "{line}: {}", output.stderr);
        assert!(output.stderr.contains("standard input is empty: nothing to work on"), "{line}: {}", output.stderr);
    }
    let output = sandbox.run("'Review this' -m claude -f empty.diff");
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("empty.diff is empty: nothing to work on"), "{}", output.stderr);
    assert!(sandbox.log().is_empty());
    assert_eq!(sandbox.run("'Review this' -m claude -f empty.diff -f full.txt").code, Some(0));
}
