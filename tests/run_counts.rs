//! The numbers that a person reads: what a run may take at most, what it took, and cautions once.

use crate::support::fakes::install_as;
use crate::support::record::{begun, records};
use crate::support::sandbox::{Sandbox, document};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// Whatever is asked for in a form is asked for twice.
const MALFORMED: &str = "
    [[rule]]
    when = { phase = 'evaluate', lacks = ['could not be used'] }
    actions = [{ say = { text = 'Rather good, I would say.' } }]
    [[rule]]
    when = { phase = 'score', lacks = ['could not be used'] }
    actions = [{ say = { text = 'Rather good, I would say.' } }]
    [[rule]]
    when = { phase = 'evaluate' }
    actions = [{ review = { score = 5 } }]
    [[rule]]
    when = { phase = 'score' }
    actions = [{ review = { score = 5, rationale = 'Thin.' } }]
";

/// The number in the announcement on standard error.
fn announced(stderr: &str) -> u64 {
    let line = stderr.lines().find(|line| line.contains("; maximum ")).unwrap();
    let number = line.rsplit_once("; maximum ").unwrap().1.split(' ').next().unwrap();
    number.parse().unwrap()
}

#[test]
fn no_run_makes_more_calls_than_it_said() {
    for (line, all) in [
        ("why -m claude,codex,gemini --max-rounds 2", Some(30)),
        ("why -m claude,codex,gemini --max-rounds 2 --review batch", Some(18)),
        ("why -m claude,codex --max-rounds 2 --self-refine --verify", None),
        ("refine why -m claude,codex --judge codex --max-iterations 2", Some(9)),
        ("sample why -m claude --num-samples 3", Some(3)),
        ("debate why -m claude,codex --judge gemini --rounds 2", None),
        ("pipe why -m claude,codex --step 'consensus max_rounds=1' --step 'refine target_score=1'", None),
    ] {
        let sandbox = Sandbox::new(MALFORMED);
        let output = sandbox.run(&format!("{line} -o jsonl -v"));
        let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said = events[0]["max_calls"].as_u64().unwrap();
        assert_eq!(announced(&sandbox.run(&format!("{line} -v")).stderr), said, "{line}");
        let made = events.last().unwrap()["metadata"]["total_calls"].as_u64().unwrap();
        assert!(made <= said, "{line}: {made} of {said}");
        assert!(all.is_none_or(|all| (made, said) == (all, all)), "{line}: {made} of {said}");
        let dry = document(&sandbox.run(&format!("{line} --dry-run -o json")));
        assert_eq!(dry["total_calls_with_repairs"], said, "{line}");
    }
    // Round 1 by itself is still N² + N, repairs beside it.
    let dry = document(&Sandbox::new("").run("why -m claude,codex,gemini --dry-run -o json"));
    assert_eq!((&dry["rounds"][0]["calls"], &dry["rounds"][0]["repairs"]), (&12.into(), &6.into()));
}

fn sum(document: &Value, member: &str) -> u64 {
    document["participants"].as_array().unwrap().iter().map(|one| one[member].as_u64().unwrap()).sum()
}

#[test]
fn only_calls_that_began_are_counted() {
    for line in ["why -m claude,codex,gemini", "pipe why -m claude*5 --step 'sample num_samples=5'"] {
        let sandbox = Sandbox::new("");
        let output = sandbox.run(&format!("{line} --budget-calls 3 --max-concurrent 1 -o json"));
        let ended = document(&output);
        assert_eq!((output.code, sandbox.log().len()), (Some(5), 3), "{}", output.stderr);
        assert_eq!((&ended["metadata"]["total_calls"], &ended["metadata"]["total_attempts"]), (&3.into(), &3.into()));
        assert_eq!((sum(&ended, "calls"), sum(&ended, "failed_calls")), (3, 0), "{ended}");
        if let Some(step) = ended["steps"].get(0) {
            assert_eq!((&step["cost"]["calls"], &step["cost"]["attempts"]), (&3.into(), &3.into()));
        }
        assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
        let listed = document(&sandbox.run("runs -o json"));
        assert_eq!(listed[0]["calls"], 3);
        let shown = sandbox.run("runs show 2").stdout;
        let calls =
            shown.lines().filter_map(|line| line.split_once("): ")?.1.split_once(" calls")?.0.parse::<u64>().ok());
        assert_eq!(calls.sum::<u64>(), 3, "{shown}");
    }
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,codex,gemini --budget-calls 3 --max-concurrent 1");
    assert!(output.stderr.lines().any(|line| line.split_whitespace().eq(["Calls:", "3"])), "{}", output.stderr);
}

/// Everybody is content with one answer and with no other: once both have said so, the rest is not needed.
#[test]
fn nothing_begins_whose_answer_is_not_needed_any_more() {
    let says = |vendor: &str, word: &str| {
        format!(
            "[[rule]]\nwhen = {{ vendor = '{vendor}', phase = 'propose' }}\nactions = [{{ say = {{ text = '{word}' }} }}]\n"
        )
    };
    let script = [
        says("claude", "ALPHA it is"),
        says("codex", "BETA it is"),
        says("gemini", "GAMMA it is"),
        "[[rule]]\nwhen = { phase = 'evaluate', contains = ['ALPHA'] }\nactions = [{ review = { score = 10 } }]\n"
            .into(),
        "[[rule]]\nwhen = { phase = 'evaluate' }\nactions = [{ review = { score = 1 } }]\n".into(),
    ]
    .concat();
    let mut given_up = 0;
    for seed in 0..6 {
        let sandbox = Sandbox::new(&script);
        let output = sandbox.run(&format!(
            "why -m claude,codex,gemini --stability-rounds 1 --seed {seed} --max-concurrent {} -o jsonl",
            1 + seed % 2
        ));
        let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ended = events.last().unwrap();
        assert_eq!(ended["status"], "converged", "{}", output.stderr);
        let journal = records(&sandbox.journal());
        let last = journal.iter().rposition(|one| one["record"] == "told").unwrap();
        let late: Vec<_> = journal[last..].iter().filter(|one| one["record"] == "begun").collect();
        assert!(late.is_empty(), "{late:?}");
        let begun = begun(&journal).len();
        assert_eq!(ended["metadata"]["total_calls"], begun);
        given_up += events.iter().filter(|one| one["event"] == "call_queued").count() - begun;
    }
    assert!(given_up > 0, "every run needed all that it asked for: nothing was tried");
}

#[test]
fn a_step_that_is_cut_says_why() {
    const STEPS: &str = "pipe why -m claude,codex --step 'sample num_samples=2' --step 'consensus max_rounds=3'";
    let limit = |vendor: &str| {
        format!(
            "[[rule]]\nwhen = {{ vendor = '{vendor}', phase = 'evaluate' }}\n\
             actions = [{{ fail = {{ kind = 'usage-limit', resets_in_s = 7200 }} }}]\n"
        )
    };
    for (script, flags, code, status) in [
        (String::new(), "--budget-calls 5", 5, "budget_exhausted"),
        (limit("claude"), "", 6, "parked"),
        (limit("claude"), "--on-limit fail", 1, "error"),
    ] {
        let sandbox = Sandbox::new(&script);
        let output = sandbox.run(&format!("{STEPS} {flags} -o json"));
        let ended = document(&output);
        assert_eq!((output.code, &ended["status"]), (Some(code), &json!(status)), "{}", output.stderr);
        assert_eq!(ended["steps"][0]["outcome"]["status"], "no_majority", "what ended by itself stays as it was");
        assert_eq!(ended["steps"][1]["outcome"]["status"], status, "{ended}");
        assert_eq!(sandbox.run("replay 2 -o json").stdout, output.stdout);
        let text = Sandbox::new(&script).run(&format!("{STEPS} {flags}")).stderr;
        let line = text.lines().find(|line| line.trim_start().starts_with("step2 consensus:")).unwrap();
        assert!(line.contains(&status.replace('_', " ")), "{line}");
    }
}

/// Another model answers than the one that was asked for, and every time another one.
fn with_changing_models(sandbox: Sandbox) -> Sandbox {
    install_as(&sandbox.path("bin"), "claude-inner", "claude", &sandbox.path("script.toml")).unwrap();
    let path = sandbox.path("bin/claude");
    let inner = sandbox.path("bin/claude-inner").display().to_string();
    let words = format!("#!/bin/sh\n{inner} \"$@\" | /bin/sed -u \"s/claude-opus-4-8/claude-sonnet-$$/g\"\n");
    fs::write(&path, words).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
}

#[test]
fn a_caution_is_told_once() {
    const LINE: &str = "why -m claude-opus-4-8,codex --temperature 0.5";
    let warnings = |document: &Value| -> Vec<String> {
        let all = document["metadata"]["warnings"].as_array().unwrap();
        all.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let about = |words: &str, lines: &[String]| lines.iter().filter(|line| line.contains(words)).count();
    let sandbox = with_changing_models(Sandbox::new(""));
    let output = sandbox.run(&format!("{LINE} -o jsonl"));
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ended = events.last().unwrap();
    assert!(ended["metadata"]["total_calls"].as_u64().unwrap() >= 8);
    let lines = warnings(ended);
    assert_eq!((about("was asked for, but", &lines), about("temperature", &lines)), (1, 1), "{lines:?}");
    let told: Vec<_> = events.iter().filter(|one| one["event"] == "warning").map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let replayed = document(&sandbox.run("replay 2 -o json"));
    assert_eq!(warnings(&replayed), lines);
    // Ten of one model say it once, before the run, and the run not again.
    let ten = Sandbox::new("").run("sample why -m claude*10 --num-samples 10 --temperature 0.5 -o json");
    assert_eq!(warnings(&document(&ten)), ["claude: its CLI takes no temperature for claude-opus"]);
    let verbose = with_changing_models(Sandbox::new("")).run(&format!("{LINE} -v"));
    let lines: Vec<String> = verbose.stderr.lines().map(str::to_owned).collect();
    assert_eq!((about("was asked for, but", &lines), about("temperature", &lines)), (1, 1), "{}", verbose.stderr);
}
