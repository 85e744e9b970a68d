//! A run as people and programs see it: text, JSON, JSON lines, and how much of it.

use crate::support::sandbox::{Sandbox, document};
use crate::support::snapshot::assert_text_snapshot;
use serde_json::Value;
use std::collections::BTreeSet;

const THREE: &str = "'Which index fits?' -m claude,codex,gemini --seed 1";

#[test]
fn an_agreement_in_words() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run(THREE);
    assert_text_snapshot!(sandbox.redacted(&output, THREE));
    assert_eq!(sandbox.log().len(), 18);
}

#[test]
fn an_agreement_as_a_document() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run(&format!("{THREE} -o json"));
    let document = document(&output);
    assert_eq!(output.code, Some(0));
    // What the seed promises.
    assert_eq!((&document["status"], &document["strategy"]), (&"converged".into(), &"vote-threshold".into()));
    assert_eq!(document["final_round"], 2);
    assert_eq!(document["winner"]["model_id"], "gemini-3.1-pro-preview");
    assert!(document["winner"]["answer"].as_str().unwrap().starts_with("This is draft "));
    assert_eq!(document["all_answers"].as_array().unwrap().len(), 3);
    for answer in document["all_answers"].as_array().unwrap() {
        assert!(answer["model_id"].is_string() && answer["answer"].is_string() && answer["mean_score"].is_f64());
    }
    assert_eq!((&document["metadata"]["total_rounds"], &document["metadata"]["total_calls"]), (&2.into(), &18.into()));
    assert!(document["metadata"]["elapsed_ms"].is_u64());
    // What is added: who gave what, what speaks against it, what it cost, who really answered.
    let given = &document["rounds"][1]["scores"]["claude"]["gemini"];
    assert_eq!(document["all_answers"][0]["scores"]["claude"], *given);
    let dissent = document["dissent"].as_array().unwrap();
    assert!(dissent.len() == 2 && dissent.iter().all(|one| one["weaknesses"][0].is_string()), "{dissent:?}");
    assert_eq!((&document["answer_round"], &document["contested"]), (&2.into(), &false.into()));
    let reviews = document["reviews"].as_array().unwrap();
    assert!(reviews.len() == 12 && reviews.iter().all(|one| one["review"]["weaknesses"].is_array()), "{reviews:?}");
    let accounts = document["participants"].as_array().unwrap();
    let served: Vec<_> = accounts.iter().map(|one| one["served"].clone()).collect();
    assert_eq!(served[0], serde_json::json!(["claude-opus-4-8"]));
    assert_eq!(served[1], serde_json::json!([]), "codex does not say");
    for account in accounts {
        assert_eq!(
            (&account["calls"], &account["attempts"], &account["billing"]),
            (&6.into(), &6.into(), &"api_key".into())
        );
        assert!(account["usage"]["input_tokens"].as_u64().unwrap() > 0);
        assert_eq!(account["attempts_without_usage"], 0);
    }
    // What people are told goes elsewhere, and is the same.
    assert!(output.stderr.contains("round 2: gemini ") && output.stderr.contains("\nStatus:   converged\n"));
}

#[test]
fn an_agreement_as_it_happens() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run(&format!("{THREE} -o jsonl"));
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (document, events) = lines.split_last().unwrap();
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()));
    assert!(document.get("event").is_none() && document["winner"]["answer"].is_string());
    // The record is numbered without gaps; what is only live has no number.
    let live = |event: &Value| ["token", "progress"].contains(&event["event"].as_str().unwrap());
    let (live, record): (Vec<_>, Vec<_>) = events.iter().partition(|event| live(event));
    let numbers: Vec<_> = record.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..record.len() as u64).collect::<Vec<_>>());
    assert!(!live.is_empty() && live.iter().all(|event| event.get("seq").is_none()));
    let kinds: BTreeSet<_> = record.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let expected = [
        "attempt_ended",
        "attempt_started",
        "call_queued",
        "call_settled",
        "proposed",
        "refined",
        "reviewed",
        "round_closed",
        "round_started",
        "run_ended",
        "run_started",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
    assert_eq!(record[0]["max_calls"], 75);
    assert_eq!(record.last().unwrap()["event"], "run_ended");
    assert!(events.iter().all(|event| event["at"].as_str().unwrap().ends_with('Z')));
    // No answer, no prompt and no secret travels in events beyond what the call's own stream shows.
    assert!(record.iter().all(|event| event.to_string().len() < 1500));
}

#[test]
fn the_last_line_is_the_document() {
    let line = "why -m claude,codex --seed 1 --max-concurrent 1";
    let sandbox = Sandbox::new("");
    let json = document(&sandbox.run(&format!("{line} -o json")));
    let last: Value = {
        let output = sandbox.run(&format!("{line} -o jsonl"));
        serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap()
    };
    let same = |mut document: Value| {
        document["metadata"]["elapsed_ms"].take();
        document["metadata"]["run_id"].take();
        document
    };
    assert_eq!(same(json), same(last));
}

#[test]
fn a_line_for_everything_that_happens() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,codex --seed 1 -v");
    let mut lines: Vec<_> = output.stderr.lines().map(str::to_owned).collect();
    for vendor in ["claude", "codex"] {
        assert_eq!(lines.remove(0), format!("{vendor}: one process per call: its version is unknown"));
    }
    // Which of two models is faster differs from run to run: what is told does not.
    let verdict = lines.iter().position(|line| line.starts_with("──── run ")).unwrap();
    let rule = lines.remove(verdict);
    assert!(rule.contains(sandbox.journal().file_stem().unwrap().to_str().unwrap()), "{rule}");
    lines[1..verdict].iter_mut().for_each(|line| *line = line.split_once(" s ").unwrap().1.to_owned());
    lines[1..verdict].sort();
    assert_text_snapshot!(lines.join("\n"));
    let quiet = sandbox.run("why -m claude,codex --seed 1");
    assert_eq!(quiet.stdout, output.stdout);
    assert!(quiet.stderr.lines().count() < 25 && output.stderr.lines().count() > 50, "{}", quiet.stderr);
}

#[test]
fn one_model_gives_its_bare_answer() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("'Codex or Gemini?' -m claude");
    assert_text_snapshot!(sandbox.redacted(&output, "'Codex or Gemini?' -m claude"));
    let log = sandbox.log();
    assert_eq!(log.len(), 1);
    assert_eq!((&log[0]["phase"], &log[0]["prompt"]), (&"answer".into(), &"Codex or Gemini?".into()));
    let document = document(&sandbox.run("why -m claude -o json"));
    assert_eq!((&document["status"], &document["metadata"]["total_calls"]), (&"single_model".into(), &1.into()));
    assert_eq!(document["winner"]["mean_score"], Value::Null);
}

#[test]
fn the_rounds_run_out() {
    let sandbox =
        Sandbox::new("[[rule]]\nwhen = { phase = 'evaluate' }\nactions = [{ opinion = { scores = [3, 4] } }]");
    let line = "why -m claude,codex -r 2 --seed 1";
    let output = sandbox.run(line);
    assert_eq!(output.code, Some(2));
    assert_text_snapshot!(sandbox.redacted(&output, line));
    let document = document(&sandbox.run(&format!("{line} -o json")));
    assert_eq!(document["status"], "max_rounds_exceeded");
    assert_eq!(document["dissent"][0]["reviewer"], "codex");
    assert_eq!(document["dissent"][0]["score"], 4.0);
}

#[test]
fn the_same_model_more_than_once() {
    for (models, names) in [
        ("claude,claude", 2),
        ("'claude*2'", 2),
        ("3xclaude", 3),
        ("'claude@low*2'", 2),
        ("' claude , claude/opus '", 2),
    ] {
        let sandbox = Sandbox::new("");
        let document = document(&sandbox.run(&format!("why -o json -r 1 --stability-rounds 1 -t 1 -m {models}")));
        let found: Vec<_> = document["participants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["participant"].as_str().unwrap())
            .collect();
        assert_eq!(found.len(), names, "{models}: {found:?}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), names, "{models}: {found:?}");
        assert_eq!(document["status"], "converged", "{models}");
    }
}

#[test]
fn a_reader_who_leaves_has_what_it_wants() {
    let sandbox = Sandbox::new("");
    let mut child = sandbox.command(["why", "-m", "claude,codex", "-o", "jsonl"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = sandbox.wait(child);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("Status:   converged"), "{}", output.stderr);
    sandbox.assert_nothing_left();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "writes to /dev/full")]
fn an_answer_that_does_not_arrive_is_no_success() {
    let sandbox = Sandbox::new("");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = sandbox.command(["why", "-m", "claude"]);
    let output = sandbox.wait(command.stdout(full).spawn().unwrap());
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("standard output cannot be written"), "{}", output.stderr);
    sandbox.assert_nothing_left();
}
