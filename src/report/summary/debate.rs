//! The verdict of a debate: whether the score stands still and at what, never who agrees.

use super::{calls, cost};
use crate::outcome::{DebateBody, Finished, Status};
use crate::report::happening::{counted, millis};
use crate::report::paint::Paint;
use crate::report::table::table;

/// The verdict, several lines.
pub(super) fn summary(finished: &Finished, body: &DebateBody, paint: Paint) -> String {
    let mut rows = vec![("Status", status(finished, body, paint))];
    let rounds = body.rounds.iter().map(|round| {
        let score = if round.complete { round.score.to_string() } else { "not whole".to_owned() };
        format!("{} {score}", round.round)
    });
    rows.push(("Scores", rounds.collect::<Vec<_>>().join(", ")));
    rows.extend(
        body.open_disagreements()
            .iter()
            .map(|one| ("Disagree", format!("{} ({} and {}), {} apart", one.label, one.a, one.b, one.severity))),
    );
    if let Some(synthesis) = &body.synthesis {
        rows.push(("Judge", format!("{} of 100 confident of its account", synthesis.judge_confidence)));
    }
    if let Some(failed) = &body.synthesis_error {
        let said = format!("no synthesis: {}: {}; {}", failed.failure, failed.message, failed.failure.advice());
        rows.push(("Judge", paint.bad(&said)));
    }
    rows.push(("Calls", calls(&finished.totals)));
    rows.push(("Elapsed", millis(finished.totals.elapsed_ms)));
    rows.extend(cost(&finished.totals).map(|cost| ("Cost", cost)));
    rows.extend(body.models_dropped.iter().map(|one| {
        ("Dropped", format!("{}: {}: {}; {}", one.participant, one.reason, one.message, one.reason.advice()))
    }));
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![format!("{name}:"), value]).collect();
    table(&rows, &[])
}

fn status(finished: &Finished, body: &DebateBody, paint: Paint) -> String {
    let open = counted(body.open_disagreements().len() as u64, "open disagreement");
    let stands =
        body.final_score.map_or_else(|| "no round is whole".to_owned(), |score| format!("{score} of 100, {open}"));
    match finished.outcome.status {
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
        _ => paint.bad("failed"),
    }
}
