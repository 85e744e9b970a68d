//! `refinery debate` as people and programs see it: text, JSON, JSON lines, exit codes.

use crate::support::debate_scripts::{APART, FALLING, THREE, ends, with};
use crate::support::sandbox::Sandbox;
use crate::support::snapshot::assert_text_snapshot;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[test]
fn a_stable_score_ends_it_and_nobody_is_said_to_agree() {
    let sandbox = Sandbox::new(APART);
    let line = format!("{THREE} --judge gemini");
    let output = sandbox.run(&line);
    assert_eq!(sandbox.log().len(), 7, "two rounds of three turns, and the judge");
    assert_text_snapshot!(sandbox.redacted(&output, &line));
    let told = output.stderr.to_lowercase();
    assert!(told.match_indices("agree").all(|(at, _)| told[..at].ends_with("dis")), "{told}");
}

#[test]
fn a_line_for_everything_that_happens() {
    let sandbox = Sandbox::new(APART);
    // One after the other, so that the lines have one order.
    let line = "debate why -m claude,codex --judge claude --seed 1 --no-shuffle --no-blind --rounds 1 -v";
    let output = sandbox.run(line);
    assert_text_snapshot!(output.stderr.replace(&sandbox.path("").display().to_string(), "[PLACE]"));
}

#[test]
fn one_document_says_everything() {
    let sandbox = Sandbox::new(APART);
    let ended = ends(&sandbox, &format!("{THREE} --judge claude --persona codex=domain-expert"), 0);
    assert_eq!((&ended["status"], &ended["protocol"]), (&json!("stable"), &json!("debate")));
    assert_eq!((&ended["stop_reason"], &ended["rounds_completed"]), (&json!("converged"), &json!(2)));
    assert_eq!((&ended["early_stop"]["round"], &ended["open_disagreements"]), (&json!(2), &json!(3)));
    // Of 90, 50 and 70: the mean is 70, and half the deviation is 8.16.
    assert_eq!((&ended["final_score"], &ended["final_average_confidence"]), (&json!(62), &json!(70.0)));
    let synthesis = &ended["synthesis"];
    for part in ["majority_position", "minority_positions", "unresolved_disputes"] {
        assert!(synthesis[part].as_str().unwrap().len() > 10, "{synthesis}");
    }
    assert_eq!(synthesis["judge_confidence"], 80);
    let content: Value = serde_json::from_str(synthesis["content"].as_str().unwrap()).unwrap();
    assert!(content["majority_position"].is_string(), "claude has a schema for it");
    let round = &ended["rounds"][1];
    assert_eq!((&round["phase"], &round["label"]), (&json!("counterarguments"), &json!("Counterarguments")));
    let apart: BTreeSet<_> =
        round["disagreements"].as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
    assert_eq!(apart.len(), 3, "{apart:?}");
    let positions: Vec<_> = ended["positions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["persona"].as_str().unwrap(), one["position"].as_str().unwrap()))
        .collect();
    assert_eq!(
        positions,
        [("pessimist", "Wait until spring."), ("domain-expert", "Move now."), ("first-principles", "Measure first.")]
    );
    assert_eq!((&ended["metadata"]["seed"], &ended["metadata"]["total_calls"]), (&json!(1), &json!(7)));
    assert!(ended.get("winner").is_none(), "nobody wins a debate");
}

#[test]
fn exit_codes_follow_what_was_asked_for() {
    for (script, line, code, status, turns) in [
        (APART, "", 0, "stable", 4),
        (FALLING, "", 2, "max_rounds_exceeded", 8),
        (FALLING, "--no-early-stop", 0, "all_rounds", 8),
        (FALLING, "--rounds 1", 0, "all_rounds", 2),
        (FALLING, "--convergence-delta 15", 0, "stable", 4),
        (APART, "--min-score 60", 0, "stable", 4),
        (APART, "--min-score 60.5", 2, "min_score_missed", 4),
        (FALLING, "--no-early-stop --rounds 2 --min-score 80", 2, "min_score_missed", 4),
        (APART, "--no-early-stop --rounds 10", 0, "all_rounds", 20),
    ] {
        let sandbox = Sandbox::new(script);
        let ended = ends(&sandbox, &format!("debate why -m claude,codex {line}"), code);
        assert_eq!((&ended["status"], sandbox.log().len()), (&json!(status), turns), "{line}");
        assert_eq!(ended["positions"].as_array().unwrap().len(), 2, "{line}: what was said is there");
    }
}

#[test]
fn rounds_that_run_out_are_told_with_where_it_stands() {
    let sandbox = Sandbox::new(FALLING);
    let output = sandbox.run("debate why -m claude,codex --rounds 2");
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stdout.starts_with("# Positions\n"), "{}", output.stdout);
    assert!(
        output.stderr.contains("score not stable within the maximum number of rounds: 75 of 100, 0 confidence gaps"),
        "{}",
        output.stderr
    );
    let sandbox = Sandbox::new(APART);
    let output = sandbox.run("debate why -m claude,codex --min-score 80");
    assert!(output.stderr.contains("below the required score of 80: stable at 60 of 100"), "{}", output.stderr);
    let sandbox = Sandbox::new(APART);
    let output = sandbox.run("debate why -m claude,codex --min-score 80");
    assert!(output.stderr.contains("below the required score of 80: stable at 60 of 100"), "{}", output.stderr);
}

#[test]
fn a_judge_without_a_schema_is_read_by_its_headings() {
    for (vendor, formless) in [("gemini", false), ("claude", true)] {
        let rule = format!(
            "when = {{ phase = 'judge', vendor = '{vendor}' }}\nactions = [{{ say = {{ text = 'No idea.' }} }}]"
        );
        let script = if formless { with(&rule, APART) } else { APART.to_owned() };
        let sandbox = Sandbox::new(&script);
        let ended = ends(&sandbox, &format!("{THREE} --judge {vendor}"), 0);
        let synthesis = &ended["synthesis"];
        assert_eq!(synthesis["majority_position"] == "", formless, "{synthesis}");
        assert_eq!(synthesis["judge_confidence"], if formless { 50 } else { 80 });
    }
}

/// In JSONL: the names of the seed's events, what was only live left out of the order.
#[test]
fn events_come_under_the_seeds_names_and_in_its_order() {
    let sandbox = Sandbox::new(APART);
    let line = "debate why -m claude,codex --judge claude --no-shuffle -o jsonl";
    let output = sandbox.run(line);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (ended, events) = lines.split_last().unwrap();
    assert_eq!(ended["status"], "stable");
    let of_seed = |name: &str| name.contains(|letter: char| letter.is_ascii_uppercase());
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    let mut order: Vec<&str> = names.iter().copied().filter(|name| of_seed(name)).collect();
    // Tokens stand between start and completion of what they are part of, as many as there are.
    let tokens = |order: &[&str], name: &str| order.iter().filter(|one| **one == name).count();
    assert!(tokens(&order, "participantToken") >= 2 && tokens(&order, "synthesisToken") >= 1, "{order:?}");
    order.dedup();
    let blind = &order[..order.iter().position(|name| *name == "disagreementDetected").unwrap()];
    let bare: Vec<_> = blind.iter().filter(|name| !name.ends_with("Token")).collect();
    assert_eq!(
        bare,
        [
            &"roundStart",
            &"participantStart",
            &"participantComplete",
            &"confidenceUpdate",
            &"participantComplete",
            &"confidenceUpdate"
        ],
        "all start before anybody completes"
    );
    assert_eq!(
        order[blind.len()..],
        [
            "disagreementDetected",
            "roundComplete",
            "roundStart",
            "participantStart",
            "participantToken",
            "participantComplete",
            "confidenceUpdate",
            "participantStart",
            "participantToken",
            "participantComplete",
            "confidenceUpdate",
            "disagreementDetected",
            "roundComplete",
            "earlyStop",
            "synthesisStart",
            "synthesisToken",
            "synthesisComplete",
            "finalResult",
        ]
    );
    let all: BTreeSet<&str> = names.into_iter().filter(|name| of_seed(name)).collect();
    assert_eq!(all.len(), 12, "all but `error`: {all:?}");
    let text: String = events
        .iter()
        .filter(|one| one["event"] == "participantToken" && one["round"] == 2 && one["participant"] == "claude")
        .filter_map(|one| one["text"].as_str())
        .collect();
    assert_eq!(text, "Wait until spring.\n\nCONFIDENCE: 90");
    // What is recorded is numbered; tokens are not, and a replay does without them.
    assert!(events.iter().all(|event| event["seq"].is_u64() != of_live(event)), "{events:?}");
    let replayed = sandbox.run("replay 2 -o jsonl");
    let kept: Vec<String> = output.stdout.lines().filter(|line| !is_live(line)).map(str::to_owned).collect();
    assert_eq!(replayed.stdout.lines().collect::<Vec<_>>(), kept);
}

fn of_live(event: &Value) -> bool {
    event["event"].as_str().is_some_and(|name| name == "progress" || name == "token" || name.ends_with("Token"))
}

fn is_live(line: &str) -> bool {
    of_live(&serde_json::from_str(line).unwrap())
}
