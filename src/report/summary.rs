//! The verdict for people: status, winner, scores, rounds, calls, time, money, and who disagreed.

mod debate;

use super::happening::{counted, millis, score_text};
use super::paint::Paint;
use super::table::{grouped, table};
use crate::exchange::Usage;
use crate::outcome::{Body, ConsensusBody, Finished, Status, Totals};

/// The verdict, several lines.
#[must_use]
pub fn summary(finished: &Finished, paint: Paint) -> String {
    match &finished.outcome.body {
        Body::Consensus(body) => consensus(finished, body, paint),
        Body::Debate(body) => debate::summary(finished, body, paint),
    }
}

fn consensus(finished: &Finished, body: &ConsensusBody, paint: Paint) -> String {
    let mut rows = vec![("Status", status(finished, paint))];
    if let Some(winner) = &body.winner {
        let mean = winner.mean_score.map_or(String::new(), |mean| format!(", mean score {}", score_text(mean)));
        rows.push(("Winner", format!("{} ({}{mean})", paint.bold(winner.participant.as_str()), winner.model_id)));
    }
    if body.all_answers.len() > 1 {
        rows.push(("Scores", all_scores(body)));
    }
    rows.push(("Rounds", body.final_round.to_string()));
    rows.push(("Calls", calls(&finished.totals)));
    rows.push(("Elapsed", millis(finished.totals.elapsed_ms)));
    rows.extend(cost(&finished.totals).map(|cost| ("Cost", cost)));
    if finished.totals.resumable {
        let after = finished.totals.resume_at.map_or_else(String::new, |at| format!(", after {at}"));
        rows.push(("Go on", format!("refinery resume {}{after}", finished.totals.run_id)));
    }
    rows.extend(body.dissent.iter().map(|one| {
        ("Dissent", format!("{} gave {}: {}", one.reviewer, score_text(one.score), first_line(&one.overall_assessment)))
    }));
    rows.extend(body.models_dropped.iter().map(|one| {
        ("Dropped", format!("{}: {}: {}; {}", one.participant, one.reason, one.message, one.reason.advice()))
    }));
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![format!("{name}:"), value]).collect();
    table(&rows, &[])
}

fn status(finished: &Finished, paint: Paint) -> String {
    let best = if finished.outcome.answer.is_some() { "best answer so far" } else { "no answer" };
    match finished.outcome.status {
        Status::Converged => paint.good("converged"),
        Status::SingleModel => paint.good("single model, reviewed by nobody"),
        Status::MaxRoundsExceeded => paint.warn(&format!("the rounds ran out before they agreed: {best}")),
        Status::InsufficientModels => paint.bad(&format!("fewer than two models could answer: {best}")),
        Status::BudgetExhausted => paint.warn(&format!("the budget ran out: {best}")),
        Status::Parked => paint.warn(&format!("parked at a usage limit: {best}")),
        Status::Cancelled => paint.warn(&format!("cancelled: {best}")),
        Status::Error => paint.bad("failed"),
        Status::Stable | Status::AllRounds | Status::MinScoreMissed => finished.outcome.status.as_str().to_owned(),
    }
}

fn all_scores(body: &ConsensusBody) -> String {
    let score = |mean: Option<f64>| mean.map_or_else(|| "not scored".to_owned(), score_text);
    body.all_answers
        .iter()
        .map(|one| format!("{} {}", one.participant, score(one.mean_score)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn calls(totals: &Totals) -> String {
    if totals.total_attempts == totals.total_calls {
        return grouped(totals.total_calls);
    }
    format!("{} ({})", grouped(totals.total_calls), counted(totals.total_attempts, "attempt"))
}

/// Tokens and dollars as the vendors said them; nothing if none did.
fn cost(totals: &Totals) -> Option<String> {
    let sum = totals.participants.iter().fold(Usage::default(), |sum, one| sum.plus(one.usage));
    let mut parts = Vec::new();
    if let (Some(input), Some(output)) = (sum.input_tokens, sum.output_tokens) {
        parts.push(format!("{} tokens in, {} out", grouped(input), grouped(output)));
    }
    if let Some(dollars) = sum.cost_usd {
        let notional = totals.participants.iter().any(|one| one.usage.cost_usd.is_some() && one.pool != "api_key");
        parts.push(format!("${dollars:.2}{}", if notional { " at list prices, a plan pays" } else { "" }));
    }
    if parts.is_empty() {
        return None;
    }
    let unknown: u64 = totals.participants.iter().map(|one| one.attempts_without_usage).sum();
    if unknown > 0 {
        parts.push(format!("{} not counted by the vendor", counted(unknown, "attempt")));
    }
    Some(parts.join("; "))
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no words");
    match line.char_indices().nth(160) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
