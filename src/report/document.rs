//! The one JSON document that a run leaves: the seed's field names, and what was added, in a fixed
//! order.

use super::view::View;
use crate::error::Error;
use crate::outcome::{Account, Body, Dropped, Finished, QuoteCut, SELF_REFINE, SelfRefined, Status, StepCost};
use serde::Serialize;

/// A run, as programs read it.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    protocol: &'static str,
    #[serde(flatten)]
    view: View<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_refine: Option<Refined<'a>>,
    participants: &'a [Account],
    metadata: Metadata<'a>,
}

/// What a critique pass over the answer came to, and what it cost.
#[derive(Debug, Serialize)]
struct Refined<'a> {
    #[serde(flatten)]
    refined: &'a SelfRefined,
    cost: Option<&'a StepCost>,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rounds: Option<u32>,
    total_calls: u64,
    total_attempts: u64,
    elapsed_ms: u64,
    seed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    models_dropped: Option<&'a [Dropped]>,
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
        let Finished { outcome, totals } = finished;
        let consensus = match &outcome.body {
            Body::Consensus(body) => Some(body),
            _ => None,
        };
        Self {
            status: outcome.status,
            error: run_error(outcome.status, &outcome.body),
            protocol: outcome.body.protocol(),
            view: View::of(finished),
            self_refine: outcome
                .self_refine
                .as_deref()
                .map(|refined| Refined { refined, cost: totals.steps.iter().find(|cost| cost.step == SELF_REFINE) }),
            participants: &totals.participants,
            metadata: Metadata {
                run_id: totals.run_id.as_str(),
                total_rounds: consensus.map(|body| body.final_round),
                total_calls: totals.total_calls,
                total_attempts: totals.total_attempts,
                elapsed_ms: totals.elapsed_ms,
                seed: totals.seed,
                models_dropped: consensus.map(|body| body.models_dropped.as_slice()),
                quotes_cut: consensus.map(|body| body.quotes_cut.as_slice()).unwrap_or_default(),
                resumable: totals.resumable,
                resume_at: totals.resume_at.map(|at| at.to_string()),
                warnings: &totals.warnings,
            },
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

fn run_error(status: Status, body: &Body) -> Option<RunError> {
    let code = match status {
        Status::Error => "phase_failure",
        Status::InsufficientModels => "insufficient_models",
        Status::Cancelled => "cancelled",
        Status::BudgetExhausted => "budget_exhausted",
        Status::Parked => "parked",
        _ if matches!(status.exit_code(), 0 | 2) => return None,
        _ => status.as_str(),
    };
    let (reasons, lasting) = reasons(body);
    let message = if reasons.is_empty() { status.as_str().replace('_', " ") } else { reasons.join("; ") };
    Some(RunError { code, message, retryable: !lasting })
}

/// What failed, one line each, and whether anything of it will fail again.
fn reasons(body: &Body) -> (Vec<String>, bool) {
    match body {
        Body::Consensus(body) => {
            let line = |one: &Dropped| format!("{}: {}: {}", one.participant, one.reason, one.message);
            let lasting = body.models_dropped.iter().any(|one| one.reason.is_lasting());
            (body.models_dropped.iter().map(line).collect(), lasting)
        }
        Body::Debate(body) => {
            let line = |one: &Dropped| format!("{}: {}: {}", one.participant, one.reason, one.message);
            let lasting = body.models_dropped.iter().any(|one| one.reason.is_lasting());
            (body.models_dropped.iter().map(line).collect(), lasting)
        }
        Body::Sampling(body) => {
            let failed = body.samples.iter().filter_map(|one| Some((one, one.failure?)));
            let mut lines: Vec<_> = failed
                .clone()
                .map(|(one, class)| format!("{}: {class}: {}", one.participant, one.message.as_deref().unwrap_or("")))
                .collect();
            lines.dedup();
            let lasting = failed.clone().count() > 0 && failed.clone().all(|(_, class)| class.is_lasting());
            (lines, lasting)
        }
        Body::Refine(body) => {
            let lasting = body.history.iter().filter_map(|one| one.failure).any(|class| class.is_lasting());
            (body.failures.clone(), lasting)
        }
        Body::Pipeline(body) => {
            let last = body.steps.iter().rev().find_map(|step| Some((step, step.outcome.as_ref()?)));
            last.map_or_else(Default::default, |(step, outcome)| {
                let (lines, lasting) = reasons(&outcome.body);
                (lines.into_iter().map(|line| format!("{}: {line}", step.step)).collect(), lasting)
            })
        }
    }
}
