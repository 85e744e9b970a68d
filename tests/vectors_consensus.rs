//! The conformance vectors of what consensus calls, each through that very function.

use crate::vectors::Kind;
use refinery_core::ids::{ParticipantId, Round};
use refinery_core::protocol::consensus::{ClosedRound, ClosingDecision, ClosingStrategy, VoteThreshold};
use refinery_core::protocol::parse::{Malformed, Shown, lenient_json, read_review};
use refinery_core::protocol::tally::{Scores, Standing};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Each kind, and what runs it.
pub const ALL: &[Kind] = &[
    ("lenient_json", lenient_json_vector),
    ("evaluation_reply", evaluation_reply_vector),
    ("vote_threshold_close", vote_threshold_close_vector),
];

fn lenient_json_vector(input: &Value) -> Value {
    match lenient_json(input["text"].as_str().unwrap()) {
        Ok(value) => json!({"parsed": value}),
        Err(_) => json!({"error": "ValueError"}),
    }
}

fn evaluation_reply_vector(input: &Value) -> Value {
    match read_review(input["text"].as_str().unwrap(), None, &Shown::default()) {
        Ok(review) => serde_json::to_value(review).unwrap(),
        Err(problem) => {
            assert!(!matches!(problem, Malformed::NoReviewOf(_)));
            json!({"malformed": true})
        }
    }
}

fn vote_threshold_close_vector(input: &Value) -> Value {
    let stability = u32::try_from(input["stability_rounds"].as_u64().unwrap()).unwrap();
    let strategy = VoteThreshold::new(input["threshold"].as_f64().unwrap(), stability);
    let rounds: Vec<Scores> = serde_json::from_value(input["scores_by_round"].clone()).unwrap();
    let names = rounds
        .iter()
        .flat_map(|scores| scores.iter().flat_map(|(reviewer, given)| std::iter::once(reviewer).chain(given.keys())));
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
}
