//! `--self-refine` after runs of every kind: by flag, environment and configuration.

use crate::support::program::Desk;
use crate::support::record::{begun, essence, records, settled};
use crate::support::theatre::{Theatre, document, signal};
use insta::assert_snapshot;
use serde_json::json;

/// Answers are long enough to be critiqued, agreed on at once, and rewritten into something short.
const SCENE: &str = "
[[rule]]
when = { phase = 'evaluate' }
act = [{ review = { score = 9 } }]
[[rule]]
when = { phase = 'score', contains = ['A better text'] }
act = [{ review = { score = 4 } }]
[[rule]]
when = { phase = 'score' }
act = [{ review = { score = 6 } }]
[[rule]]
when = { phase = 'critique' }
act = [{ critique = { points = ['It is vague.'], revised = 'A better text.' } }]
[[rule]]
act = [{ say = { text = 'A text that is long enough. ', fill_bytes = 300 } }]
";

const LINE: &str = "why -m claude,codex --stability-rounds 1";

fn critiques(theatre: &Theatre) -> usize {
    theatre.log().iter().filter(|one| one["phase"] == "critique").count()
}

#[test]
fn dry_runs_count_the_pass() {
    let desk = Desk::new();
    assert_snapshot!(desk.blocks(&[
        "'why?' -m claude,codex -r 2 --self-refine --dry-run",
        "sample 'why?' -m claude -n 3 --self-refine --refiner codex@low --verify --refine-max-passes 2 --dry-run",
        "sample 'why?' -m claude -n 3 --self-refine --no-self-refine --dry-run",
    ]));
}

#[test]
fn the_answer_of_a_consensus_run_is_critiqued_and_rewritten() {
    let theatre = Theatre::new(SCENE);
    let shown = theatre.play(&format!("{LINE} --self-refine"));
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "A better text.\n"), "{}", shown.stderr);
    assert!(shown.stderr.contains("It is vague."), "{}", shown.stderr);
    assert_eq!(critiques(&theatre), 1);
    let theatre = Theatre::new(SCENE);
    let ended = document(&theatre.play(&format!("{LINE} --self-refine -o json")));
    assert_eq!(ended["status"], "converged");
    let refined = &ended["self_refine"];
    assert_eq!((&refined["answer"], &refined["changed"]), (&json!("A better text."), &json!(true)));
    assert_eq!(
        (&refined["before"], &refined["refiner"]),
        (&ended["winner"]["answer"], &ended["winner"]["participant"])
    );
    assert_eq!(refined["cost"]["calls"], 1);
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
        let mut theatre = Theatre::new(SCENE).file("home/.config/refinery/config.toml", file);
        if let Some(value) = environment {
            theatre = theatre.var("REFINERY_REFINE_ENABLED", value);
        }
        let shown = theatre.play(&format!("sample why -m claude -n 1 {flag}"));
        assert_eq!(
            (shown.code, critiques(&theatre)),
            (Some(0), passes),
            "{environment:?} {file} {flag}: {}",
            shown.stderr
        );
    }
}

#[test]
fn the_environment_is_read_as_its_program_reads_it() {
    // Numbers that make no sense are brought to ones that do; the rest counts as unset, and is told.
    let theatre = Theatre::new(SCENE)
        .var("REFINERY_REFINE_ENABLED", "t")
        .var("REFINERY_REFINE_MAX_PASSES", "-1")
        .var("REFINERY_REFINE_MIN_BYTES", "many")
        .var("REFINERY_REFINE_EPSILON", "0")
        .var("REFINERY_REFINER_MODEL", "codex")
        .var("REFINERY_REFINER_EFFORT", "low");
    let shown = theatre.play("sample why -m claude -n 1 -o json");
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(
        shown.stderr.contains("REFINERY_REFINE_MIN_BYTES is a whole number, not `many`: ignored"),
        "{}",
        shown.stderr
    );
    let log = theatre.log();
    let critique = log.iter().find(|one| one["phase"] == "critique").unwrap();
    assert_eq!((&critique["vendor"], &critique["effort"]), (&json!("codex"), &json!("low")));
    let theatre = Theatre::new(SCENE).var("REFINERY_REFINER_MODEL", "gpt-5").var("REFINERY_REFINE_ENABLED", "1");
    let shown = theatre.play("sample why -m claude -n 1");
    assert_eq!(shown.code, Some(4));
    assert!(shown.stderr.contains("REFINERY_REFINER_MODEL: unknown adapter `gpt-5`"), "{}", shown.stderr);
}

#[test]
fn short_answers_and_excluded_roles_are_left_as_they_are() {
    for (variable, value, line, why) in [
        ("REFINERY_REFINE_MIN_BYTES", "1000", "", "bytes are fewer than 1000"),
        ("REFINERY_REFINE_EXCLUDE", "shell, Sample", "", "texts of `sample` are excluded"),
        ("REFINERY_REFINE_EXCLUDE", "x", "--refine-exclude sample", "texts of `sample` are excluded"),
    ] {
        let theatre = Theatre::new(SCENE).var("REFINERY_REFINE_ENABLED", "1").var(variable, value);
        let shown = theatre.play(&format!("sample why -m claude -n 1 {line}"));
        assert_eq!((shown.code, critiques(&theatre)), (Some(0), 0), "{variable}: {}", shown.stderr);
        assert!(shown.stderr.contains(why), "{variable}: {}", shown.stderr);
    }
}

#[test]
fn only_runs_that_ended_0_or_2_are_refined() {
    let theatre = Theatre::new(SCENE);
    let shown = theatre.play("sample why -m claude -n 3 --min-agreement 1 --self-refine");
    assert_eq!((shown.code, critiques(&theatre)), (Some(0), 1), "{}", shown.stderr);
    // Exit code 2 stays 2, with a better answer.
    let scene = format!("[[rule]]\nwhen = {{ phase = 'evaluate' }}\nact = [{{ review = {{ score = 3 }} }}]\n{SCENE}");
    let theatre = Theatre::new(&scene);
    let shown = theatre.play("why -m claude,codex -r 1 --self-refine");
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(2), "A better text.\n"), "{}", shown.stderr);
    let theatre = Theatre::new("[[rule]]\nact = [{ fail = { kind = 'no-model' } }]");
    let shown = theatre.play("sample why -m claude -n 2 --self-refine");
    assert_eq!((shown.code, critiques(&theatre)), (Some(3), 0), "{}", shown.stderr);
}

#[test]
fn with_verification_a_worse_rewrite_is_not_adopted() {
    let theatre = Theatre::new(SCENE);
    let shown = theatre.play("sample why -m claude -n 1 --self-refine --verify -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["self_refine"]["changed"]), (Some(0), &json!(false)), "{}", shown.stderr);
    assert_eq!(ended["answer"], ended["winner"]["answer"]);
}

#[test]
fn whoever_only_refines_sits_aside() {
    let theatre = Theatre::new(SCENE);
    let shown = theatre.play(&format!("{LINE} --self-refine --refiner gemini -o json"));
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["self_refine"]["refiner"]), (Some(0), &json!("gemini")), "{}", shown.stderr);
    let log = theatre.log();
    let of_gemini: Vec<_> = log.iter().filter(|one| one["vendor"] == "gemini").map(|one| &one["phase"]).collect();
    assert_eq!(of_gemini, ["critique"]);
    assert_eq!(ended["all_answers"].as_array().unwrap().len(), 2);
    let missing = Theatre::new(SCENE).closed("gemini");
    let shown = missing.play(&format!("{LINE} --self-refine --refiner gemini --allow-missing"));
    assert_eq!(shown.code, Some(4), "{}", shown.stderr);
    assert!(shown.stderr.contains("gemini is missing, and --refiner needs it"), "{}", shown.stderr);
}

#[test]
fn a_budget_that_ends_in_the_pass_keeps_the_answer() {
    let theatre = Theatre::new(SCENE);
    let shown = theatre.play("sample why -m claude -n 2 --self-refine --budget-calls 2 -o json");
    let ended = document(&shown);
    assert_eq!((shown.code, &ended["answer"]), (Some(5), &ended["winner"]["answer"]), "{}", shown.stderr);
    let resumed = theatre.play("resume 2 --budget-calls 9 -o json");
    assert_eq!(
        (resumed.code, &document(&resumed)["answer"]),
        (Some(0), &json!("A better text.")),
        "{}",
        resumed.stderr
    );
    let replayed = theatre.play("replay 2 -o json");
    assert_eq!((replayed.code, &replayed.stdout), (Some(0), &resumed.stdout));
}

#[test]
fn a_run_that_was_killed_in_the_pass_goes_on_to_the_same_end() {
    let line = "sample why -m claude -n 2 --self-refine -o json --seed 7";
    let undisturbed = document(&Theatre::new(SCENE).play(line));
    let theatre =
        Theatre::new(&format!("[[rule]]\nwhen = {{ phase = 'critique', nth = [1] }}\nact = ['hang']\n{SCENE}"));
    let child = theatre.command(shell_words::split(line).unwrap()).spawn().unwrap();
    theatre.wait_for_requests(3);
    signal(child.id(), "KILL");
    theatre.end(child);
    let before = settled(&records(&theatre.journal()));
    let resumed = theatre.play("resume 2 -o json");
    assert_eq!(essence(&document(&resumed)), essence(&undisturbed), "{}", resumed.stderr);
    let attempts = begun(&records(&theatre.journal()));
    assert!(before.len() == 2 && before.iter().all(|call| attempts[call] == 1), "{attempts:?}");
}

#[test]
fn refine_itself_is_not_refined_again() {
    let theatre = Theatre::new(SCENE).var("REFINERY_REFINE_ENABLED", "1");
    let shown = theatre.play("refine why -m claude --mode critique");
    assert_eq!((shown.code, critiques(&theatre)), (Some(0), 1), "{}", shown.stderr);
}
