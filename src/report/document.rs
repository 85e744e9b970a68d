//! The JSON document of a run: the field names of the original, and ours, in a fixed order.

use crate::error::Error;
use crate::outcome::*;
use serde::Serialize;

macro_rules! json_bodies {
    ($({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+})+) => {
        /// The protocol, and what it adds. The names are those of [`Body::protocol`].
        #[derive(Debug, Serialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
        #[serde(tag = "protocol")]
        enum JsonBody<'a> {
            $($($(#[$doc])* #[serde(rename = $word)] $name(<$body as InDocument>::Shown<'a>),)+)+
        }

        impl<'a> JsonBody<'a> {
            fn of(finished: &'a Finished) -> Self {
                // With a critique pass after it, the answer is the one that came of that.
                let answer = finished.outcome.answer.as_deref();
                match &finished.outcome.body {
                    $($(Body::$name(body) => Self::$name(body.shown(answer, &finished.totals)),)+)+
                }
            }
        }
    };
}
with_protocols!(json_bodies);

/// A run as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Document<'a> {
    /// Status of the run; decides the exit code.
    status: Status,
    /// Why the answer is missing or incomplete; `None` with exit code 0 or 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    #[serde(flatten)]
    body: JsonBody<'a>,
    /// The critique pass over the answer; `None` unless it was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    self_refine: Option<Refined<'a>>,
    /// What each participant did and cost, in plan order.
    participants: &'a [Account],
    /// The run as a whole.
    metadata: Metadata<'a>,
}

/// Result and cost of the critique pass over the answer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Refined<'a> {
    #[serde(flatten)]
    refined: &'a SelfRefined,
    /// Its cost; `None` if it made no call.
    cost: Option<&'a StepCost>,
}

/// The run as a whole.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Metadata<'a> {
    /// Name of the run.
    run_id: &'a str,
    /// Rounds that were entered; `None` unless it is a consensus run.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rounds: Option<u32>,
    /// Calls that were begun: each counts once, however many attempts it took; repairs count.
    total_calls: u64,
    /// Subprocesses that were started.
    total_attempts: u64,
    /// Wall time.
    elapsed_ms: u64,
    /// Random seed.
    seed: u64,
    /// Participants without an answer in the last round, and those whose calls failed for good; `None`
    /// unless it is a consensus run.
    #[serde(skip_serializing_if = "Option::is_none")]
    models_dropped: Option<&'a [Dropped]>,
    /// Prompts of a consensus run in which quoted text was cut; omitted if there are none.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    quotes_cut: &'a [QuoteCut],
    /// Whether `resume` can continue it; omitted if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resumable: bool,
    /// When a run that paused at a usage limit can continue, RFC 3339; `None` if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "cli", schemars(extend("format" = "date-time")))]
    resume_at: Option<String>,
    /// Warnings, each one line.
    warnings: &'a [String],
}

/// Why a run has no answer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct RunError {
    /// `phase_failure`, `insufficient_models`, `cancelled`, `budget_exhausted` or `parked`.
    code: &'static str,
    /// What happened, on one line.
    message: String,
    /// Whether the same command can succeed when it is repeated.
    retryable: bool,
}

/// An error before or instead of a run, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct ErrorDocument<'a> {
    /// Always `error`.
    #[cfg_attr(feature = "cli", schemars(extend("const" = "error")))]
    status: Status,
    /// What happened.
    error: ErrorBody<'a>,
}

/// The error, and what to do next.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct ErrorBody<'a> {
    /// `failed` (exit code 1), or what is wrong before any call (exit code 4): `unknown_flag`, `invalid_value`,
    /// `unknown_command`, `unknown_model`, `not_installed`, `not_logged_in`, else `config_invalid`.
    code: &'static str,
    /// All messages on one line.
    message: String,
    /// What happened, one line each; never empty.
    messages: &'a [String],
    /// What to do next, one line each.
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
            body: JsonBody::of(finished),
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
    let (reasons, lasting) = body.explain().failures();
    let message = if reasons.is_empty() { status.as_str().replace('_', " ") } else { reasons.join("; ") };
    Some(RunError { code, message, retryable: !lasting })
}
