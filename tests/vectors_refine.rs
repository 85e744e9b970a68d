//! The conformance vectors of counting and refining, each through the very function, or the whole
//! machine, that runs are made of.

use crate::support::room::{failure, text};
use crate::support::simulate::{material, members, play};
use crate::vectors::Kind;
use refinery_core::exchange::CallSpec;
use refinery_core::failure::FailureClass;
use refinery_core::outcome::{Body, Outcome, SamplingBody, Status};
use refinery_core::protocol::parse::read_critique;
use refinery_core::protocol::refine::{
    CritiquePlan, ScoreWatch, SelfRefine, SelfRefinePlan, applies_to, converged_refine,
};
use refinery_core::protocol::sampling::{Normaliser, Strategy, Vote};
use refinery_core::protocol::{Input, Outbox, Protocol};
use serde_json::{Value, json};
use std::cell::Cell;

/// Each kind, and what runs it.
pub const ALL: &[Kind] = &[
    ("majority_vote", majority_vote_vector),
    ("unanimous_vote", unanimous_vote_vector),
    ("refine_stop", refine_stop_vector),
    ("converged_refine", converged_refine_vector),
    ("critique_revised", critique_revised_vector),
    ("refine_excludes", refine_excludes_vector),
    ("refine_hook", refine_hook_vector),
];

fn vote(input: &Value) -> (Vec<String>, Vote) {
    let samples: Vec<String> = serde_json::from_value(input["samples"].clone()).unwrap();
    let strategy: Strategy = input["strategy"].as_str().unwrap().parse().unwrap();
    let forms: Vec<_> = samples.iter().map(|text| Some(Normaliser::Whitespace.form(text))).collect();
    let vote = Vote::count(strategy, &forms);
    (samples, vote)
}

fn majority_vote_vector(input: &Value) -> Value {
    let (samples, vote) = vote(input);
    let index = vote.winning_sample().unwrap();
    json!({
        "winner": samples[index], "winner_index": index, "agreement_ratio": vote.agreement(samples.len()),
        "unique_responses": vote.groups.len(), "tie_count": vote.ties,
    })
}

fn unanimous_vote_vector(input: &Value) -> Value {
    let (samples, vote) = vote(input);
    if !vote.reached {
        return json!({"error": "ConsensusFailedError"});
    }
    json!({
        "winner": samples[vote.winning_sample().unwrap()], "agreement_ratio": vote.agreement(samples.len()),
        "unique_responses": vote.groups.len(), "tie_count": vote.ties,
    })
}

fn refine_stop_vector(input: &Value) -> Value {
    let params = &input["params"];
    let patience = u32::try_from(params["patience"].as_u64().unwrap()).unwrap();
    let delta = params["delta_threshold"].as_f64().unwrap();
    let mut watch = ScoreWatch::new(params["score_threshold"].as_f64(), patience, delta);
    let scores = input["scores"].as_array().unwrap().iter().map(|score| score.as_f64().unwrap());
    let stops: Vec<bool> = scores.map(|score| watch.observe(score).is_some()).collect();
    json!({"should_stop": stops, "first_stop_index": stops.iter().position(|stop| *stop)})
}

fn converged_refine_vector(input: &Value) -> Value {
    let (a, b) = (input["a"].as_str().unwrap(), input["b"].as_str().unwrap());
    json!(converged_refine(a, b, input["epsilon"].as_i64().unwrap()))
}

fn critique_revised_vector(input: &Value) -> Value {
    let reply = input["text"].as_str().unwrap();
    let read = read_critique(reply);
    json!({
        "critique": read.critique, "revised": read.revised, "fallback_whole_reply": read.is_whole_reply(),
        "output": read.output(reply),
    })
}

fn refine_excludes_vector(input: &Value) -> Value {
    let excludes: Vec<String> = serde_json::from_value(input["excludes"].clone()).unwrap();
    json!(applies_to(input["agent"].as_str().unwrap(), &excludes))
}

/// A run that is over as soon as it begins.
struct Over(Outcome);

impl Protocol for Over {
    fn start(&mut self, out: &mut Outbox) {
        out.finish(self.0.clone());
    }
    fn on(&mut self, _: Input, _: &mut Outbox) {}
    fn conclude(&self) -> Option<Outcome> {
        Some(self.0.clone())
    }
}

fn refine_hook_vector(input: &Value) -> Value {
    let draft = input["draft"].as_str().unwrap();
    let status = if input["worker_error"] == true { Status::Error } else { Status::Agreed };
    let body = Body::Sample(SamplingBody::default());
    let inner = Box::new(Over(Outcome::new(status, Some(draft.to_owned()), body)));
    if input["enabled"] != true {
        // Then there is no pass around the run.
        return json!({"output": draft, "refiner_calls": 0, "replaced": false});
    }
    let usual = CritiquePlan::default();
    let exclude: Option<Vec<String>> = serde_json::from_value(input["exclude"].clone()).unwrap();
    let plan = SelfRefinePlan {
        peer_judge: false,
        critique: CritiquePlan {
            max_passes: input["max_passes"].as_i64().unwrap_or(usual.max_passes),
            min_bytes: input["min_bytes"].as_u64().unwrap_or(usual.min_bytes),
            epsilon: input["epsilon"].as_i64().unwrap_or(usual.epsilon),
            exclude: exclude.unwrap_or(usual.exclude),
            verify: false,
            ..CritiquePlan::default()
        },
        judge: None,
        wrote: input["agent"].as_str().map(str::to_owned),
        tuning: refinery_core::exchange::Tuning::default(),
    };
    let replies = input["refiner_replies"].as_array().unwrap();
    let asked = Cell::new(0);
    let reply = |_: &CallSpec| {
        let reply = replies[asked.get() % replies.len()].as_str().unwrap();
        asked.set(asked.get() + 1);
        if reply == "!ERR" { failure(FailureClass::Crashed) } else { text(reply) }
    };
    let run = SelfRefine::new(inner, plan, members(&["ada"]), material(input["task"].as_str().unwrap()));
    let done = play(run, &reply);
    let refined = done.outcome.self_refine.as_ref().unwrap();
    assert_eq!(done.outcome.status, status, "a pass never changes how the run ended");
    assert_eq!(refined.skipped.is_some(), asked.get() == 0);
    json!({"output": done.outcome.answer, "refiner_calls": asked.get(), "replaced": refined.changed})
}
