//! What is to be said of a debate: whether the score stands still and at what, never who agrees.

use super::Row;
use crate::outcome::{DebateBody, Outcome, Status};
use crate::report::event_line::counted;
use crate::report::paint::Paint;

/// How it ended, in words.
pub(super) fn status(outcome: &Outcome, body: &DebateBody, paint: Paint) -> String {
    let open = counted(body.open_disagreements as u64, "open disagreement");
    let stands = match body.final_score {
        Some(score) => format!("{score} of 100, {open}"),
        None => "no round is whole".to_owned(),
    };
    match outcome.status {
        Status::Stable => paint.good(&format!("stable at {stands}")),
        Status::AllRounds => paint.good(&format!("all rounds held: {stands}")),
        Status::MaxRoundsExceeded => paint.warn(&format!("the rounds ran out before the score was stable: {stands}")),
        Status::MinScoreMissed => {
            let least = body.min_score.unwrap_or_default();
            let stable = if body.early_stop.is_some() { "stable at " } else { "" };
            paint.warn(&format!("below the score of {least} that was asked for: {stable}{stands}"))
        }
        Status::InsufficientModels if body.positions.is_empty() => paint.bad("nobody ever answered"),
        Status::InsufficientModels => paint.bad(&format!("nobody was left to ask: {stands}")),
        Status::BudgetExhausted => paint.warn(&format!("the budget ran out: {stands}")),
        Status::Parked => paint.warn(&format!("parked at a usage limit: {stands}")),
        Status::Cancelled => paint.warn(&format!("cancelled: {stands}")),
        _ => paint.bad(&format!("failed: {stands}")),
    }
}

/// What it found: the score of each round, who stands against whom, what the judge thinks of its own
/// account.
pub(super) fn facts(body: &DebateBody) -> Vec<Row> {
    let rounds = body.rounds.iter().map(|round| {
        let score = if round.complete { round.score.to_string() } else { "not whole".to_owned() };
        format!("round {} {score}", round.round)
    });
    let mut rows = vec![("Scores", rounds.collect::<Vec<_>>().join(", "))];
    rows.extend(
        body.disagreements()
            .iter()
            .map(|one| ("Disagree", format!("{} ({} and {}), {} apart", one.label, one.a, one.b, one.severity))),
    );
    if let Some(synthesis) = &body.synthesis {
        rows.push(("Judge", format!("{} of 100 confident of its account", synthesis.judge_confidence)));
    }
    rows
}

/// What speaks against it.
pub(super) fn reservations(body: &DebateBody) -> Vec<Row> {
    let judge = body.synthesis_error.iter().map(|failed| {
        let advice = failed.failure.advice();
        ("Judge", format!("no synthesis: {}: {}; {advice}", failed.failure, failed.message))
    });
    let dropped = body.models_dropped.iter().map(|one| {
        ("Dropped", format!("{}: {}: {}; {}", one.participant, one.reason, one.message, one.reason.advice()))
    });
    judge.chain(dropped).collect()
}
