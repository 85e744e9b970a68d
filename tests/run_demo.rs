//! `refinery demo`: a run for people who have nothing installed.

use crate::support::program::Shown;
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
    assert!(shown.stderr.starts_with("Question: We save an order"), "{}", shown.stderr);
    said("\nround 1: codex 7.0, claude 6.5, gemini 3.5; codex leads with 7.0 (needs 8.0 for 2 rounds)\n");
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

/// Plays a demo to its end; its exit code is 0, it warns of nothing and leaves nothing.
fn watched(name: &str) -> Shown {
    let theatre = Theatre::new("");
    let shown = theatre.end(nowhere(&theatre, &["demo", name]).spawn().unwrap());
    theatre.assert_nothing_left();
    assert_eq!(shown.code, Some(0), "{name}: {}", shown.stderr);
    assert!(!shown.stderr.contains("warning"), "{name}: {}", shown.stderr);
    assert!(shown.stderr.contains(&format!("\nCommand: refinery {name} QUESTION -m claude")), "{}", shown.stderr);
    shown
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[test]
fn standpoints_come_to_rest_and_a_judge_sums_up() {
    let shown = watched("debate");
    says(&shown.stderr, &["(claude and codex): 24 points apart", "stable in round 3", "stable at 74 of 100, 0 open"]);
    assert!(!shown.stderr.contains("agree "), "{}", shown.stderr);
    says(&shown.stdout, &["## Risk Analyst (claude)", "## Majority position", "## Minority positions"]);
}

#[test]
fn samples_are_counted_and_one_is_saved() {
    let shown = watched("sample");
    says(&shown.stderr, &["1 call saved", "2 distinct answers"]);
    assert!(shown.stdout.trim_end().ends_with("**18%**"), "{}", shown.stdout);
}

#[test]
fn a_text_gets_better_up_to_its_target() {
    let shown = watched("refine");
    says(&shown.stderr, &["target score reached", "0.45, 0.75, 0.92"]);
    assert!(shown.stdout.starts_with("**Logins failed"), "{}", shown.stdout);
}

#[test]
fn a_step_follows_where_samples_do_not_agree() {
    let shown = watched("pipe");
    says(&shown.stderr, &["2 of 3 samples", "step2 refine: refined", "\nCritique by claude:\n"]);
    assert!(shown.stdout.starts_with("**B.**"), "{}", shown.stdout);
}

#[test]
fn another_demo_is_refused() {
    let theatre = Theatre::new("");
    let shown = theatre.play("demo opera");
    assert_eq!(shown.code, Some(4));
    says(&shown.stderr, &["there is no demo `opera`", "consensus, debate, sample, refine or pipe"]);
}

/// The block of README that begins with `$ make demo`, and what a demo prints.
#[test]
fn readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, block) = readme.split_once("\n$ make demo\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let theatre = Theatre::new("");
    let shown = theatre.end(nowhere(&theatre, &["demo"]).spawn().unwrap());
    let printed: Vec<&str> = shown.stderr.lines().chain(shown.stdout.lines()).collect();
    let lines = block.lines().filter(|line| !matches!(*line, "..." | "")).filter(|line| !line.starts_with("Elapsed: "));
    let lines: Vec<_> = lines.collect();
    assert!(lines.len() > 10, "{block}");
    for line in lines {
        assert!(printed.contains(&line), "README shows {line:?}, but this is printed:\n{}", printed.join("\n"));
    }
}
