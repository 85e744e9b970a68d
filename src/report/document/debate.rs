//! The document of a debate: the seed's names in our spelling, and what was added.

use super::{Metadata, RunError};
use crate::outcome::{
    Account, DebateBody, DebateRound, EarlyStop, Finished, Position, Status, StopReason, Synthesis, TurnFailure,
};
use serde::Serialize;

/// A debate, as programs read it.
#[derive(Debug, Serialize)]
pub struct DebateDocument<'a> {
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunError>,
    protocol: &'static str,
    final_score: Option<u32>,
    final_average_confidence: Option<f64>,
    final_stddev: Option<f64>,
    stop_reason: StopReason,
    rounds_completed: u32,
    max_rounds: u32,
    early_stop: Option<&'a EarlyStop>,
    open_disagreements: usize,
    disagreement_threshold: f64,
    convergence_delta: f64,
    min_score: Option<f64>,
    positions: &'a [Position],
    synthesis: Option<&'a Synthesis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    synthesis_error: Option<&'a TurnFailure>,
    rounds: &'a [DebateRound],
    participants: &'a [Account],
    metadata: Metadata<'a>,
}

impl<'a> DebateDocument<'a> {
    pub(super) fn of(finished: &'a Finished, body: &'a DebateBody) -> Self {
        let Finished { outcome, totals } = finished;
        Self {
            status: outcome.status,
            error: super::run_error(outcome.status, &body.models_dropped),
            protocol: "debate",
            final_score: body.final_score,
            final_average_confidence: body.final_average_confidence,
            final_stddev: body.final_stddev,
            stop_reason: body.stop_reason,
            rounds_completed: body.rounds_completed,
            max_rounds: body.max_rounds,
            early_stop: body.early_stop.as_ref(),
            open_disagreements: body.open_disagreements().len(),
            disagreement_threshold: body.disagreement_threshold,
            convergence_delta: body.convergence_delta,
            min_score: body.min_score,
            positions: &body.positions,
            synthesis: body.synthesis.as_deref(),
            synthesis_error: body.synthesis_error.as_ref(),
            rounds: &body.rounds,
            participants: &totals.participants,
            metadata: Metadata::of(totals, body.rounds_completed, &body.models_dropped, &body.quotes_cut),
        }
    }
}
