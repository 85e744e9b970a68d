//! Debates that lose somebody, are stopped, killed or run out of budget: what was said is kept.

use crate::support::debate_scenes::{APART, THREE, ends, essence, with};
use crate::support::theatre::{Theatre, document, signal};
use serde_json::{Value, json};

#[test]
fn nobody_who_ever_answers_is_an_error_of_its_own() {
    let theatre = Theatre::new("[[rule]]\nact = [{ fail = { kind = 'bad-request' } }]");
    let shown = theatre.play("debate why -m claude,codex --rounds 2 --judge gemini -o jsonl");
    assert_eq!(shown.code, Some(3), "{}", shown.stderr);
    let lines: Vec<Value> = shown.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert!(names.contains(&"error") && names.contains(&"finalResult"), "{names:?}");
    assert!(!names.contains(&"synthesisStart"), "there is nothing to judge");
    let ended = lines.last().unwrap();
    assert_eq!((&ended["status"], &ended["answer"]), (&json!("insufficient_models"), &Value::Null));
    assert_eq!(ended["error"]["code"], "insufficient_models");
    assert!(shown.stderr.contains("no model answered"), "{}", shown.stderr);
}

#[test]
fn a_judge_that_fails_leaves_the_debate_as_it_is() {
    let scene = with("when = { phase = 'judge' }\nact = [{ fail = { kind = 'bad-request' } }]", APART);
    let theatre = Theatre::new(&scene);
    let shown = theatre.play(&format!("{THREE} --judge claude/haiku -o json"));
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["status"]), (Some(0), &json!("stable")), "{}", shown.stderr);
    assert_eq!(ended["synthesis"], Value::Null);
    assert!(ended["synthesis_error"]["failure"].is_string(), "{ended}");
    assert!(shown.stderr.contains("warning: there is no synthesis"), "{}", shown.stderr);
    assert!(ended["metadata"]["warnings"].to_string().contains("there is no synthesis"), "{}", ended["metadata"]);
}

#[test]
fn who_is_missing_is_left_out_with_its_persona() {
    let theatre = Theatre::new(APART).closed("codex");
    let line = format!("{THREE} --persona codex=domain-expert --persona gemini=pessimist");
    let shown = theatre.play(&line);
    assert_eq!(shown.code, Some(4), "{}", shown.stderr);
    let ended = ends(&theatre, &format!("{line} --allow-missing"), 0);
    let personas: Vec<_> =
        ended["positions"].as_array().unwrap().iter().map(|one| one["persona"].as_str().unwrap()).collect();
    assert_eq!(personas, ["first-principles", "pessimist"]);
    // A judge cannot be left out, and one alone cannot debate.
    let shown = theatre.play(&format!("{THREE} --judge codex --allow-missing"));
    assert_eq!(shown.code, Some(4), "{}", shown.stderr);
    assert!(shown.stderr.contains("codex is missing, and --judge needs it"), "{}", shown.stderr);
    let shown = theatre.play("debate why -m claude,codex --allow-missing");
    assert_eq!(shown.code, Some(4), "{}", shown.stderr);
    assert!(shown.stderr.contains("there is only claude"), "{}", shown.stderr);
}

/// Codex never takes its turn in the second round.
const STUCK: &str = "when = { vendor = 'codex', round = [2] }\nact = ['hang']";

#[test]
fn a_signal_keeps_what_was_said() {
    let theatre = Theatre::new(&with(STUCK, APART));
    let words = ["debate", "why", "-m", "claude,codex", "--no-shuffle", "--judge", "gemini", "-o", "json"];
    let child = theatre.command(words).spawn().unwrap();
    theatre.wait_for_requests(4);
    signal(child.id(), "INT");
    let shown = theatre.end(child);
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["status"]), (Some(1), &json!("cancelled")), "{}", shown.stderr);
    assert_eq!((&ended["stop_reason"], &ended["rounds_completed"]), (&json!("aborted"), &json!(1)));
    assert_eq!((&ended["synthesis"], &ended["rounds"][1]["complete"]), (&Value::Null, &json!(false)));
    let kept = &ended["positions"][0];
    assert_eq!((&kept["round"], &kept["confidence"]), (&json!(2), &json!(90)), "claude spoke in round 2");
    assert!(ended["answer"].as_str().unwrap().contains("Move now."), "codex has its word of round 1");
    theatre.assert_nothing_left();
}

#[test]
fn a_debate_that_was_killed_goes_on_to_the_same_end() {
    let line = "debate why -m claude,codex --judge gemini --no-shuffle --seed 5 -o json";
    let undisturbed = document(&Theatre::new(APART).play(line));
    let theatre = Theatre::new(&with(STUCK, APART));
    let child = theatre.command(shell_words::split(line).unwrap()).spawn().unwrap();
    theatre.wait_for_requests(4);
    signal(child.id(), "KILL");
    theatre.end(child);
    let path = theatre.path("scene.toml");
    let scene = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        scene.replace("act = ['hang']", "act = [{ argue = { position = 'Move now.', confidences = [50] } }]"),
    )
    .unwrap();
    let resumed = theatre.play("resume 2 -o json");
    let ended = document(&resumed);
    assert_eq!((resumed.code, essence(&ended)), (Some(0), essence(&undisturbed)), "{}", resumed.stderr);
    // Codex was asked twice for its second turn; nothing else was asked again.
    assert_eq!((theatre.log().len(), &ended["metadata"]["total_calls"]), (6, &json!(5)));
    let replayed = theatre.play("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
    assert_eq!(theatre.log().len(), 6, "a replay starts nobody");
}

#[test]
fn a_budget_ends_it_with_what_was_said() {
    let theatre = Theatre::new(APART);
    let line = "debate why -m claude,codex --judge gemini --seed 5";
    let ended = ends(&theatre, &format!("{line} --budget-calls 3"), 5);
    assert_eq!((&ended["status"], &ended["rounds_completed"]), (&json!("budget_exhausted"), &json!(1)));
    assert_eq!((ended["positions"].as_array().unwrap().len(), theatre.log().len()), (2, 3));
    assert!(ended["answer"].as_str().unwrap().starts_with("# Positions"), "{ended}");
    let more = ends(&theatre, "resume 2 --budget-calls 9", 0);
    assert_eq!(essence(&more), essence(&ends(&Theatre::new(APART), line, 0)));
    assert_eq!(theatre.log().len(), 5, "what was said is not asked again");
}
