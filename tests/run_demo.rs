//! `refinery demo`: a run for people who have nothing installed.

use crate::support::program::CommandOutput;
use crate::support::sandbox::{Sandbox, document};
use serde_json::Value;
use std::io::Read as _;
use std::process::{Command, Stdio};

/// A machine with nothing on it: no home, no programs, no keys.
fn nowhere(sandbox: &Sandbox, words: &[&str]) -> Command {
    let mut command = sandbox.command(words);
    command.env_clear().env("TMPDIR", sandbox.path("tmp"));
    command
}

#[test]
fn they_disagree_and_then_agree() {
    let sandbox = Sandbox::new("");
    let output = sandbox.wait(nowhere(&sandbox, &["demo"]).spawn().unwrap());
    sandbox.assert_nothing_left();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.starts_with("**Outbox table, one polling relay"), "{}", output.stdout);
    let said = |part: &str| assert!(output.stderr.contains(part), "{part} is missing in {}", output.stderr);
    assert!(output.stderr.starts_with("Question: We save an order"), "{}", output.stderr);
    said("\nround 1: codex 7.0, claude 6.5, gemini 3.5; codex leads with 7.0 (needs 8.0 for 2 rounds)\n");
    said("\nround 3: claude 9.0, ");
    said("agreed on claude's answer\n");
    said("\nStatus:   converged\n");
    assert!(!output.stderr.contains("warning"), "{}", output.stderr);
}

#[test]
fn a_demo_for_programs() {
    let sandbox = Sandbox::new("");
    let output = sandbox.wait(nowhere(&sandbox, &["demo", "-o", "json"]).spawn().unwrap());
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()));
    assert_eq!(document["rounds"][0]["leader"], "codex");
    assert_eq!(document["winner"]["participant"], "claude");
    assert!(!document["dissent"].is_null());
    let output = sandbox.wait(nowhere(&sandbox, &["demo", "-o", "jsonl", "-v"]).spawn().unwrap());
    let last: Value = serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["winner"], document["winner"]);
    sandbox.assert_nothing_left();
}

#[test]
fn nothing_of_the_persons_takes_part() {
    // Settings, keys and programs that would spoil it, and a folder that nobody may write to.
    let sandbox = Sandbox::new("[[rule]]\nactions = ['hang']")
        .file("home/.config/refinery/config.toml", "threshold = 10\nmodels = [\"claude\"]\nverbose = true\n")
        .file("work/.env", "PATH=/evil\nGEMINI_API_KEY=x\n")
        .var("REFINERY_MAX_ROUNDS", "1");
    let mut command = sandbox.command(["demo"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdin.take();
    let output = sandbox.wait(child);
    drop(pipe);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("round 3: claude 9.0"), "{}", output.stderr);
    assert!(sandbox.log().is_empty(), "the person's own programs were asked");
    sandbox.assert_nothing_left();
}

/// Plays a demo to its end; its exit code is 0, it warns of nothing and leaves nothing.
fn watched(name: &str) -> CommandOutput {
    let sandbox = Sandbox::new("");
    let output = sandbox.wait(nowhere(&sandbox, &["demo", name]).spawn().unwrap());
    sandbox.assert_nothing_left();
    assert_eq!(output.code, Some(0), "{name}: {}", output.stderr);
    assert!(!output.stderr.contains("warning"), "{name}: {}", output.stderr);
    assert!(output.stderr.contains(&format!("\nCommand: refinery {name} QUESTION -m claude")), "{}", output.stderr);
    output
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn standpoints_come_to_rest_and_a_judge_sums_up() {
    let output = watched("debate");
    says(
        &output.stderr,
        &["(claude and codex): 24 points apart", "stable in round 3", "stable at 74 of 100, 0 confidence gaps"],
    );
    assert!(!output.stderr.contains("agree "), "{}", output.stderr);
    says(&output.stdout, &["## Risk Analyst (claude)", "## Majority position", "## Minority positions"]);
}

#[test]
fn samples_are_counted_and_one_is_saved() {
    let output = watched("sample");
    says(&output.stderr, &["1 call saved", "2 distinct answers"]);
    assert!(output.stdout.trim_end().ends_with("**18%**"), "{}", output.stdout);
}

#[test]
fn a_text_gets_better_up_to_its_target() {
    let output = watched("refine");
    says(&output.stderr, &["target score reached", "Rewrite 2:  0.92 (kept): "]);
    assert!(output.stdout.starts_with("**Logins failed"), "{}", output.stdout);
}

#[test]
fn a_step_follows_where_samples_do_not_agree() {
    let output = watched("pipe");
    says(&output.stderr, &["2 of 3 samples", "step2 refine:  refined", "\nCritique by claude:\n"]);
    assert!(output.stdout.starts_with("**B.**"), "{}", output.stdout);
}

#[test]
fn another_demo_is_refused() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("demo opera");
    assert_eq!(output.code, Some(4));
    says(&output.stderr, &["there is no demo `opera`", "consensus, debate, sample, refine or pipe"]);
}

/// The block of README that begins with `$ make demo`, and what a demo prints.
#[test]
fn readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, block) = readme.split_once("\n$ make demo\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let sandbox = Sandbox::new("");
    // One place for both streams, as a terminal is.
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = nowhere(&sandbox, &["demo"]);
    let mut child = command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap();
    drop(command);
    let mut printed = String::new();
    reader.read_to_string(&mut printed).unwrap();
    assert!(child.wait().unwrap().success());
    let run = regex_lite::Regex::new("run [0-9]{8}-[0-9]{6}-[a-z]{6}").unwrap();
    let printed = run.replace_all(&printed, "run 20261121-100500-abcdef");
    let printed: Vec<&str> = printed.lines().collect();
    let lines = block.lines().filter(|line| !matches!(*line, "..." | "")).filter(|line| !line.starts_with("Elapsed: "));
    let lines: Vec<_> = lines.collect();
    assert!(lines.len() > 10, "{block}");
    for line in lines {
        assert!(printed.contains(&line), "README shows {line:?}, but this is printed:\n{}", printed.join("\n"));
    }
}
