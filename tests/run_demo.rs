//! `refinery demo`: a run for people who have nothing installed.

use crate::support::theatre::{Theatre, document};
use serde_json::Value;
use std::process::{Command, Stdio};

/// A machine with nothing on it: no home, no programs, no keys.
fn nowhere(theatre: &Theatre, words: &[&str]) -> Command {
    let mut command = theatre.command(words);
    command.env_clear().env("TMPDIR", theatre.path("tmp"));
    command
}

#[test]
fn they_disagree_and_then_agree() {
    let theatre = Theatre::new("");
    let shown = theatre.end(nowhere(&theatre, &["demo"]).spawn().unwrap());
    theatre.assert_nothing_left();
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.starts_with("**Outbox table, one polling relay"), "{}", shown.stdout);
    let said = |part: &str| assert!(shown.stderr.contains(part), "{part} is missing in {}", shown.stderr);
    assert!(shown.stderr.starts_with("The question: We save an order"), "{}", shown.stderr);
    said("\nround 1: codex 7.0, claude 6.5, gemini 3.5; codex leads (1 of 2 rounds, below 8.0)\n");
    said("\nround 3: claude 9.0, ");
    said("agreed on claude's answer\n");
    said("\nStatus:   converged\n");
    assert!(!shown.stderr.contains("warning"), "{}", shown.stderr);
}

#[test]
fn a_demo_for_programs() {
    let theatre = Theatre::new("");
    let shown = theatre.end(nowhere(&theatre, &["demo", "-o", "json"]).spawn().unwrap());
    let document = document(&shown);
    assert_eq!((shown.code, &document["status"]), (Some(0), &"converged".into()));
    assert_eq!(document["rounds"][0]["leader"], "codex");
    assert_eq!(document["winner"]["participant"], "claude");
    assert!(!document["dissent"].is_null());
    let shown = theatre.end(nowhere(&theatre, &["demo", "-o", "jsonl", "-v"]).spawn().unwrap());
    let last: Value = serde_json::from_str(shown.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["winner"], document["winner"]);
    theatre.assert_nothing_left();
}

#[test]
fn nothing_of_the_persons_takes_part() {
    // Settings, keys and programs that would spoil it, and a folder that nobody may write to.
    let theatre = Theatre::new("[[rule]]\nact = ['hang']")
        .file("home/.config/refinery/config.toml", "threshold = 10\nmodels = [\"claude\"]\nverbose = true\n")
        .file("work/.env", "PATH=/evil\nGEMINI_API_KEY=x\n")
        .var("REFINERY_MAX_ROUNDS", "1");
    let mut command = theatre.command(["demo"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdin.take();
    let shown = theatre.end(child);
    drop(pipe);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stderr.contains("round 3: claude 9.0"), "{}", shown.stderr);
    assert!(theatre.log().is_empty(), "the person's own programs were asked");
    theatre.assert_nothing_left();
}
