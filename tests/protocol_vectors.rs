//! The conformance vectors of what consensus calls, each through that very function.

use refinery_core::ids::{ParticipantId, Round};
use refinery_core::protocol::consensus::{ClosedRound, ClosingDecision, ClosingStrategy, VoteThreshold};
use refinery_core::protocol::parse::{Malformed, lenient_json, read_review};
use refinery_core::protocol::tally::{Scores, Standing};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Runs every vector of a kind and prints how many passed; fails with all that did not.
pub fn check(kind: &str, run: impl Fn(&Value) -> Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/conformance/{kind}.json"));
    let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let failed: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            let got = run(&vector["input"]);
            let expected = &vector["expected"];
            (!same(&got, expected)).then(|| format!("{}: expected {expected}, got {got}", vector["id"]))
        })
        .collect();
    let passed = vectors.len() - failed.len();
    println!("{:<24}{:>8}{:>8}\n{kind:<24}{passed:>8}{:>8}", "kind", "passed", "total", vectors.len());
    assert!(!vectors.is_empty() && failed.is_empty(), "{kind}:\n{}", failed.join("\n"));
}

/// Equal, numbers within 1e-9. What an expected error says besides its kind is informative.
fn same(got: &Value, expected: &Value) -> bool {
    match (got, expected) {
        (Value::Number(got), Value::Number(expected)) => {
            (got.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 1e-9
        }
        (Value::Array(got), Value::Array(expected)) => {
            got.len() == expected.len() && got.iter().zip(expected).all(|(got, expected)| same(got, expected))
        }
        (Value::Object(got), Value::Object(expected)) if expected.contains_key("error") => {
            got.get("error") == expected.get("error")
        }
        (Value::Object(got), Value::Object(expected)) => {
            let keys: BTreeSet<&String> = got.keys().chain(expected.keys()).collect();
            keys.into_iter().all(|key| match (got.get(key), expected.get(key)) {
                (Some(got), Some(expected)) => same(got, expected),
                _ => false,
            })
        }
        _ => got == expected,
    }
}

#[test]
fn lenient_json_vectors() {
    check("lenient_json", |input| match lenient_json(input["text"].as_str().unwrap()) {
        Ok(value) => json!({"parsed": value}),
        Err(_) => json!({"error": "ValueError"}),
    });
}

#[test]
fn evaluation_reply_vectors() {
    check("evaluation_reply", |input| match read_review(input["text"].as_str().unwrap(), None) {
        Ok(review) => serde_json::to_value(review).unwrap(),
        Err(problem) => {
            assert!(!matches!(problem, Malformed::NoReviewOf(_)));
            json!({"malformed": true})
        }
    });
}

#[test]
fn vote_threshold_close_vectors() {
    check("vote_threshold_close", |input| {
        let stability = u32::try_from(input["stability_rounds"].as_u64().unwrap()).unwrap();
        let strategy = VoteThreshold::new(input["threshold"].as_f64().unwrap(), stability);
        let rounds: Vec<Scores> = serde_json::from_value(input["scores_by_round"].clone()).unwrap();
        let names = rounds.iter().flat_map(|scores| {
            scores.iter().flat_map(|(reviewer, given)| std::iter::once(reviewer).chain(given.keys()))
        });
        let order: Vec<ParticipantId> = names.cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let mut earlier: Vec<Standing> = Vec::new();
        let mut closed = Vec::new();
        let mut converged_in = Value::Null;
        for (place, scores) in rounds.into_iter().enumerate() {
            let round = Round::new(u32::try_from(place).unwrap() + 1).unwrap();
            let standing = Standing::of(round, &order, scores, earlier.last());
            let decision = strategy.close(&ClosedRound { standing: &standing, earlier: &earlier });
            let converged = decision != ClosingDecision::Continue;
            closed.push(json!({
                "round": round, "mean_scores": standing.means, "leader": standing.leader,
                "stable_rounds": standing.stable, "converged": converged,
            }));
            earlier.push(standing);
            if converged {
                converged_in = json!(round);
                break;
            }
        }
        json!({"plan_order": order, "rounds": closed, "converged_in_round": converged_in})
    });
}
