//! Debates that lose somebody, are stopped, killed or run out of budget: what was said is kept.

use crate::support::debate_scripts::{APART, THREE, ends, essence, with};
use crate::support::sandbox::{Sandbox, document, signal};
use serde_json::{Value, json};

#[test]
fn nobody_who_ever_answers_is_an_error_of_its_own() {
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ fail = { kind = 'bad-request' } }]");
    let output = sandbox.run("debate why -m claude,codex --rounds 2 --judge gemini -o jsonl");
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert!(names.contains(&"error") && names.contains(&"finalResult"), "{names:?}");
    assert!(!names.contains(&"synthesisStart"), "there is nothing to judge");
    let ended = lines.last().unwrap();
    assert_eq!((&ended["status"], &ended["answer"]), (&json!("insufficient_models"), &Value::Null));
    assert_eq!(ended["error"]["code"], "insufficient_models");
    assert!(output.stderr.contains("no model answered"), "{}", output.stderr);
}

#[test]
fn a_judge_that_fails_leaves_the_debate_as_it_is() {
    let script = with("when = { phase = 'judge' }\nactions = [{ fail = { kind = 'bad-request' } }]", APART);
    let sandbox = Sandbox::new(&script);
    let output = sandbox.run(&format!("{THREE} --judge claude/haiku -o json"));
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(0), &json!("stable")), "{}", output.stderr);
    assert_eq!(ended["synthesis"], Value::Null);
    assert!(ended["synthesis_error"]["failure"].is_string(), "{ended}");
    assert!(output.stderr.contains("warning: there is no synthesis"), "{}", output.stderr);
    assert!(ended["metadata"]["warnings"].to_string().contains("there is no synthesis"), "{}", ended["metadata"]);
}

#[test]
fn who_is_missing_is_left_out_with_its_persona() {
    let sandbox = Sandbox::new(APART).without_program("codex");
    let line = format!("{THREE} --persona codex=domain-expert --persona gemini=pessimist");
    let output = sandbox.run(&line);
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    let ended = ends(&sandbox, &format!("{line} --allow-missing"), 0);
    let personas: Vec<_> =
        ended["positions"].as_array().unwrap().iter().map(|one| one["persona"].as_str().unwrap()).collect();
    assert_eq!(personas, ["first-principles", "pessimist"]);
    // A judge cannot be left out, and one alone cannot debate.
    let output = sandbox.run(&format!("{THREE} --judge codex --allow-missing"));
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("codex is missing, and --judge needs it"), "{}", output.stderr);
    let output = sandbox.run("debate why -m claude,codex --allow-missing");
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("there is only claude"), "{}", output.stderr);
}

/// Codex never takes its turn in the second round.
const STUCK: &str = "when = { vendor = 'codex', round = [2] }\nactions = ['hang']";

#[test]
fn a_signal_keeps_what_was_said() {
    let sandbox = Sandbox::new(&with(STUCK, APART));
    let words = ["debate", "why", "-m", "claude,codex", "--no-shuffle", "--judge", "gemini", "-o", "json"];
    let child = sandbox.command(words).spawn().unwrap();
    sandbox.wait_for_requests(4);
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(1), &json!("cancelled")), "{}", output.stderr);
    assert_eq!((&ended["stop_reason"], &ended["rounds_completed"]), (&json!("aborted"), &json!(1)));
    assert_eq!((&ended["synthesis"], &ended["rounds"][1]["complete"]), (&Value::Null, &json!(false)));
    let kept = &ended["positions"][0];
    assert_eq!((&kept["round"], &kept["confidence"]), (&json!(2), &json!(90)), "claude spoke in round 2");
    assert!(ended["answer"].as_str().unwrap().contains("Move now."), "codex has its word of round 1");
    sandbox.assert_nothing_left();
}

#[test]
fn a_debate_that_was_killed_goes_on_to_the_same_end() {
    let line = "debate why -m claude,codex --judge gemini --no-shuffle --seed 5 -o json";
    let undisturbed = document(&Sandbox::new(APART).run(line));
    let sandbox = Sandbox::new(&with(STUCK, APART));
    let child = sandbox.command(shell_words::split(line).unwrap()).spawn().unwrap();
    sandbox.wait_for_requests(4);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    let path = sandbox.path("script.toml");
    let script = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        script.replace("actions = ['hang']", "actions = [{ argue = { position = 'Move now.', confidences = [50] } }]"),
    )
    .unwrap();
    let resumed = sandbox.run("resume 2 -o json");
    let ended = document(&resumed);
    assert_eq!((resumed.code, essence(&ended)), (Some(0), essence(&undisturbed)), "{}", resumed.stderr);
    // Codex was asked twice for its second turn; nothing else was asked again.
    assert_eq!((sandbox.log().len(), &ended["metadata"]["total_calls"]), (6, &json!(5)));
    let replayed = sandbox.run("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
    assert_eq!(sandbox.log().len(), 6, "a replay starts nobody");
}

#[test]
fn a_budget_ends_it_with_what_was_said() {
    let sandbox = Sandbox::new(APART);
    let line = "debate why -m claude,codex --judge gemini --seed 5";
    let ended = ends(&sandbox, &format!("{line} --budget-calls 3"), 5);
    assert_eq!((&ended["status"], &ended["rounds_completed"]), (&json!("budget_exhausted"), &json!(1)));
    assert_eq!((ended["positions"].as_array().unwrap().len(), sandbox.log().len()), (2, 3));
    assert!(ended["answer"].as_str().unwrap().starts_with("# Positions"), "{ended}");
    let more = ends(&sandbox, "resume 2 --budget-calls 9", 0);
    assert_eq!(essence(&more), essence(&ends(&Sandbox::new(APART), line, 0)));
    assert_eq!(sandbox.log().len(), 5, "what was said is not asked again");
}
