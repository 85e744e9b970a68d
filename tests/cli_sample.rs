//! `refinery sample`, from the command line to the exit code.

use crate::support::program::Desk;
use crate::support::record::{begun, essence, records, settled};
use crate::support::theatre::{Theatre, document, signal};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Claude says 4, codex and gemini say 5.
const FOUR_AND_FIVE: &str = "
[[rule]]
when = { vendor = 'claude' }
act = [{ say = { text = 'It is **4**.' } }]
[[rule]]
act = [{ say = { text = 'It is **5**.' } }]
";

fn said(theatre: &Theatre) -> Vec<String> {
    theatre.log().iter().map(|one| one["vendor"].as_str().unwrap().to_owned()).collect()
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
    let theatre = Theatre::new("");
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
        let shown = theatre.play(&format!("sample why -m claude {line}"));
        assert_eq!((shown.code, shown.stdout.as_str()), (Some(4), ""), "{line}: {}", shown.stderr);
        assert!(shown.stderr.contains(words), "{line}: {}", shown.stderr);
    }
    assert_eq!((theatre.log().len(), theatre.journals().len()), (0, 0));
}

#[test]
fn the_answer_of_most_is_on_standard_output_alone() {
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample 'What is 2 + 2?' -m claude*3,codex*2");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "It is **4**.\n"), "{}", shown.stderr);
    assert!(shown.stderr.contains("60 % (3 of 5 samples)"), "{}", shown.stderr);
    let mut said = said(&theatre);
    said.sort();
    assert_eq!(said, ["claude", "claude", "claude", "codex", "codex"]);
    // Nothing but the bare question: samples know nothing of each other.
    assert!(theatre.log().iter().all(|one| one["prompt"] == "What is 2 + 2?"), "{:?}", theatre.log());
}

#[test]
fn one_document_says_everything() {
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m claude,codex -n 5 -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["status"], &ended["protocol"]), (Some(0), &json!("agreed"), &json!("sample")));
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
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m claude -n 2 -o jsonl");
    let lines: Vec<Value> = shown.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
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
        let theatre = Theatre::new(FOUR_AND_FIVE);
        let shown = theatre.play(&format!("sample why -m claude*3,codex*2 {line} -o json"));
        let ended = document(&shown);
        assert_eq!((shown.code, &ended["status"]), (Some(code), &json!(status)), "{line}: {}", shown.stderr);
        assert_eq!(ended["winner"]["answer"], "It is **4**.", "{line}");
    }
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m claude -n 3 --strategy unanimous");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "It is **4**.\n"), "{}", shown.stderr);
}

#[test]
fn a_tie_goes_to_who_came_first_and_is_told() {
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m codex*2,claude*2");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "It is **5**.\n"), "{}", shown.stderr);
    assert!(shown.stderr.contains("2 answers with the same number of samples"), "{}", shown.stderr);
}

#[test]
fn what_makes_two_answers_the_same_can_be_chosen() {
    let scene = "
        [[rule]]
        when = { vendor = 'claude' }
        act = [{ say = { text = 'The answer is (b).' } }]
        [[rule]]
        when = { vendor = 'codex' }
        act = [{ say = { text = 'B' } }]
        [[rule]]
        act = [{ say = { text = '**B**' } }]
    ";
    for (normaliser, different) in [("whitespace", 3), ("choice", 1)] {
        let theatre = Theatre::new(scene);
        let line = format!("sample which -m claude,codex,gemini -n 3 --normalizer {normaliser} -o json");
        let ended = document(&theatre.play(&line));
        assert_eq!(ended["unique_responses"], different, "{normaliser}");
        assert_eq!(ended["winner"]["answer"], "The answer is (b).", "{normaliser}: the words stay as they were");
    }
}

#[test]
fn a_failed_sample_voids_nothing_but_unanimity() {
    let scene = "
        [[rule]]
        when = { vendor = 'codex' }
        act = [{ fail = { kind = 'no-model' } }]
        [[rule]]
        act = [{ say = { text = 'yes' } }]
    ";
    for (strategy, code) in [("majority", 0), ("unanimous", 2)] {
        let theatre = Theatre::new(scene);
        let shown = theatre.play(&format!("sample why -m claude*2,codex --strategy {strategy} -o json"));
        let ended = document(&shown);
        assert_eq!(shown.code, Some(code), "{strategy}: {}", shown.stderr);
        assert_eq!(ended["winner"]["answer"], "yes");
        assert!(ended["samples"][2]["failure"].is_string() && ended["samples"][2]["answer"].is_null(), "{ended}");
        let two_of_three = ended["agreement_ratio"].as_f64().unwrap();
        assert!((two_of_three - 2.0 / 3.0).abs() < 1e-9, "{two_of_three}");
    }
    let theatre = Theatre::new("[[rule]]\nact = [{ fail = { kind = 'no-model' } }]");
    let shown = theatre.play("sample why -m claude,codex -n 2");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(3), ""), "{}", shown.stderr);
}

#[test]
fn it_ends_as_soon_as_nothing_can_change_and_says_what_that_saved() {
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m claude -n 5 --early-stop -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, theatre.log().len()), (Some(0), 3), "{}", shown.stderr);
    assert_eq!(ended["early_stop"], json!({ "reason": "certain", "confidence": null, "calls_saved": 2 }));
    assert_eq!((&ended["agreement_ratio"], &ended["agreement"]), (&Value::Null, &json!({ "least": 0.6, "most": 1.0 })));
    // A gate that is still open keeps it going.
    let theatre = Theatre::new(FOUR_AND_FIVE);
    theatre.play("sample why -m claude -n 5 --early-stop --min-agreement 0.8");
    assert_eq!(theatre.log().len(), 4);
    // With a stated confidence it is sure earlier.
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m claude -n 20 --early-stop=0.9");
    assert!(theatre.log().len() < 11, "{}", theatre.log().len());
    assert!(shown.stderr.contains("saved") && shown.stderr.contains("% confidence"), "{}", shown.stderr);
}

#[test]
fn files_and_standard_input_are_part_of_the_question() {
    let theatre = Theatre::new(FOUR_AND_FIVE).file("work/a.txt", "LICENCE");
    let shown = theatre.play_with("sample - -f a.txt -m claude -n 1", Some(b"Is it free?"));
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let log = theatre.log();
    let prompt = log[0]["prompt"].as_str().unwrap();
    assert!(prompt.contains("Is it free?") && prompt.contains("LICENCE"), "{prompt}");
}

#[test]
fn a_budget_ends_it_with_the_answer_so_far_and_resume_goes_on() {
    let theatre = Theatre::new(FOUR_AND_FIVE);
    let shown = theatre.play("sample why -m claude*3,codex*2 --sequential --budget-calls 2 -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["status"]), (Some(5), &json!("budget_exhausted")), "{}", shown.stderr);
    assert_eq!((&ended["winner"]["answer"], theatre.log().len()), (&json!("It is **4**."), 2));
    let resumed = theatre.play("resume 2 --budget-calls 9 -o json");
    let ended = document(&resumed);
    assert_eq!((resumed.code, &ended["agreement_ratio"]), (Some(0), &json!(0.6)), "{}", resumed.stderr);
    assert_eq!(theatre.log().len(), 5, "what was answered is not asked again");
    let replayed = theatre.play("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
    assert_eq!(theatre.log().len(), 5, "a replay starts nobody");
}

#[test]
fn a_usage_limit_parks_it_and_the_others_go_on_where_there_are_enough() {
    let scene = format!(
        "[[rule]]\nwhen = {{ vendor = 'claude', nth = [2] }}\n\
         act = [{{ fail = {{ kind = 'usage-limit', resets_in_s = 7200 }} }}]\n{FOUR_AND_FIVE}"
    );
    let theatre = Theatre::new(&scene);
    let shown = theatre.play("sample why -m claude -n 3 --sequential -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["status"]), (Some(6), &json!("parked")), "{}", shown.stderr);
    assert_eq!(ended["winner"]["answer"], "It is **4**.", "the best so far");
    let theatre = Theatre::new(&scene);
    let shown = theatre.play("sample why -m claude,codex,gemini -n 6 --on-limit drop -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["winner"]["answer"]), (Some(0), &json!("It is **5**.")), "{}", shown.stderr);
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_end() {
    let undisturbed = document(&Theatre::new(FOUR_AND_FIVE).play("sample why -m claude*3,codex*2 -o json --seed 7"));
    let hanging = "[[rule]]\nwhen = { vendor = 'codex', nth = [1] }\nact = ['hang']\n";
    let theatre = Theatre::new(&format!("{hanging}{FOUR_AND_FIVE}"));
    let words = shell_words::split("sample why -m claude*3,codex*2 -o json --seed 7 --sequential").unwrap();
    let child = theatre.command(words).spawn().unwrap();
    theatre.wait_for_requests(4);
    signal(child.id(), "KILL");
    theatre.end(child);
    let before = settled(&records(&theatre.journal()));
    assert_eq!(before.len(), 3, "{before:?}");
    let resumed = theatre.play("resume 2 -o json");
    let ended = document(&resumed);
    assert_eq!(essence(&ended), essence(&undisturbed), "{}", resumed.stderr);
    let attempts = begun(&records(&theatre.journal()));
    assert!(before.iter().all(|call| attempts[call] == 1), "{attempts:?}");
}
