//! The conformance vectors of debates, each through the very function that the protocol calls; those
//! of the early stop through the whole machine.

use crate::support::debate::{debate, plan, play, said};
use crate::support::room::{self, failure};
use crate::vectors::Kind;
use refinery_core::exchange::CallSpec;
use refinery_core::failure::FailureClass;
use refinery_core::ids::{ParticipantId, Round};
use refinery_core::protocol::debate::{
    DebatePlan, Mulberry32, Phase, confidence, consensus_score, disagreements, judge_sections, label,
    strip_confidence_line,
};
use serde_json::{Value, json};

/// Each kind, and what runs it.
pub const ALL: &[Kind] = &[
    ("consensus_score", consensus_score_vector),
    ("confidence_marker", confidence_marker_vector),
    ("strip_confidence_line", strip_confidence_line_vector),
    ("disagreements", disagreements_vector),
    ("judge_sections", judge_sections_vector),
    ("mulberry32", mulberry32_vector),
    ("speaking_order", speaking_order_vector),
    ("round_label", round_label_vector),
    ("early_stop", early_stop_vector),
];

fn text(input: &Value) -> &str {
    input["text"].as_str().unwrap()
}

/// As the original reads a seed: whole, and its lower 32 bits.
fn seed(input: &Value) -> u64 {
    input["seed"].as_f64().unwrap() as u64
}

fn round(number: &Value) -> Round {
    Round::new(u32::try_from(number.as_u64().unwrap()).unwrap()).unwrap()
}

fn consensus_score_vector(input: &Value) -> Value {
    let confidences: Vec<f64> = serde_json::from_value(input["confidences"].clone()).unwrap();
    json!({"score": consensus_score(&confidences)})
}

fn confidence_marker_vector(input: &Value) -> Value {
    let read = confidence(text(input));
    json!({"value": read.value, "marker_found": read.marker_found})
}

fn strip_confidence_line_vector(input: &Value) -> Value {
    json!({"text": strip_confidence_line(text(input))})
}

fn disagreements_vector(input: &Value) -> Value {
    let said: Vec<(ParticipantId, f64)> = input["responses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|response| response["error"].is_null())
        .map(|one| (ParticipantId::new(one["participant"].as_str().unwrap()), one["confidence"].as_f64().unwrap()))
        .collect();
    let name = |id: &ParticipantId| {
        let all = input["participants"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id.as_str()).and_then(|one| one["name"].as_str())
    };
    let threshold = input["threshold"].as_f64().unwrap_or(DebatePlan::default().disagreement_threshold);
    json!({"disagreements": disagreements(round(&input["round"]), &said, threshold, name)})
}

fn judge_sections_vector(input: &Value) -> Value {
    let read = judge_sections(text(input));
    json!({
        "majority": read.majority, "minority": read.minority, "unresolved": read.unresolved,
        "judge_confidence": read.judge_confidence,
    })
}

fn mulberry32_vector(input: &Value) -> Value {
    let (mut words, mut fractions) = (Mulberry32::new(seed(input)), Mulberry32::new(seed(input)));
    let draws = 0..input["draws"].as_u64().unwrap();
    let values: Vec<f64> = draws.clone().map(|_| fractions.next_fraction()).collect();
    json!({"values": values, "u32": draws.map(|_| words.next_u32()).collect::<Vec<_>>()})
}

fn speaking_order_vector(input: &Value) -> Value {
    let items: Vec<String> = serde_json::from_value(input["items"].clone()).unwrap();
    let mut generator = Mulberry32::new(seed(input));
    let mut shuffled = || {
        let mut order = items.clone();
        generator.shuffle(&mut order);
        order
    };
    let orders: Vec<_> = (0..input["rounds"].as_u64().unwrap()).map(|_| shuffled()).collect();
    json!({"orders": orders})
}

fn round_label_vector(input: &Value) -> Value {
    let round = round(&input["round"]);
    let total = u32::try_from(input["total"].as_u64().unwrap()).unwrap();
    json!({"phase": Phase::of(round).as_str(), "label": label(round, total)})
}

fn early_stop_vector(input: &Value) -> Value {
    let rows: Vec<Vec<Option<u32>>> = serde_json::from_value(input["confidences_by_round"].clone()).unwrap();
    let options = &input["options"];
    let mut plan = plan(rows[0].len());
    // The original cuts a fraction off; what is out of range the machine itself moves into it.
    plan.rounds = options["maxRounds"].as_f64().map_or(plan.rounds, |rounds| rounds.max(0.0) as u32);
    plan.convergence_delta = options["convergenceDelta"].as_f64().unwrap_or(plan.convergence_delta);
    plan.early_stop = options["earlyStop"].as_bool().unwrap_or(plan.early_stop);
    let reply = |spec: &CallSpec| {
        let row = &rows[usize::try_from(spec.round.get()).unwrap().min(rows.len()) - 1];
        row[room::who(&spec.to)].map_or_else(|| failure(FailureClass::TimedOut), said)
    };
    let played = play(debate(&plan, room::material()), &reply);
    let body = played.body();
    let early_stop = body.early_stop.as_ref().map(|stop| json!({"round": stop.round, "delta": stop.delta}));
    json!({
        "scores": played.scores(), "rounds_completed": body.rounds_completed,
        "stop_reason": body.stop_reason, "early_stop": early_stop,
    })
}
