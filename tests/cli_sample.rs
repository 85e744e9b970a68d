//! `refinery sample`, from the command line to the exit code.

use crate::support::program::Desk;
use crate::support::record::{begun, essence, records, settled};
use crate::support::sandbox::{Sandbox, document, signal};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Claude says 4, codex and gemini say 5.
const FOUR_AND_FIVE: &str = "
[[rule]]
when = { vendor = 'claude' }
actions = [{ say = { text = 'It is **4**.' } }]
[[rule]]
actions = [{ say = { text = 'It is **5**.' } }]
";

fn said(sandbox: &Sandbox) -> Vec<String> {
    sandbox.log().iter().map(|one| one["vendor"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn dry_runs_say_how_many_calls_it_takes() {
    let desk = Desk::new().file("work/a.txt", "text");
    assert_snapshot!(desk.blocks(&[
        "sample 'why?' -m claude --dry-run",
        "sample 'why?' -m claude*3,codex*2 --normaliser number --dry-run",
        "sample 'why?' -m claude,codex -n 12 --min-agreement 0.8 --early-stop=0.95 -f a.txt --dry-run",
        "sample 'why?' -m claude -n 3 --strategy unanimous --sequential --dry-run -o json",
    ]));
}

#[test]
fn what_cannot_be_is_refused_before_any_call() {
    let sandbox = Sandbox::new("");
    for (line, words) in [
        ("--num-samples 0", "--num-samples is a whole number from 1 to 100, not `0`"),
        ("-n 101", "--num-samples is a whole number from 1 to 100, not `101`"),
        ("-n many", "--num-samples is a whole number from 1 to 100, not `many`"),
        ("--strategy most", "--strategy is majority or unanimous, not `most`"),
        ("--normaliser none", "--normaliser is whitespace, casefold, json, number or choice, not `none`"),
        ("--min-agreement 1.5", "--min-agreement is a number from 0 to 1, not `1.5`"),
        ("--min-agreement -0.1", "--min-agreement is a number from 0 to 1, not `-0.1`"),
        ("--early-stop=0.5", "--early-stop is true, false or a number above 0.5 and below 1, not `0.5`"),
        ("--temperature 3", "--temperature is a number from 0 to 2, not `3`"),
        ("--max-tokens 0", "--reply-tokens is a whole number of at least 1, not `0`"),
        ("-m claude*101", "a participant is taken from 1 to 100 times"),
        ("-m claude*60,codex*60", "121 participants: a run takes 1 to 100"),
    ] {
        let output = sandbox.run(&format!("sample why -m claude {line}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
    }
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
}

#[test]
fn the_answer_of_most_is_on_standard_output_alone() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample 'What is 2 + 2?' -m claude*3,codex*2");
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "It is **4**.\n"), "{}", output.stderr);
    assert!(output.stderr.contains("60 % (3 of 5 samples)"), "{}", output.stderr);
    let mut said = said(&sandbox);
    said.sort();
    assert_eq!(said, ["claude", "claude", "claude", "codex", "codex"]);
    // Nothing but the bare question: samples know nothing of each other.
    assert!(sandbox.log().iter().all(|one| one["prompt"] == "What is 2 + 2?"), "{:?}", sandbox.log());
}

#[test]
fn one_document_says_everything() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m claude,codex -n 5 -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"], &ended["protocol"]), (Some(0), &json!("agreed"), &json!("sample")));
    assert_eq!(ended["winner"]["answer"], "It is **4**.");
    assert_eq!(ended["agreement_ratio"], 0.6);
    assert_eq!((&ended["unique_responses"], &ended["tie_count"]), (&json!(2), &json!(1)));
    let dealt: Vec<_> = ended["samples"].as_array().unwrap().iter().map(|one| one["participant"].clone()).collect();
    assert_eq!(dealt, ["claude", "codex", "claude", "codex", "claude"]);
    assert_eq!(ended["metadata"]["total_calls"], 5);
    assert_eq!(ended["participants"][0]["calls"], 3);
}

#[test]
fn events_as_they_happen_end_with_the_document() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m claude -n 2 -o jsonl");
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"run_started"), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == "sampled").count(), 2, "{kinds:?}");
    assert!(kinds.contains(&"samples_counted"), "{kinds:?}");
    let last = lines.last().unwrap();
    assert_eq!((&last["status"], &last["agreement_ratio"]), (&json!("agreed"), &json!(1.0)));
}

#[test]
fn gates_that_are_missed_end_with_two_and_the_answer_of_most() {
    for (line, code, status) in [
        ("--min-agreement 0.6", 0, "agreed"),
        ("--min-agreement 0.61", 2, "agreement_missed"),
        ("--strategy unanimous", 2, "agreement_missed"),
        ("--strategy unanimous -m claude", 2, "agreement_missed"),
    ] {
        let sandbox = Sandbox::new(FOUR_AND_FIVE);
        let output = sandbox.run(&format!("sample why -m claude*3,codex*2 {line} -o json"));
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(code), &json!(status)), "{line}: {}", output.stderr);
        assert_eq!(ended["winner"]["answer"], "It is **4**.", "{line}");
    }
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m claude -n 3 --strategy unanimous");
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "It is **4**.\n"), "{}", output.stderr);
}

#[test]
fn a_tie_goes_to_who_came_first_and_is_told() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m codex*2,claude*2");
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), "It is **5**.\n"), "{}", output.stderr);
    assert!(output.stderr.contains("2 answers with the same number of samples"), "{}", output.stderr);
}

#[test]
fn what_makes_two_answers_the_same_can_be_chosen() {
    let script = "
        [[rule]]
        when = { vendor = 'claude' }
        actions = [{ say = { text = 'The answer is (b).' } }]
        [[rule]]
        when = { vendor = 'codex' }
        actions = [{ say = { text = 'B' } }]
        [[rule]]
        actions = [{ say = { text = '**B**' } }]
    ";
    for (normaliser, different) in [("whitespace", 3), ("choice", 1)] {
        let sandbox = Sandbox::new(script);
        let line = format!("sample which -m claude,codex,gemini -n 3 --normalizer {normaliser} -o json");
        let ended = document(&sandbox.run(&line));
        assert_eq!(ended["unique_responses"], different, "{normaliser}");
        assert_eq!(ended["winner"]["answer"], "The answer is (b).", "{normaliser}: the words stay as they were");
    }
}

#[test]
fn a_failed_sample_voids_nothing_but_unanimity() {
    let script = "
        [[rule]]
        when = { vendor = 'codex' }
        actions = [{ fail = { kind = 'no-model' } }]
        [[rule]]
        actions = [{ say = { text = 'yes' } }]
    ";
    for (strategy, code) in [("majority", 0), ("unanimous", 2)] {
        let sandbox = Sandbox::new(script);
        let output = sandbox.run(&format!("sample why -m claude*2,codex --strategy {strategy} -o json"));
        let ended = document(&output);
        assert_eq!(output.code, Some(code), "{strategy}: {}", output.stderr);
        assert_eq!(ended["winner"]["answer"], "yes");
        assert!(ended["samples"][2]["failure"].is_string() && ended["samples"][2]["answer"].is_null(), "{ended}");
        let two_of_three = ended["agreement_ratio"].as_f64().unwrap();
        assert!((two_of_three - 2.0 / 3.0).abs() < 1e-9, "{two_of_three}");
    }
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ fail = { kind = 'no-model' } }]");
    let output = sandbox.run("sample why -m claude,codex -n 2");
    assert_eq!((output.code, output.stdout.as_str()), (Some(3), ""), "{}", output.stderr);
}

#[test]
fn it_ends_as_soon_as_nothing_can_change_and_says_what_that_saved() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m claude -n 5 --early-stop -o json");
    let ended = document(&output);
    assert_eq!((output.code, sandbox.log().len()), (Some(0), 3), "{}", output.stderr);
    assert_eq!(ended["early_stop"], json!({ "reason": "certain", "confidence": null, "calls_saved": 2 }));
    assert_eq!((&ended["agreement_ratio"], &ended["agreement"]), (&Value::Null, &json!({ "least": 0.6, "most": 1.0 })));
    // A gate that is still open keeps it going.
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    sandbox.run("sample why -m claude -n 5 --early-stop --min-agreement 0.8");
    assert_eq!(sandbox.log().len(), 4);
    // With a stated confidence it is sure earlier.
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m claude -n 20 --early-stop=0.9");
    assert!(sandbox.log().len() < 11, "{}", sandbox.log().len());
    assert!(output.stderr.contains("saved") && output.stderr.contains("% confidence"), "{}", output.stderr);
}

#[test]
fn files_and_standard_input_are_part_of_the_question() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE).file("work/a.txt", "LICENCE");
    let output = sandbox.run_with_stdin("sample - -f a.txt -m claude -n 1", Some(b"Is it free?"));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let log = sandbox.log();
    let prompt = log[0]["prompt"].as_str().unwrap();
    assert!(prompt.contains("Is it free?") && prompt.contains("LICENCE"), "{prompt}");
}

#[test]
fn a_budget_ends_it_with_the_answer_so_far_and_resume_goes_on() {
    let sandbox = Sandbox::new(FOUR_AND_FIVE);
    let output = sandbox.run("sample why -m claude*3,codex*2 --sequential --budget-calls 2 -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(5), &json!("budget_exhausted")), "{}", output.stderr);
    assert_eq!((&ended["winner"]["answer"], sandbox.log().len()), (&json!("It is **4**."), 2));
    let resumed = sandbox.run("resume 2 --budget-calls 9 -o json");
    let ended = document(&resumed);
    assert_eq!((resumed.code, &ended["agreement_ratio"]), (Some(0), &json!(0.6)), "{}", resumed.stderr);
    assert_eq!(sandbox.log().len(), 5, "what was answered is not asked again");
    let replayed = sandbox.run("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
    assert_eq!(sandbox.log().len(), 5, "a replay starts nobody");
}

#[test]
fn a_usage_limit_parks_it_and_the_others_go_on_where_there_are_enough() {
    let script = format!(
        "[[rule]]\nwhen = {{ vendor = 'claude', nth = [2] }}\n\
         actions = [{{ fail = {{ kind = 'usage-limit', resets_in_s = 7200 }} }}]\n{FOUR_AND_FIVE}"
    );
    let sandbox = Sandbox::new(&script);
    let output = sandbox.run("sample why -m claude -n 3 --sequential -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(6), &json!("parked")), "{}", output.stderr);
    assert_eq!(ended["winner"]["answer"], "It is **4**.", "the best so far");
    let sandbox = Sandbox::new(&script);
    let output = sandbox.run("sample why -m claude,codex,gemini -n 6 --on-limit drop -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["winner"]["answer"]), (Some(0), &json!("It is **5**.")), "{}", output.stderr);
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_end() {
    let undisturbed = document(&Sandbox::new(FOUR_AND_FIVE).run("sample why -m claude*3,codex*2 -o json --seed 7"));
    let hanging = "[[rule]]\nwhen = { vendor = 'codex', nth = [1] }\nactions = ['hang']\n";
    let sandbox = Sandbox::new(&format!("{hanging}{FOUR_AND_FIVE}"));
    let words = shell_words::split("sample why -m claude*3,codex*2 -o json --seed 7 --sequential").unwrap();
    let child = sandbox.command(words).spawn().unwrap();
    sandbox.wait_for_requests(4);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    let before = settled(&records(&sandbox.journal()));
    assert_eq!(before.len(), 3, "{before:?}");
    let resumed = sandbox.run("resume 2 -o json");
    let ended = document(&resumed);
    assert_eq!(essence(&ended), essence(&undisturbed), "{}", resumed.stderr);
    let attempts = begun(&records(&sandbox.journal()));
    assert!(before.iter().all(|call| attempts[call] == 1), "{attempts:?}");
}
