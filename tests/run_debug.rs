//! `--debug`: each call as a line that makes it again, its folder kept, and no secret anywhere.

use crate::support::sandbox::Sandbox;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => all.extend(files(&path)),
            kind if kind.is_file() => all.push(path),
            _ => {}
        }
    }
    all
}

#[test]
fn a_line_that_is_pasted_makes_the_call_again() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("'what'\\''s this?' -m claude,codex,gemini -r 1 --debug");
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    let lines: Vec<_> = output.stderr.lines().filter(|line| line.starts_with("cd ")).collect();
    assert_eq!(lines.len(), 9, "{}", output.stderr);
    for vendor in ["claude", "codex", "gemini"] {
        let line = lines.iter().find(|line| line.contains(&format!("/bin/{vendor} "))).unwrap();
        assert!(line.contains("/home/.local/state/refinery/debug/"), "{line}");
        let original = sandbox.log().into_iter().find(|one| one["vendor"] == vendor).unwrap();
        let before = sandbox.log().len();
        let pasted = Command::new("/bin/sh")
            .args(["-c", line])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(crate::support::sandbox::SECRETS)
            .env("CODEX_API_KEY", "sk-x")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(pasted.status.success(), "{vendor}: {}", String::from_utf8_lossy(&pasted.stderr));
        let log = sandbox.log();
        let again = log.last().unwrap();
        assert_eq!(log.len(), before + 1);
        // The first of this vendor's lines need not be the first of its requests.
        assert_eq!(again["vendor"], original["vendor"]);
        let same = |one: &serde_json::Value| {
            (one["prompt_sha256"].clone(), one["argv"].clone(), one["cwd"].clone(), one["system"].clone())
        };
        assert!(log[..before].iter().any(|one| same(one) == same(again)), "{vendor}: {again}");
    }
}

#[test]
fn no_secret_is_written_anywhere() {
    let sandbox = Sandbox::new("").file("work/.env", "CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-WATCHWORD\n");
    for line in ["why -m claude,codex,gemini -r 1 --debug -v", "why -m claude,codex,gemini -r 1 --debug -o jsonl"] {
        let output = sandbox.run(line);
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        assert!(!output.stdout.contains("WATCHWORD") && !output.stderr.contains("WATCHWORD"), "{}", output.stderr);
        assert!(output.stderr.contains("=\"$CLAUDE_CODE_OAUTH_TOKEN\""), "{}", output.stderr);
        assert!(output.stderr.contains("CODEX_API_KEY=\"$OPENAI_API_KEY\""), "{}", output.stderr);
    }
    let kept = files(&sandbox.path("home"));
    assert!(kept.len() >= 18, "{kept:?}");
    for path in kept {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"WATCHWORD"), "{}", path.display());
    }
    // Nor is it in any argument; and each child saw one way of paying.
    for one in sandbox.log() {
        assert!(!one["argv"].to_string().contains("WATCHWORD"));
        let keys =
            one["env"].as_object().unwrap().keys().filter(|name| name.contains("KEY") || name.ends_with("TOKEN"));
        assert_eq!(keys.count(), 1, "{}", one["env"]);
    }
    let folder = sandbox.path("home/.local/state/refinery/debug");
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn folders_are_kept_where_one_says_and_only_if_one_asks() {
    let sandbox = Sandbox::new("");
    sandbox.run("why -m claude --state-dir kept --debug");
    assert_eq!(fs::read_dir(sandbox.path("work/kept/debug")).unwrap().count(), 1);
    let quiet = Sandbox::new("");
    quiet.run("why -m claude --state-dir kept");
    assert!(!quiet.path("work/kept/debug").exists());
    assert!(files(&quiet.path("home")).is_empty(), "{:?}", files(&quiet.path("home")));
}

/// What the CLI printed, whole: a report of a problem needs it, and nobody can ask for it again.
#[test]
fn what_was_printed_is_kept() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,codex,gemini -r 1 --debug");
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    let kept = files(&sandbox.path("home/.local/state/refinery/debug"));
    let printed: Vec<_> = kept.iter().filter(|path| path.ends_with("stdout")).collect();
    assert_eq!(printed.len(), 9, "{kept:?}");
    assert!(printed.iter().all(|path| fs::metadata(path).unwrap().len() > 0), "{printed:?}");
    assert_eq!(kept.iter().filter(|path| path.ends_with("stderr")).count(), 9, "{kept:?}");
}
