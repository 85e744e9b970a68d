//! How a run ended, by protocol.

use super::error::{Cost, EngineError};
use super::provider::ModelId;
use crate::error::Error;
use crate::outcome::{Body, ConsensusBody, Finished, Outcome, SelfRefined, Status, Totals};

/// How a consensus run ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConsensusOutcome {
    /// Whose answer is the best.
    pub winner: ModelId,
    /// That answer, exactly as it was scored (or as a critique pass rewrote it).
    pub answer: String,
    /// How it ended: with an agreement, or otherwise, with the best so far.
    pub status: Status,
    /// Scores, dissent, everybody's answers, round by round.
    pub body: ConsensusBody,
    /// What the critique pass over the answer came to, where one was asked for.
    pub self_refine: Option<Box<SelfRefined>>,
    /// What it cost, and everything that a person should know.
    pub totals: Totals,
}

impl ConsensusOutcome {
    /// Whether the models agreed, or there is only one.
    #[must_use]
    pub fn converged(&self) -> bool {
        matches!(self.status, Status::Converged | Status::SingleModel)
    }

    /// What it cost.
    #[must_use]
    pub fn cost(&self) -> Cost {
        (&self.totals).into()
    }

    /// The outcome of a run that is over, even without an answer: then winner and answer are empty.
    pub(super) fn even_empty(finished: Finished) -> Self {
        let Finished { outcome, totals } = finished;
        let Outcome { status, answer, body, self_refine } = outcome;
        let body = match body {
            Body::Consensus(body) => body,
            _ => ConsensusBody::default(),
        };
        let winner = body.winner.as_ref().map_or_else(|| ModelId::new(""), |winner| winner.participant.clone());
        Self { winner, answer: answer.unwrap_or_default(), status, body, self_refine, totals }
    }
}

impl TryFrom<Finished> for ConsensusOutcome {
    type Error = EngineError;

    fn try_from(finished: Finished) -> Result<Self, EngineError> {
        succeeded(finished).map(Self::even_empty)
    }
}

/// How a run of any other protocol ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunOutcome<B> {
    /// How it ended: as was hoped, or otherwise, with the best so far.
    pub status: Status,
    /// The text that one came for; of a debate the positions and the synthesis.
    pub answer: String,
    /// Everything else, by protocol.
    pub body: B,
    /// What the critique pass over the answer came to, where one was asked for.
    pub self_refine: Option<Box<SelfRefined>>,
    /// What it cost, and everything that a person should know.
    pub totals: Totals,
}

impl<B> RunOutcome<B> {
    /// What it cost, all steps together.
    #[must_use]
    pub fn cost(&self) -> Cost {
        (&self.totals).into()
    }

    pub(super) fn of(finished: Finished, body: impl FnOnce(Body) -> Option<B>) -> Result<Self, EngineError> {
        let Finished { outcome, totals } = succeeded(finished)?;
        let Outcome { status, answer, body: found, self_refine } = outcome;
        let body = body(found).ok_or_else(|| Error::failed("the run ended as another protocol than it began"))?;
        Ok(Self { status, answer: answer.unwrap_or_default(), body, self_refine, totals })
    }
}

/// A run that did not fail. Whatever else it may be, rounds that ran out, a budget that is spent, a stop:
/// there is something in it for the caller.
fn succeeded(finished: Finished) -> Result<Finished, EngineError> {
    if finished.outcome.answer.is_some() && finished.outcome.status != Status::Error {
        Ok(finished)
    } else {
        Err(EngineError::Failed(Box::new(finished)))
    }
}
