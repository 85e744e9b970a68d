//! CLIs that are kept: one process answers many calls, and nothing of one is in another.

use crate::support::sandbox::{Sandbox, document, signal};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A consensus of two rounds at most, of processes that are kept where they can be.
const RUN: &str = "why -m claude,codex --transport kept --max-rounds 2 -o json";

fn by_process(sandbox: &Sandbox) -> BTreeMap<u64, Vec<Value>> {
    let mut all = BTreeMap::<u64, Vec<Value>>::new();
    for one in sandbox.log().into_iter().filter(|one| one["vendor"] == "claude") {
        all.entry(one["pid"].as_u64().unwrap()).or_default().push(one);
    }
    all
}

/// Every prompt was the only one of its conversation.
fn assert_apart(sandbox: &Sandbox) {
    let log = sandbox.log();
    assert!(log.iter().all(|one| one["history"] == 1), "{log:#?}");
}

fn rule(when: &str, actions: &str) -> String {
    format!("[[rule]]\nwhen = {{ {when} }}\nactions = [{actions}]\n")
}

fn account<'a>(document: &'a Value, who: &str) -> &'a Value {
    document["participants"].as_array().unwrap().iter().find(|one| one["participant"] == who).unwrap()
}

#[test]
fn one_process_answers_many_calls_and_the_run_is_the_same() {
    let outcome = |transport: &str| {
        let sandbox = Sandbox::new("");
        let output =
            sandbox.run(&format!("why -m claude,codex --max-rounds 2 -o json --seed 1 --transport {transport}"));
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_apart(&sandbox);
        let mut document = document(&output);
        // A sum of costs depends on their order.
        for one in document["participants"].as_array_mut().unwrap() {
            let cost = &mut one["usage"]["cost_usd"];
            *cost = json!(cost.as_f64().map(|cost| (cost * 1e9).round()));
        }
        (document["winner"].clone(), document["participants"].clone(), document["rounds"].clone(), by_process(&sandbox))
    };
    let (winner, participants, rounds, processes) = outcome("kept");
    let once = outcome("oneshot");
    assert_eq!((winner, participants, rounds), (once.0, once.1, once.2));
    assert_eq!(once.3.len(), 4, "one process per call");
    // What is fixed at the start: a proposal has no schema, a review has one.
    let schemas =
        |calls: &Vec<Value>| calls.iter().map(|one| one["schema"].as_bool().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(processes.len(), 2, "{processes:#?}");
    assert!(processes.values().all(|calls| calls.len() == 2 && schemas(calls).len() == 1), "{processes:#?}");
    let calls: BTreeSet<_> = processes.values().flatten().map(|one| one["call"].as_str().unwrap()).collect();
    assert_eq!(calls.len(), 4, "each process hears which call it answers");
}

#[test]
fn without_a_version_that_was_tested_each_call_has_a_process() {
    for (line, said) in [
        ("-v", "claude: one process per call: its version is unknown\n"),
        ("-v --transport oneshot", "claude: one process per call: as asked for\n"),
        ("", ""),
    ] {
        let sandbox = Sandbox::new("");
        let output = sandbox.run(&format!("why -m claude,codex --max-rounds 2 {line}"));
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(output.stderr.matches("claude: one process per call").count(), usize::from(!said.is_empty()));
        assert!(output.stderr.contains(said), "{}", output.stderr);
        assert!(by_process(&sandbox).values().all(|calls| calls.len() == 1));
    }
}

#[test]
fn a_failure_leaves_the_process_and_nothing_in_it() {
    let fails = rule("vendor = 'claude', phase = 'propose', nth = [1]", "{ fail = { kind = 'overloaded' } }");
    let sandbox = Sandbox::new(&fails);
    let document = document(&sandbox.run(RUN));
    let claude = account(&document, "claude");
    assert_eq!((&claude["calls"], &claude["attempts"]), (&json!(4), &json!(5)));
    assert_apart(&sandbox);
    assert_eq!(by_process(&sandbox).len(), 2);
}

#[test]
fn a_process_that_dies_takes_its_call_to_another_one() {
    for dies in ["{ print = { text = 'half' } }, { signal = 'KILL' }", "{ exit = 3 }"] {
        let sandbox = Sandbox::new(&rule("vendor = 'claude', phase = 'evaluate', nth = [1]", dies));
        let output = sandbox.run(&format!("{RUN} -v"));
        let document = document(&output);
        assert_eq!((output.code, &document["status"]), (Some(0), &json!("converged")), "{}", output.stderr);
        let claude = account(&document, "claude");
        assert_eq!((&claude["calls"], &claude["attempts"], &claude["failed_calls"]), (&json!(4), &json!(5), &json!(0)));
        assert!(output.stderr.contains("failed: crashed; retrying"), "{}", output.stderr);
        assert_apart(&sandbox);
        assert_eq!(by_process(&sandbox).len(), 3);
    }
}

#[test]
fn a_process_that_does_not_forget_is_asked_no_more() {
    for reset in
        ["{ say = { text = \"/clear isn't available in this environment.\" } }", "{ signal = 'KILL' }", "{ exit = 0 }"]
    {
        let sandbox = Sandbox::new(&rule("vendor = 'claude', begins = '/clear'", reset));
        let document = document(&sandbox.run(RUN));
        assert_eq!(document["status"], "converged", "{reset}");
        assert_eq!(account(&document, "claude")["attempts"], 4, "{reset}: no call was lost");
        assert_apart(&sandbox);
        assert!(
            by_process(&sandbox).values().all(|calls| calls.iter().filter(|one| one["phase"] != "answer").count() == 1)
        );
    }
}

#[test]
fn a_silent_call_is_interrupted_alone() {
    let sandbox = Sandbox::new(&rule("vendor = 'claude', phase = 'propose', nth = [1]", "'hang'"));
    let output = sandbox.run(&format!("{RUN} -v --timeout 5s"));
    assert_eq!(document(&output)["status"], "converged", "{}", output.stderr);
    assert!(output.stderr.contains("r1/propose/claude: failed: timed_out; retrying"), "{}", output.stderr);
    assert_apart(&sandbox);
    let log = sandbox.log();
    let asked: Vec<_> = log.iter().filter(|one| one["call"] == "r1/propose/claude").map(|one| &one["pid"]).collect();
    assert_eq!(asked[0], asked[1], "the process that was silent answers the next attempt");
}

#[test]
fn a_signal_ends_processes_that_are_kept() {
    let hangs = rule("phase = 'refine'", "'hang'");
    for (name, times) in [("INT", 1), ("INT", 2), ("KILL", 1)] {
        let sandbox = Sandbox::new(&hangs);
        let words = ["why", "-m", "claude,gemini", "--transport", "kept", "--state-dir", "state"];
        let child = sandbox.command(words).spawn().unwrap();
        sandbox.wait_for_requests(6);
        (0..times).for_each(|_| signal(child.id(), name));
        let output = sandbox.wait(child);
        assert_eq!(output.code, Some(if name == "KILL" { -9 } else { 1 }), "{}", output.stderr);
        assert_eq!(output.stdout.starts_with("This is draft "), name != "KILL", "{}", output.stdout);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn debug_shows_each_process_and_each_of_its_calls() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("sample why -m claude -n 2 --transport kept --max-concurrent 1 --debug --state-dir state");
    let lines: Vec<_> = output.stderr.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(lines.iter().filter(|line| **line == "# worker claude.1").count(), 1, "{lines:?}");
    for turn in 1..=2 {
        let of_turn = |line: &&&str| line.ends_with(&format!(" attempt 1: turn {turn} of worker claude.1"));
        assert_eq!(lines.iter().filter(of_turn).count(), 1, "{lines:?}");
    }
    assert!(lines.last().unwrap().starts_with("# worker claude.1 ended ("), "{lines:?}");
}

/// Runs with codex and gemini. The document, and what was said meanwhile.
fn codex(script: &str, line: &str) -> (Sandbox, Value, String) {
    let sandbox = Sandbox::new(script);
    let output = sandbox.run(&format!("why -m codex,gemini --transport kept --max-rounds 2 -o json -v {line}"));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_apart(&sandbox);
    let document = document(&output);
    (sandbox, document, output.stderr)
}

/// What a CLI was asked, and by which processes.
fn asked_of(vendor: &str, sandbox: &Sandbox) -> (Vec<Value>, BTreeSet<u64>) {
    let all: Vec<_> = sandbox.log().into_iter().filter(|one| one["vendor"] == vendor).collect();
    let processes = all.iter().map(|one| one["pid"].as_u64().unwrap()).collect();
    (all, processes)
}

#[test]
fn one_process_answers_calls_that_differ_in_everything() {
    let sandbox = Sandbox::new("");
    let words = "why -m codex/gpt-5.5@low,codex/gpt-6-sol@high --transport kept --max-rounds 2 -o json --seed 1";
    let output = sandbox.run(words);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_apart(&sandbox);
    let (asked, processes) = asked_of("codex", &sandbox);
    assert_eq!(processes.len(), 1, "{asked:#?}");
    let of = |name: &str| asked.iter().map(|one| one[name].to_string()).collect::<BTreeSet<_>>().len();
    assert_eq!((of("model"), of("effort"), of("schema"), of("call")), (2, 2, 2, asked.len()), "{asked:#?}");
    assert!(asked.iter().all(|one| !one["argv"].to_string().contains("gpt-")), "{asked:#?}");
}

#[test]
fn a_failed_turn_leaves_the_process_and_has_its_class() {
    for (kind, class) in [("overloaded", "overloaded"), ("rate-limit", "rate_limited"), ("server-error", "overloaded")]
    {
        let fails = format!("{{ fail = {{ kind = '{kind}' }} }}");
        let (sandbox, document, said) = codex(&rule("vendor = 'codex', phase = 'propose', nth = [1]", &fails), "");
        let codex = account(&document, "codex");
        assert_eq!((&codex["calls"], &codex["attempts"]), (&json!(4), &json!(5)), "{kind}");
        assert!(said.contains(&format!("r1/propose/codex: failed: {class}; retrying")), "{said}");
        assert_eq!(asked_of("codex", &sandbox).1.len(), 1, "{kind}");
    }
}

#[test]
fn a_silent_turn_is_interrupted_and_its_thread_is_not_asked_again() {
    let (sandbox, document, _) =
        codex(&rule("vendor = 'codex', phase = 'propose', nth = [1]", "'hang'"), "--timeout 5s");
    assert_eq!(document["status"], "converged");
    let (asked, processes) = asked_of("codex", &sandbox);
    assert_eq!((asked.len(), processes.len()), (5, 1), "{asked:#?}");
}

#[test]
fn a_process_that_dies_takes_all_its_calls_to_another_one() {
    let dies =
        rule("vendor = 'codex', phase = 'evaluate', nth = [1]", "{ print = { text = 'half' } }, { signal = 'KILL' }");
    let (sandbox, document, _) = codex(&dies, "");
    let codex = account(&document, "codex");
    assert_eq!((&document["status"], &codex["failed_calls"]), (&json!("converged"), &json!(0)));
    assert_eq!(asked_of("codex", &sandbox).1.len(), 2);
}

#[test]
fn a_process_of_gemini_has_sessions_at_once() {
    // None of them is answered before all are asked.
    let sandbox = Sandbox::new(
        "[[rule]]\nwhen = { vendor = 'gemini' }\nlatency = { median_ms = 500 }\nactions = [{ draft = {} }]\n",
    );
    let output = sandbox.run("sample why -m gemini -n 4 --transport kept -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let (asked, processes) = asked_of("gemini", &sandbox);
    assert_eq!(processes.len(), 1, "{asked:#?}");
    let calls: BTreeSet<_> = asked.iter().map(|one| one["call"].as_str().unwrap()).collect();
    assert_eq!(calls.len(), 4, "each session hears which call it answers");
}

#[test]
fn a_session_that_does_not_say_why_is_asked_once_more_by_itself() {
    for (kind, said, asked) in
        [("refusal", "declined", [1, 1]), ("empty", "empty", [2, 2]), ("server-error", "overloaded", [2, 0])]
    {
        let fails = rule("vendor = 'gemini', phase = 'propose'", &format!("{{ fail = {{ kind = '{kind}' }} }}"));
        let sandbox = Sandbox::new(&fails);
        let output = sandbox.run("why -m claude,gemini --transport kept --max-rounds 1 --retries 1 -v");
        assert!(output.stderr.contains(&format!("r1/propose/gemini: attempt 1 failed: {said}: ")), "{}", output.stderr);
        let log = sandbox.log();
        let proposals = log.iter().filter(|one| one["call"] == "r1/propose/gemini");
        let (kept, own): (Vec<_>, Vec<_>) =
            proposals.partition(|one| one["argv"].as_array().unwrap().contains(&json!("--acp")));
        assert_eq!([kept.len(), own.len()], asked, "{kind}: {kept:?} {own:?}");
    }
}

#[test]
fn a_session_of_gemini_is_cancelled_alone() {
    let sandbox = Sandbox::new(&rule("vendor = 'gemini', phase = 'answer', nth = [1]", "'hang'"));
    let output = sandbox.run("sample why -m gemini -n 3 --transport kept --timeout 5s -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let (asked, processes) = asked_of("gemini", &sandbox);
    assert_eq!(processes.len(), 1, "{asked:#?}");
}

#[test]
fn what_counts_output_tokens_needs_processes_that_tell_them() {
    for (limit, processes) in [("", 1), ("--reply-tokens 500", 2), ("--budget-output-tokens 99999", 2)] {
        let sandbox = Sandbox::new("");
        let output = sandbox.run(&format!("sample why -m gemini -n 2 --transport kept {limit}"));
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert_eq!(asked_of("gemini", &sandbox).1.len(), processes, "{limit}");
    }
}
