//! `refinery refine`, from the command line to the exit code.

use crate::support::program::Desk;
use crate::support::record::{begun, essence, records, settled};
use crate::support::sandbox::{Sandbox, document, signal};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// A draft whose versions are scored 0.5, 0.8 and 0.95.
const RISING: &str = "
[[rule]]
when = { phase = 'draft' }
actions = [{ say = { text = 'version one' } }]
[[rule]]
when = { phase = 'refine', contains = ['version one'] }
actions = [{ say = { text = 'version two' } }]
[[rule]]
when = { phase = 'refine', contains = ['version two'] }
actions = [{ say = { text = 'version three' } }]
[[rule]]
when = { phase = 'score', contains = ['version one'] }
actions = [{ review = { score = 5, rationale = 'too short' } }]
[[rule]]
when = { phase = 'score', contains = ['version two'] }
actions = [{ review = { score = 8, rationale = 'better' } }]
[[rule]]
when = { phase = 'score' }
actions = [{ review = { score = 9.5, rationale = 'good' } }]
";

/// Nothing ever gets better.
const FLAT: &str = "
[[rule]]
when = { phase = 'score' }
actions = [{ review = { score = 5, rationale = 'still short' } }]
[[rule]]
actions = [{ say = { text = 'the same again' } }]
";

const CRITIQUE: &str = "
[[rule]]
when = { phase = 'score', contains = ['A better text'] }
actions = [{ review = { score = 4, rationale = 'worse' } }]
[[rule]]
when = { phase = 'score' }
actions = [{ review = { score = 6, rationale = 'fair' } }]
[[rule]]
when = { phase = 'critique' }
actions = [{ critique = { points = ['It is vague.'], revised = 'A better text.' } }]
[[rule]]
actions = [{ say = { text = 'A text that is long enough. ', fill_bytes = 300 } }]
";

fn phases(sandbox: &Sandbox) -> Vec<String> {
    sandbox.log().iter().map(|one| format!("{} {}", one["vendor"], one["phase"]).replace('"', "")).collect()
}

#[test]
fn dry_runs_say_how_many_calls_it_takes() {
    let desk = Desk::new().file("work/draft.md", "a draft");
    assert_snapshot!(desk.blocks(&[
        "refine 'why?' -m claude --dry-run",
        "refine 'why?' -m claude,codex --judge codex --max-iterations 2 --target-score 0.8 --dry-run",
        "refine --draft draft.md -m claude --mode critique --refiner codex@low --max-passes 2 --dry-run",
        "refine 'why?' -m claude,gemini --max-iterations 0 --dry-run -o json",
    ]));
}

#[test]
fn what_cannot_be_is_refused_before_any_call() {
    let sandbox = Sandbox::new("").file("work/empty.md", " \n");
    for (line, words) in [
        ("--mode both", "--mode is score or critique, not `both`"),
        ("--target-score 1.1", "--target-score is a number from 0 to 1, not `1.1`"),
        ("--max-iterations 101", "--max-iterations is a whole number from 0 to 100, not `101`"),
        ("--max-iterations -1", "--max-iterations is a whole number from 0 to 100, not `-1`"),
        ("--patience 0", "--patience is a whole number from 1 to 100, not `0`"),
        ("--delta -0.1", "--delta is a number from 0 to 1, not `-0.1`"),
        ("--delta-threshold 2", "--delta is a number from 0 to 1, not `2`"),
        ("--max-eval-chars 0", "--max-eval-chars is a whole number of at least 1, not `0`"),
        ("--judge nobody", "--judge: unknown adapter `nobody`"),
        ("--mode critique --max-passes 0", "--max-passes is a whole number from 1 to 20, not `0`"),
        ("--mode critique --min-bytes -1", "--min-bytes is a whole number of at least 0, not `-1`"),
        ("--mode critique --epsilon 0", "--epsilon is a whole number of at least 1, not `0`"),
        ("--mode critique --refiner codex@soon", "--refiner: `codex@soon`: `soon` is no effort"),
        ("--mode critique --patience 2", "--patience: unknown option for `refine` in critique mode"),
        (
            "--mode critique --no-verify --judge codex",
            "--judge: unknown option for `refine` in critique mode with --no-verify",
        ),
        ("--max-passes 2", "--max-passes: unknown option for `refine` in score mode"),
        ("--draft none.md", "none.md: no such file"),
        ("--draft empty.md", "the draft empty.md is empty"),
        ("--draft - -f -", "standard input is used more than once"),
    ] {
        let output = sandbox.run(&format!("refine why -m claude {line}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(4), ""), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
    }
    assert_eq!((sandbox.log().len(), sandbox.journals().len()), (0, 0));
}

#[test]
fn a_text_is_improved_until_it_reaches_its_target() {
    let sandbox = Sandbox::new(RISING);
    let output = sandbox.run("refine why -m claude --judge codex");
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "version three\n"), "{}", output.stderr);
    assert!(output.stderr.contains("0.95 (target 0.90), by codex"), "{}", output.stderr);
    assert_eq!(
        phases(&sandbox),
        ["claude draft", "codex score", "claude refine", "codex score", "claude refine", "codex score"]
    );
}

#[test]
fn one_document_keeps_every_version_and_its_score() {
    let sandbox = Sandbox::new(RISING);
    let output = sandbox.run("refine why -m claude --target-score 0.8 -o json");
    let ended = document(&output);
    assert_eq!(
        (output.code, &ended["status"], &ended["answer"]),
        (Some(0), &json!("target_reached"), &json!("version two"))
    );
    let scores: Vec<_> = ended["history"].as_array().unwrap().iter().map(|one| one["score"].clone()).collect();
    assert_eq!(scores, [0.5, 0.8]);
    assert_eq!((&ended["iterations"], &ended["draft_given"]), (&json!(1), &json!(false)));
    assert_eq!((&ended["author"], &ended["judge"]), (&json!("claude"), &json!("claude")));
    assert_eq!(ended["metadata"]["total_calls"], 4);
}

#[test]
fn iterations_that_run_out_end_with_two_and_the_best_text() {
    let sandbox = Sandbox::new(RISING);
    let output = sandbox.run("refine why -m claude --max-iterations 1");
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), "version two\n"), "{}", output.stderr);
    assert!(
        output.stderr.contains("target score not reached within the maximum number of iterations"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_score_that_stops_moving_ends_it() {
    for (patience, rewrites) in [(3, 3), (1, 1)] {
        let sandbox = Sandbox::new(FLAT);
        let output = sandbox.run(&format!("refine why -m claude --patience {patience} --max-iterations 9 -o json"));
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(2), &json!("plateau")), "{}", output.stderr);
        assert_eq!(ended["iterations"], rewrites);
    }
}

#[test]
fn a_judgement_that_cannot_be_read_is_asked_for_once_more() {
    let script = "
        [[rule]]
        when = { phase = 'score', nth = [1] }
        actions = [{ say = { text = 'rather good' } }]
        [[rule]]
        when = { phase = 'score' }
        actions = [{ review = { score = 9.5 } }]
        [[rule]]
        actions = [{ say = { text = 'a text' } }]
    ";
    let sandbox = Sandbox::new(script);
    let output = sandbox.run("refine why -m gemini");
    assert_eq!(
        (output.code, output.stdout.as_str(), sandbox.log().len()),
        (Some(0), "a text\n", 3),
        "{}",
        output.stderr
    );
}

#[test]
fn a_judge_can_be_shown_a_part_of_the_text() {
    let sandbox = Sandbox::new(RISING).file("work/draft.md", format!("version three {} the end", "x".repeat(900)));
    let output = sandbox.run("refine why --draft draft.md -m claude --max-eval-chars 40 -o json");
    let prompt = sandbox.log()[0]["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.contains("version three xxx") && prompt.contains("bytes left out here"), "{prompt}");
    assert!(prompt.contains("the end") && !prompt.contains(&"x".repeat(40)), "{prompt}");
    assert_eq!(document(&output)["quotes_cut"][0]["bytes"], 882, "{}", output.stderr);
    assert_eq!(output.code, Some(0));
}

#[test]
fn a_draft_may_be_given_as_a_file_or_on_standard_input() {
    let sandbox = Sandbox::new(RISING).file("work/draft.md", "version two");
    let output = sandbox.run("refine why --draft draft.md -m claude");
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "version three\n"), "{}", output.stderr);
    assert_eq!(phases(&sandbox), ["claude score", "claude refine", "claude score"]);
    let sandbox = Sandbox::new(RISING);
    let output = sandbox.run_with_stdin("refine --draft - -m claude -o json", Some(b"version two"));
    let ended = document(&output);
    assert_eq!((output.code, &ended["draft"], &ended["draft_given"]), (Some(0), &json!("version two"), &json!(true)));
    // Nobody said what is wanted.
    let prompt = sandbox.log()[0]["prompt"].as_str().unwrap().to_owned();
    assert!(prompt.contains("Improve the quality and the accuracy of the text."), "{prompt}");
}

#[test]
fn a_critique_is_kept_and_its_rewrite_is_the_answer() {
    let sandbox = Sandbox::new(CRITIQUE);
    let output = sandbox.run("refine why -m claude --mode critique --refiner codex --no-verify");
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "A better text.\n"), "{}", output.stderr);
    assert!(
        output.stderr.contains("Critique by codex:") && output.stderr.contains("It is vague."),
        "{}",
        output.stderr
    );
    assert_eq!(phases(&sandbox), ["claude draft", "codex critique"]);
    let sandbox = Sandbox::new(CRITIQUE);
    let ended = document(&sandbox.run("refine why -m claude --mode critique --no-verify -o json"));
    assert_eq!((&ended["status"], &ended["answer"]), (&json!("refined"), &json!("A better text.")));
    let pass = &ended["passes"][0];
    assert!(pass["critique"].as_str().unwrap().contains("It is vague."), "{pass}");
    assert_eq!((&pass["refiner"], &pass["adopted"]), (&json!("claude"), &json!(true)));
}

#[test]
fn the_refiner_thinks_as_hard_as_was_said() {
    let effort = |line: &str| {
        let sandbox = Sandbox::new(CRITIQUE);
        sandbox.run(&format!("refine why -m codex --mode critique {line}"));
        let log = sandbox.log();
        log.iter().find(|one| one["phase"] == "critique").unwrap()["effort"].clone()
    };
    assert_eq!(effort(""), "medium");
    assert_eq!(effort("--refiner codex@low"), "low");
    assert_eq!(effort("--refiner codex-o3@high"), "high");
}

#[test]
fn with_verification_a_worse_rewrite_is_not_adopted() {
    let sandbox = Sandbox::new(CRITIQUE);
    let output = sandbox.run("refine why -m claude --mode critique --judge codex -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"], &ended["rewritten"]), (Some(0), &json!("unchanged"), &json!(false)));
    let pass = &ended["passes"][0];
    assert_eq!(
        (&pass["score_before"], &pass["score_after"], &pass["adopted"]),
        (&json!(0.6), &json!(0.4), &json!(false))
    );
    assert_eq!(phases(&sandbox), ["claude draft", "claude critique", "codex score", "codex score"]);
}

#[test]
fn short_texts_and_excluded_roles_are_left_as_they_are() {
    for (line, why) in
        [("", "bytes are fewer than 200"), ("--min-bytes 0 --exclude Draft,x", "texts of `draft` are excluded")]
    {
        let sandbox = Sandbox::new(CRITIQUE).file("work/draft.md", "short");
        let output = sandbox.run(&format!("refine why --draft draft.md -m claude --mode critique {line}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(0), "short\n"), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(why), "{line}: {}", output.stderr);
        assert_eq!(sandbox.log().len(), 0);
    }
}

#[test]
fn passes_end_when_nothing_changes_any_more() {
    let sandbox = Sandbox::new(CRITIQUE);
    let output = sandbox.run("refine why -m claude --mode critique --no-verify --max-passes 5 -o json");
    let ended = document(&output);
    let passes = ended["passes"].as_array().unwrap();
    assert_eq!((passes.len(), &passes[1]["converged"]), (2, &json!(true)), "{ended}");
}

#[test]
fn a_draft_that_cannot_be_written_is_an_error() {
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ fail = { kind = 'no-model' } }]");
    let output = sandbox.run("refine why -m claude -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["status"]), (Some(1), &json!("error")), "{}", output.stderr);
    assert!(ended["error"]["message"].as_str().unwrap().contains("claude"), "{ended}");
}

#[test]
fn whoever_has_a_part_cannot_be_left_out() {
    let sandbox = Sandbox::new(RISING).without_program("codex");
    let output = sandbox.run("refine why -m claude --judge codex --allow-missing");
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("codex is missing, and --judge needs it"), "{}", output.stderr);
    // The next of the list writes in place of the first.
    let output = sandbox.run("refine why -m codex,claude --allow-missing -o json");
    assert_eq!((output.code, &document(&output)["author"]), (Some(0), &json!("claude")), "{}", output.stderr);
}

#[test]
fn a_budget_ends_it_with_the_best_text_and_resume_goes_on() {
    let sandbox = Sandbox::new(RISING);
    let output = sandbox.run("refine why -m claude --budget-calls 4 -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["answer"]), (Some(5), &json!("version two")), "{}", output.stderr);
    assert_eq!((sandbox.log().len(), &ended["metadata"]["total_attempts"]), (4, &json!(4)));
    let resumed = sandbox.run("resume 2 --budget-calls 9 -o json");
    assert_eq!((resumed.code, &document(&resumed)["answer"]), (Some(0), &json!("version three")), "{}", resumed.stderr);
    assert_eq!(sandbox.log().len(), 6);
    let replayed = sandbox.run("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_end() {
    let line = "refine why -m claude --judge codex -o json --seed 7";
    let undisturbed = document(&Sandbox::new(RISING).run(line));
    let sandbox = Sandbox::new(&format!(
        "[[rule]]\nwhen = {{ phase = 'refine', contains = ['version two'], nth = [1] }}\nactions = ['hang']\n{RISING}"
    ));
    let child = sandbox.command(shell_words::split(line).unwrap()).spawn().unwrap();
    sandbox.wait_for_requests(5);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    let before = settled(&records(&sandbox.journal()));
    assert_eq!(before.len(), 4, "{before:?}");
    let resumed = sandbox.run("resume 2 -o json");
    assert_eq!(essence(&document(&resumed)), essence(&undisturbed), "{}", resumed.stderr);
    let attempts = begun(&records(&sandbox.journal()));
    assert!(before.iter().all(|call| attempts[call] == 1), "{attempts:?}");
}

#[test]
fn events_as_they_happen_end_with_the_document() {
    let sandbox = Sandbox::new(RISING);
    let output = sandbox.run("refine why -m claude -o jsonl");
    let lines: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert!(kinds.contains(&"drafted") && kinds.contains(&"scored"), "{kinds:?}");
    assert_eq!(lines.last().unwrap()["status"], "target_reached");
}

/// Who scored, in order.
fn scorers(sandbox: &Sandbox) -> Vec<String> {
    let scores = sandbox.log().into_iter().filter(|one| one["phase"] == "score");
    scores.map(|one| one["vendor"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_first_model_of_another_vendor_scores() {
    for (line, vendor) in [
        ("-m claude,claude/opus,codex", "codex"),
        ("-m claude,codex --judge claude", "claude"),
        ("-m claude,claude/opus", "claude"),
        ("-m claude", "claude"),
        ("-m claude,codex --mode critique --min-bytes 0", "codex"),
        ("-m claude,codex --mode critique --min-bytes 0 --refiner codex", "claude"),
    ] {
        let script = if line.contains("critique") { CRITIQUE } else { RISING };
        let sandbox = Sandbox::new(script);
        let output = sandbox.run(&format!("refine why {line}"));
        let by = scorers(&sandbox);
        assert!(!by.is_empty() && by.iter().all(|one| one == vendor), "{line}: {by:?}\n{}", output.stderr);
    }
}

#[test]
fn a_rewrite_that_cannot_be_scored_is_not_adopted() {
    let script =
        format!("[[rule]]\nwhen = {{ phase = 'score' }}\nactions = [{{ say = {{ text = 'no number' }} }}]\n{CRITIQUE}");
    let sandbox = Sandbox::new(&script).file("work/draft.md", "A long draft. ".repeat(30));
    let output = sandbox.run("refine why --draft draft.md -m claude,codex --mode critique");
    assert!(output.stdout.starts_with("A long draft."), "{}", output.stdout);
    assert!(output.stderr.contains("it could not be verified"), "{}", output.stderr);
}
