//! Rows of a debate: whether its score is stable and at what value; a debate has no winner.

use crate::outcome::{DebateBody, Outcome, Status};
use crate::report::paint::Paint;
use crate::words::counted;

/// The status in words.
pub(super) fn status(outcome: &Outcome, body: &DebateBody, paint: Paint) -> String {
    let open = counted(body.open_disagreements as u64, "confidence gap");
    let stands = match body.final_score {
        Some(score) => format!("{score} of 100, {open}"),
        None => "no complete round".to_owned(),
    };
    match outcome.status {
        Status::Stable => paint.good(&format!("stable at {stands}")),
        Status::AllRounds => paint.good(&format!("all rounds completed: {stands}")),
        Status::MaxRoundsExceeded => {
            paint.warn(&format!("score not stable within the maximum number of rounds: {stands}"))
        }
        Status::MinScoreMissed => {
            let least = body.min_score.unwrap_or_default();
            let stable = if body.early_stop.is_some() { "stable at " } else { "" };
            paint.warn(&format!("below the required score of {least}: {stable}{stands}"))
        }
        Status::InsufficientModels if body.positions.is_empty() => paint.bad("no model answered"),
        Status::InsufficientModels => paint.bad(&format!("too few models left: {stands}")),
        Status::BudgetExhausted => paint.warn(&format!("budget exhausted: {stands}")),
        Status::Parked => paint.warn(&format!("paused at a usage limit: {stands}")),
        Status::Cancelled => paint.warn(&format!("cancelled: {stands}")),
        _ => paint.bad(&format!("failed: {stands}")),
    }
}
