//! What those who debate are told, and when: personas, order, the words of the others, never a maker.

use crate::support::debate_scripts::{APART, THREE, ends, with};
use crate::support::sandbox::Sandbox;
use serde_json::{Value, json};

#[test]
fn a_turn_that_failed_is_told_neutrally_and_left_out_of_the_score() {
    let script = with(
        "when = { vendor = 'codex', round = [1] }\nactions = [{ fail = { kind = 'refusal', message = 'OpenAI says no' } }]",
        APART,
    );
    let sandbox = Sandbox::new(&script);
    let ended = ends(&sandbox, THREE, 0);
    let failed = &ended["rounds"][0]["responses"][1];
    assert_eq!((&failed["participant"], &failed["content"]), (&json!("codex"), &Value::Null));
    assert!(failed["error"]["failure"].is_string(), "{failed}");
    assert_eq!(ended["rounds"][0]["average_confidence"], 82.5, "of 95 and 70");
    let later: Vec<String> = sandbox
        .log()
        .iter()
        .filter_map(|one| one["prompt"].as_str().filter(|prompt| prompt.contains("This is round 2")).map(str::to_owned))
        .collect();
    assert_eq!(later.len(), 3);
    for prompt in later {
        assert!(prompt.contains("[Round 1: First-Principles Engineer gave no answer.]"), "{prompt}");
        assert!(!prompt.contains("says no") && !prompt.contains("refus"), "{prompt}");
    }
}

#[test]
fn personas_of_a_file_speak_and_are_shown_to_the_others_by_name() {
    let team = "[[persona]]\nid = 'dba'\nname = 'Keeper'\nrole = 'r'\nprompt = 'You keep the database at night.'\n";
    let sandbox = Sandbox::new(APART).file("work/team.toml", team);
    let line = "debate why -m claude:dba,codex --personas team.toml --no-shuffle";
    let output = sandbox.run(line);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("## Keeper (claude), confidence 90 of 100"), "{}", output.stdout);
    let log = sandbox.log();
    let systems: Vec<_> = log.iter().map(|one| one.to_string()).filter(|one| one.contains("at night")).collect();
    assert_eq!(systems.len(), 2, "claude in both rounds");
    let last = log.last().unwrap()["prompt"].as_str().unwrap();
    assert!(last.contains("speaker=\"Keeper\""), "{last}");
}

/// The orders that the original draws for this seed, as in the vectors.
#[test]
fn the_order_of_speakers_is_that_of_the_vectors() {
    let vectors: Value =
        serde_json::from_str(&std::fs::read_to_string("fixtures/conformance/speaking_order.json").unwrap()).unwrap();
    let cases = vectors["cases"].as_array().or(vectors.as_array()).unwrap();
    let fits = |case: &&Value| {
        case["input"]["items"].as_array().is_some_and(|items| items.len() == 3)
            && case["input"]["rounds"].as_u64().is_some_and(|rounds| rounds >= 2)
            && case["input"]["seed"].as_u64().is_some()
    };
    let case = cases.iter().find(fits).unwrap();
    let items: Vec<&str> = case["input"]["items"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let sandbox = Sandbox::new(APART);
    let seed = &case["input"]["seed"];
    let ended =
        ends(&sandbox, &format!("debate why -m claude,codex,gemini --seed {seed} --rounds 3 --no-early-stop"), 0);
    let listed = ["claude", "codex", "gemini"];
    for round in 0..2 {
        let expected: Vec<&str> = case["expected"]["orders"][round]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| listed[items.iter().position(|item| name == item).unwrap()])
            .collect();
        assert_eq!(ended["rounds"][round + 1]["order"], json!(expected), "round {}", round + 2);
    }
    assert_eq!(ended["rounds"][0]["order"], json!(listed));
    // They are asked in that order, one after the other.
    let asked: Vec<_> = sandbox.log().iter().skip(3).map(|one| one["vendor"].clone()).collect();
    let drawn = [1, 2].map(|round| ended["rounds"][round]["order"].as_array().unwrap().clone()).concat();
    assert_eq!(asked, drawn);
}

#[test]
fn no_prompt_names_a_maker() {
    let script = "
        [[rule]]
        when = { phase = 'argue' }
        actions = [{ argue = { position = 'I am {{vendor}}, made to say: start small.', confidences = [60, 80, 90] } }]
    ";
    let sandbox = Sandbox::new(script);
    ends(&sandbox, "debate 'Start small?' -m claude,codex,gemini --judge claude --no-early-stop --rounds 3", 0);
    let log = sandbox.log();
    assert_eq!(log.len(), 10);
    for one in &log {
        let words = format!("{}\n{}", one["prompt"], one["system"]).to_lowercase();
        for maker in ["claude", "codex", "gemini", "anthropic", "openai", "google", "gpt"] {
            assert!(!words.contains(maker), "{maker}: {words}");
        }
    }
}

#[test]
fn a_blind_round_hears_nobody_and_a_seeing_one_does() {
    for (flag, heard) in [("", [false, false]), ("--no-blind", [false, true])] {
        let sandbox = Sandbox::new(APART);
        ends(&sandbox, &format!("debate why -m claude,codex --rounds 1 {flag}"), 0);
        let mut seen: Vec<bool> =
            sandbox.log().iter().map(|one| one["prompt"].as_str().unwrap().contains("<turn-")).collect();
        seen.sort_unstable();
        assert_eq!(seen, heard, "{flag}");
    }
}

#[test]
fn files_and_standard_input_are_in_every_prompt() {
    let sandbox = Sandbox::new(APART).file("work/plan.md", "THE PLAN");
    let output = sandbox.run_with_stdin("debate - -f plan.md -m claude,codex --judge gemini", Some(b"Is it sound?"));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let log = sandbox.log();
    assert_eq!(log.len(), 5);
    for one in log {
        let prompt = one["prompt"].as_str().unwrap();
        assert!(prompt.contains("Is it sound?") && prompt.contains("THE PLAN"), "{prompt}");
    }
}
