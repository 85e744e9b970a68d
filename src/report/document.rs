//! The one JSON document that a run leaves: the seed's field names, and what was added, in a fixed
//! order.

mod debate;

pub use debate::DebateDocument;

use crate::error::Error;
use crate::outcome::{
    Account, Answer, Body, ConsensusBody, Dissent, Dropped, Finished, QuoteCut, RoundRecord, Status, Totals, Winner,
};
use serde::Serialize;

/// A run, as programs read it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Document<'a> {
    /// Of a consensus run, and of one with a single participant.
    Consensus(Box<ConsensusDocument<'a>>),
    /// Of a debate.
    Debate(Box<DebateDocument<'a>>),
}

/// A consensus run, as programs read it.
#[derive(Debug, Serialize)]
pub struct ConsensusDocument<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    protocol: &'static str,
    winner: Option<&'a Winner>,
    final_round: u32,
    strategy: &'a str,
    threshold: f64,
    stability_rounds: u32,
    all_answers: &'a [Answer],
    dissent: &'a [Dissent],
    rounds: &'a [RoundRecord],
    participants: &'a [Account],
    metadata: Metadata<'a>,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    run_id: &'a str,
    total_rounds: u32,
    total_calls: u64,
    total_attempts: u64,
    elapsed_ms: u64,
    seed: u64,
    models_dropped: &'a [Dropped],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    quotes_cut: &'a [QuoteCut],
    /// Whether `resume` can go on with it; left out where it cannot.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resumable: bool,
    /// When a run that stopped at a usage limit can go on, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_at: Option<String>,
    warnings: &'a [String],
}

/// Why a run has no answer.
#[derive(Debug, Serialize)]
struct RunError {
    code: &'static str,
    message: String,
    retryable: bool,
}

/// An error before or instead of a run, as programs read it.
#[derive(Debug, Serialize)]
pub struct ErrorDocument<'a> {
    status: Status,
    error: ErrorBody<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    code: &'static str,
    message: String,
    messages: &'a [String],
    hints: &'a [String],
}

impl<'a> Document<'a> {
    /// The document of a finished run.
    #[must_use]
    pub fn of(finished: &'a Finished) -> Self {
        match &finished.outcome.body {
            Body::Consensus(body) => Self::Consensus(Box::new(ConsensusDocument::of(finished, body))),
            Body::Debate(body) => Self::Debate(Box::new(DebateDocument::of(finished, body))),
        }
    }
}

impl<'a> ConsensusDocument<'a> {
    fn of(finished: &'a Finished, body: &'a ConsensusBody) -> Self {
        let Finished { outcome, totals } = finished;
        Self {
            status: outcome.status,
            error: run_error(outcome.status, &body.models_dropped),
            protocol: "consensus",
            winner: body.winner.as_ref(),
            final_round: body.final_round,
            strategy: &body.strategy,
            threshold: body.threshold,
            stability_rounds: body.stability_rounds,
            all_answers: &body.all_answers,
            dissent: &body.dissent,
            rounds: &body.rounds,
            participants: &totals.participants,
            metadata: Metadata::of(totals, body.final_round, &body.models_dropped, &body.quotes_cut),
        }
    }
}

impl<'a> Metadata<'a> {
    fn of(totals: &'a Totals, total_rounds: u32, models_dropped: &'a [Dropped], quotes_cut: &'a [QuoteCut]) -> Self {
        Self {
            run_id: totals.run_id.as_str(),
            total_rounds,
            total_calls: totals.total_calls,
            total_attempts: totals.total_attempts,
            elapsed_ms: totals.elapsed_ms,
            seed: totals.seed,
            models_dropped,
            quotes_cut,
            resumable: totals.resumable,
            resume_at: totals.resume_at.map(|at| at.to_string()),
            warnings: &totals.warnings,
        }
    }
}

impl<'a> ErrorDocument<'a> {
    /// The document of an error.
    #[must_use]
    pub fn of(error: &'a Error) -> Self {
        let body = ErrorBody {
            code: error.kind.as_str(),
            message: error.to_string(),
            messages: &error.messages,
            hints: &error.hints,
        };
        Self { status: Status::Error, error: body }
    }
}

fn run_error(status: Status, dropped: &[Dropped]) -> Option<RunError> {
    let code = match status {
        Status::Error => "phase_failure",
        Status::InsufficientModels => "insufficient_models",
        Status::Cancelled => "cancelled",
        Status::BudgetExhausted => "budget_exhausted",
        Status::Parked => "parked",
        Status::Converged | Status::SingleModel | Status::MaxRoundsExceeded => return None,
        Status::Stable | Status::AllRounds | Status::MinScoreMissed => return None,
    };
    let reasons: Vec<_> =
        dropped.iter().map(|one| format!("{}: {}: {}", one.participant, one.reason, one.message)).collect();
    let message = if reasons.is_empty() { status.as_str().replace('_', " ") } else { reasons.join("; ") };
    let retryable = !dropped.iter().any(|one| one.reason.is_lasting());
    Some(RunError { code, message, retryable })
}
