//! Random scripts: whatever models do, a run ends with a documented exit code, one whole document,
//! and nothing left behind.

use crate::support::sandbox::{Sandbox, document};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

/// What a child may do instead of what it should.
const ODD: [&str; 22] = [
    "{ fail = { kind = 'overloaded' } }",
    "{ fail = { kind = 'rate-limit', retry_after_s = 0 } }",
    "{ fail = { kind = 'usage-limit', resets_in_s = 60 } }",
    "{ fail = { kind = 'unauthorized' } }",
    "{ fail = { kind = 'cut-stream', partial = 'half' } }",
    "{ fail = { kind = 'refusal' } }",
    "{ fail = { kind = 'empty' } }",
    "{ fail = { kind = 'too-long' } }",
    "{ fail = { kind = 'schema-missed' } }",
    "{ say = { text = 'not JSON, whatever was asked for' } }",
    "{ say = { text = '{\"score\": 12}' } }",
    "{ say = { text = '   ' } }",
    "{ print = { hex = 'ff00fe0a' } }, { exit = 0 }",
    "{ print = { text = '{\"type\":', to = 'stdout' } }, { exit = 1 }",
    "{ flood = { bytes = 3000000, to = 'stderr' } }, { draft = {} }",
    "{ line = { bytes = 3000000 } }, { draft = {} }",
    "{ signal = 'KILL' }",
    "{ signal = 'SEGV' }",
    "'close-stdout', { exit = 0 }",
    "'close-stdin', { draft = {} }",
    "{ deaf = ['TERM'] }, 'hang'",
    "{ grandchild = { seconds = 100, own_session = true, deaf = true } }, { draft = {} }",
];

/// Who misbehaves how, when, and which of the times.
fn rule() -> impl Strategy<Value = String> {
    let vendor = prop::sample::select(vec!["claude", "codex", "gemini"]);
    let phase = prop::sample::select(vec!["propose", "evaluate", "refine"]);
    let times = prop::sample::select(vec!["[1]", "[1, 2]", "[2, 4]", "[1, 2, 3, 4, 5, 6, 7, 8, 9]"]);
    (vendor, phase, times, prop::sample::select(ODD.to_vec())).prop_map(|(vendor, phase, times, act)| {
        format!("[[rule]]\nwhen = {{ vendor = '{vendor}', phase = '{phase}', nth = {times} }}\nactions = [{act}]\n")
    })
}

/// A script and the arguments of a run.
fn case() -> impl Strategy<Value = (String, String)> {
    let models = prop::sample::select(vec!["claude,codex,gemini", "claude,gemini", "codex*2,claude", "gemini"]);
    let review = prop::sample::select(vec!["pairwise", "batch"]);
    let script = (0u64..1000, 0u32..30, prop::collection::vec(rule(), 0..5)).prop_map(|(seed, latency, rules)| {
        format!("seed = {seed}\nlatency = {{ median_ms = {latency}, sigma = 0.6 }}\n{}", rules.concat())
    });
    let line = (models, review, 1u32..4, 0u32..2, 0u32..4, 0u64..1000).prop_map(
        |(models, review, rounds, retries, limit, seed)| {
            format!(
                "why -m '{models}' --review {review} -r {rounds} --stability-rounds 1 --retries {retries} --max-concurrent {limit} --seed {seed} --timeout 3"
            )
        },
    );
    (script, line)
}

#[test]
fn a_run_always_ends_and_always_says_how() {
    let config = Config { cases: 30, failure_persistence: None, max_shrink_iters: 20, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&case(), |(script, line)| {
        let sandbox = Sandbox::new(&script);
        let output = sandbox.run(&format!("{line} -o json"));
        let document = document(&output);
        let status = document["status"].as_str().unwrap();
        let code = match status {
            "converged" | "single_model" => 0,
            "error" => 1,
            "max_rounds_exceeded" => 2,
            "insufficient_models" => 3,
            other => panic!("{other}"),
        };
        prop_assert_eq!(output.code, Some(code), "{}: {}", status, output.stderr);
        check(&document);
        Ok(())
    });
    result.unwrap();
}

/// What must be so in every document.
fn check(document: &Value) {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let accounts = list(&document["participants"]);
    let sum = |what: &str| accounts.iter().map(|one| one[what].as_u64().unwrap()).sum::<u64>();
    assert_eq!(document["metadata"]["total_calls"], sum("calls"));
    assert_eq!(document["metadata"]["total_attempts"], sum("attempts"));
    // Whoever is named as dropped takes part, once; and the winner has an answer of its own.
    let names: Vec<_> = accounts.iter().map(|one| one["participant"].as_str().unwrap()).collect();
    let dropped: Vec<_> = list(&document["metadata"]["models_dropped"]);
    let dropped: Vec<_> = dropped.iter().map(|one| one["participant"].as_str().unwrap()).collect();
    assert!(dropped.iter().all(|who| names.contains(who)), "{dropped:?}");
    assert_eq!(dropped.len(), dropped.iter().collect::<std::collections::BTreeSet<_>>().len(), "{dropped:?}");
    if let Some(winner) = document["winner"].as_object() {
        let answers = list(&document["all_answers"]);
        assert!(
            answers.iter().any(|one| one["participant"] == winner["participant"] && one["answer"] == winner["answer"])
        );
        assert!(!winner["answer"].as_str().unwrap().trim().is_empty());
    } else {
        assert!(document["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{document}");
    }
    for round in list(&document["rounds"]) {
        for (reviewer, given) in round["scores"].as_object().unwrap() {
            for (author, score) in given.as_object().unwrap() {
                assert_ne!(reviewer, author, "nobody scores itself");
                assert!((1.0..=10.0).contains(&score.as_f64().unwrap()));
            }
        }
    }
}
