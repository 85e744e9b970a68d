//! `--self-refine` after runs of every kind: by flag, environment and configuration.

use crate::support::program::Desk;
use crate::support::record::{begun, essence, records, settled};
use crate::support::sandbox::{Sandbox, document, signal};
use insta::assert_snapshot;
use serde_json::json;

/// Answers are long enough to be critiqued, agreed on at once, and rewritten into something short.
const SCRIPT: &str = "
[[rule]]
when = { phase = 'evaluate' }
actions = [{ review = { score = 9 } }]
[[rule]]
when = { phase = 'score', contains = ['A better text'] }
actions = [{ review = { score = 8 } }]
[[rule]]
when = { phase = 'score' }
actions = [{ review = { score = 6 } }]
[[rule]]
when = { phase = 'critique' }
actions = [{ critique = { points = ['It is vague.'], revised = 'A better text.' } }]
[[rule]]
actions = [{ say = { text = 'A text that is long enough. ', fill_bytes = 300 } }]
";

const LINE: &str = "why -m claude,codex --stability-rounds 1";

fn critiques(sandbox: &Sandbox) -> usize {
    sandbox.log().iter().filter(|one| one["phase"] == "critique").count()
}

fn scorers(sandbox: &Sandbox) -> Vec<String> {
    let scores = sandbox.log().into_iter().filter(|one| one["phase"] == "score");
    scores.map(|one| one["vendor"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn dry_runs_count_the_pass() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "'why?' -m claude,codex -r 2 --self-refine --dry-run",
        "sample 'why?' -m claude -n 3 --self-refine --refiner codex@low --refine-max-passes 2 --dry-run",
        "sample 'why?' -m claude -n 3 --self-refine --no-self-refine --dry-run",
    ]));
}

#[test]
fn the_answer_of_a_consensus_run_is_critiqued_and_rewritten() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(&format!("{LINE} --self-refine"));
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), "A better text.\n"), "{}", output.stderr);
    assert!(output.stderr.contains("It is vague."), "{}", output.stderr);
    assert_eq!(critiques(&sandbox), 1);
    let sandbox = Sandbox::new(SCRIPT);
    let ended = document(&sandbox.run(&format!("{LINE} --self-refine -o json")));
    assert_eq!(ended["status"], "converged");
    let refined = &ended["self_refine"];
    assert_eq!((&refined["answer"], &refined["changed"]), (&json!("A better text."), &json!(true)));
    assert_eq!(
        (&refined["before"], &refined["refiner"]),
        (&ended["winner"]["answer"], &ended["winner"]["participant"])
    );
    // The answer and its rewrite are scored, by the model of another vendor.
    assert_eq!(refined["cost"]["calls"], 3);
    assert_eq!(scorers(&sandbox), ["codex", "codex"]);
    let sandbox = Sandbox::new(SCRIPT);
    let ended = document(&sandbox.run(&format!("{LINE} --self-refine --no-verify -o json")));
    assert_eq!((&ended["self_refine"]["changed"], scorers(&sandbox).len()), (&json!(true), 0));
}

#[test]
fn it_is_off_unless_somebody_asks_for_it_and_a_flag_has_the_last_word() {
    let config = "[defaults]\nrefine_enabled = true\n";
    for (environment, file, flag, passes) in [
        (None, "", "", 0),
        (Some("1"), "", "", 1),
        (Some("Yes"), "", "", 1),
        (Some("off"), config, "", 0),
        (Some("maybe"), "", "", 0),
        (None, config, "", 1),
        (Some("1"), config, "--no-self-refine", 0),
        (Some("0"), "", "--self-refine", 1),
    ] {
        let mut sandbox = Sandbox::new(SCRIPT).file("home/.config/refinery/config.toml", file);
        if let Some(value) = environment {
            sandbox = sandbox.var("REFINERY_REFINE_ENABLED", value);
        }
        let output = sandbox.run(&format!("sample why -m claude -n 1 {flag}"));
        assert_eq!(
            (output.code, critiques(&sandbox)),
            (Some(0), passes),
            "{environment:?} {file} {flag}: {}",
            output.stderr
        );
    }
}

#[test]
fn the_environment_is_read_as_its_program_reads_it() {
    // Numbers that make no sense are brought to ones that do; the rest counts as unset, and is told.
    let sandbox = Sandbox::new(SCRIPT)
        .var("REFINERY_REFINE_ENABLED", "t")
        .var("REFINERY_REFINE_MAX_PASSES", "-1")
        .var("REFINERY_REFINE_MIN_BYTES", "many")
        .var("REFINERY_REFINE_EPSILON", "0")
        .var("REFINERY_REFINER_MODEL", "codex")
        .var("REFINERY_REFINER_EFFORT", "low");
    let output = sandbox.run("sample why -m claude -n 1 -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(
        output.stderr.contains("REFINERY_REFINE_MIN_BYTES is a whole number, not `many`: ignored"),
        "{}",
        output.stderr
    );
    let log = sandbox.log();
    let critique = log.iter().find(|one| one["phase"] == "critique").unwrap();
    assert_eq!((&critique["vendor"], &critique["effort"]), (&json!("codex"), &json!("low")));
    let sandbox = Sandbox::new(SCRIPT).var("REFINERY_REFINER_MODEL", "gpt-5").var("REFINERY_REFINE_ENABLED", "1");
    let output = sandbox.run("sample why -m claude -n 1");
    assert_eq!(output.code, Some(4));
    assert!(output.stderr.contains("REFINERY_REFINER_MODEL: unknown adapter `gpt-5`"), "{}", output.stderr);
}

#[test]
fn short_answers_and_excluded_roles_are_left_as_they_are() {
    for (variable, value, line, why) in [
        ("REFINERY_REFINE_MIN_BYTES", "1000", "", "bytes are fewer than 1000"),
        ("REFINERY_REFINE_EXCLUDE", "shell, Sample", "", "texts of `sample` are excluded"),
        ("REFINERY_REFINE_EXCLUDE", "x", "--refine-exclude sample", "texts of `sample` are excluded"),
    ] {
        let sandbox = Sandbox::new(SCRIPT).var("REFINERY_REFINE_ENABLED", "1").var(variable, value);
        let output = sandbox.run(&format!("sample why -m claude -n 1 {line}"));
        assert_eq!((output.code, critiques(&sandbox)), (Some(0), 0), "{variable}: {}", output.stderr);
        assert!(output.stderr.contains(why), "{variable}: {}", output.stderr);
    }
}

#[test]
fn only_runs_that_ended_0_or_2_are_refined() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run("sample why -m claude -n 3 --min-agreement 1 --self-refine");
    assert_eq!((output.code, critiques(&sandbox)), (Some(0), 1), "{}", output.stderr);
    // Exit code 2 stays 2, with a better answer.
    let script =
        format!("[[rule]]\nwhen = {{ phase = 'evaluate' }}\nactions = [{{ review = {{ score = 3 }} }}]\n{SCRIPT}");
    let sandbox = Sandbox::new(&script);
    let output = sandbox.run("why -m claude,codex -r 1 --self-refine");
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), "A better text.\n"), "{}", output.stderr);
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ fail = { kind = 'no-model' } }]");
    let output = sandbox.run("sample why -m claude -n 2 --self-refine");
    assert_eq!((output.code, critiques(&sandbox)), (Some(3), 0), "{}", output.stderr);
}

#[test]
fn with_verification_a_worse_rewrite_is_not_adopted() {
    let sandbox = Sandbox::new(&SCRIPT.replace("score = 8", "score = 4"));
    let output = sandbox.run("sample why -m claude -n 1 --self-refine -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["self_refine"]["changed"]), (Some(0), &json!(false)), "{}", output.stderr);
    assert_eq!(ended["answer"], ended["winner"]["answer"]);
}

#[test]
fn whoever_only_refines_sits_aside() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run(&format!("{LINE} --self-refine --refiner gemini -o json"));
    let ended = document(&output);
    assert_eq!((output.code, &ended["self_refine"]["refiner"]), (Some(0), &json!("gemini")), "{}", output.stderr);
    let log = sandbox.log();
    let of_gemini: Vec<_> = log.iter().filter(|one| one["vendor"] == "gemini").map(|one| &one["phase"]).collect();
    assert_eq!(of_gemini, ["critique"]);
    assert_eq!(ended["all_answers"].as_array().unwrap().len(), 2);
    let missing = Sandbox::new(SCRIPT).without_program("gemini");
    let output = missing.run(&format!("{LINE} --self-refine --refiner gemini --allow-missing"));
    assert_eq!(output.code, Some(4), "{}", output.stderr);
    assert!(output.stderr.contains("gemini is missing, and --refiner needs it"), "{}", output.stderr);
}

#[test]
fn a_budget_that_ends_in_the_pass_keeps_the_answer() {
    let sandbox = Sandbox::new(SCRIPT);
    let output = sandbox.run("sample why -m claude -n 2 --self-refine --budget-calls 2 -o json");
    let ended = document(&output);
    assert_eq!((output.code, &ended["answer"]), (Some(5), &ended["winner"]["answer"]), "{}", output.stderr);
    let resumed = sandbox.run("resume 2 --budget-calls 9 -o json");
    assert_eq!(
        (resumed.code, &document(&resumed)["answer"]),
        (Some(0), &json!("A better text.")),
        "{}",
        resumed.stderr
    );
    let replayed = sandbox.run("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
}

#[test]
fn a_run_that_was_killed_in_the_pass_goes_on_to_the_same_end() {
    let line = "sample why -m claude -n 2 --self-refine -o json --seed 7";
    let undisturbed = document(&Sandbox::new(SCRIPT).run(line));
    let sandbox =
        Sandbox::new(&format!("[[rule]]\nwhen = {{ phase = 'critique', nth = [1] }}\nactions = ['hang']\n{SCRIPT}"));
    let child = sandbox.command(shell_words::split(line).unwrap()).spawn().unwrap();
    sandbox.wait_for_requests(3);
    signal(child.id(), "KILL");
    sandbox.wait(child);
    let before = settled(&records(&sandbox.journal()));
    let resumed = sandbox.run("resume 2 -o json");
    assert_eq!(essence(&document(&resumed)), essence(&undisturbed), "{}", resumed.stderr);
    let attempts = begun(&records(&sandbox.journal()));
    assert!(before.len() == 2 && before.iter().all(|call| attempts[call] == 1), "{attempts:?}");
}

#[test]
fn refine_itself_is_not_refined_again() {
    let sandbox = Sandbox::new(SCRIPT).var("REFINERY_REFINE_ENABLED", "1");
    let output = sandbox.run("refine why -m claude --mode critique");
    assert_eq!((output.code, critiques(&sandbox)), (Some(0), 1), "{}", output.stderr);
}
