//! The program that people get: it demonstrates, and cannot be told to fail.

use crate::support::failure_kind::FailureKind;
use crate::support::fakes::FAKE_CLI;
use std::process::{Command, Stdio};

/// What only a program that injects faults has a use for, beside the names of failures.
const FAULTS: [&str; 5] =
    ["grandchild", "close-stdin", "keep_bytes", "is no signal that a script can use", "stays at most 120 seconds"];

#[test]
fn it_holds_no_code_that_injects_faults() {
    let read = |program| String::from_utf8_lossy(&std::fs::read(program).unwrap()).into_owned();
    let (shipped, fake) = (read(env!("CARGO_BIN_EXE_refinery")), read(FAKE_CLI));
    // One word alone may stand there for another reason.
    let failures = FailureKind::ALL.map(FailureKind::name).into_iter().filter(|name| name.contains('-'));
    for words in FAULTS.map(str::to_owned).into_iter().chain(failures) {
        assert!(fake.contains(&words), "`{words}` says nothing: the fake does not hold it either");
        assert!(!shipped.contains(&words), "`{words}` is in the shipped program");
    }
}

#[test]
fn it_knows_no_word_that_starts_a_fake() {
    for words in [&["__standin", "--as", "claude"][..], &["__fake", "--as", "claude"], &["--linger", "1"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_refinery"));
        let output = program.args(words).env_clear().stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{words:?}");
    }
}

#[test]
fn a_demo_says_only_what_its_script_holds() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.toml");
    std::fs::write(&script, "question = 'Why?'\n[[reply]]\ncall = 'r1/answer/codex'\nms = 0\ntext = 'So.'\n").unwrap();
    let play = |words: &[&str], call: Option<&str>| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_refinery"));
        program.arg("__demo").args(words).env_clear().envs(call.map(|call| ("REFINERY_CALL", call)));
        let output = program.stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let script = script.to_str().unwrap();
    let call = Some("r1/answer/codex");
    let (code, said) = play(&["codex", script, "--", "exec"], call);
    assert!(code == Some(0) && said.contains(r#""text":"So.""#), "{said}");
    for (words, call, reason) in [
        (&["codex", script, "--"][..], None, "REFINERY_CALL does not name a call"),
        (&["codex", script, "--"], Some("r2/answer/codex"), "no reply to r2/answer/codex"),
        (&["llama", script, "--"], call, "`llama` is no program of a demo"),
        (&["codex", "/none.toml", "--"], call, "/none.toml: "),
        (&["codex"], call, "use: __demo"),
    ] {
        let (code, said) = play(words, call);
        assert!(code == Some(64) && said.contains(reason), "{code:?} {said}");
    }
}

#[test]
fn a_build_without_tests_leaves_the_fake_out() {
    let manifest: toml::Table = include_str!("../Cargo.toml").parse().unwrap();
    let requires = |bin: &toml::Value| {
        let features = bin.get("required-features").and_then(toml::Value::as_array);
        features.is_some_and(|all| all.iter().any(|one| one.as_str() == Some("tokio/test-util")))
    };
    let mut others = manifest["bin"].as_array().unwrap().iter().filter(|bin| bin["name"].as_str() != Some("refinery"));
    assert!(others.all(requires), "{:?}", manifest["bin"]);
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p} {f}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let tokio = tree.lines().find(|line| line.starts_with("tokio v")).unwrap();
    assert!(!tokio.contains("test-util"), "{tokio}");
}
