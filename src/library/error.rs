//! Why a run of the library has no outcome, and what it cost all the same.

use crate::error::Error;
use crate::exchange::Usage;
use crate::outcome::{Finished, Status, StepCost, Totals};
use std::fmt;

/// What a run cost.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Cost {
    /// Calls that were begun; repairs are among them.
    pub calls: u64,
    /// Attempts that were begun; retries are among them.
    pub attempts: u64,
    /// Tokens and money, as far as the providers reported them.
    pub usage: Usage,
    /// The same for each step of a pipeline, in order.
    pub steps: Vec<StepCost>,
}

impl From<&Totals> for Cost {
    fn from(totals: &Totals) -> Self {
        Self {
            calls: totals.total_calls,
            attempts: totals.total_attempts,
            usage: totals.participants.iter().fold(Usage::default(), |sum, one| sum.plus(one.usage)),
            steps: totals.steps.clone(),
        }
    }
}

/// Why there is no outcome.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EngineError {
    /// Something that the caller gave is wrong; no model was called.
    Config(Error),
    /// The run failed, or no model ever answered. What there is, is here: how it ended, who failed why,
    /// what it cost, and the best text so far of a pipeline whose later step failed.
    Failed(Box<Finished>),
    /// There is no further round: `finalize` gives the outcome.
    Over {
        /// Rounds that closed.
        rounds: u32,
        /// How the run ended, if it did: with fewer than two answers there is no further round either.
        status: Option<Status>,
        /// What it cost so far.
        cost: Cost,
    },
    /// A round is open that an earlier step began and did not wait for: overrides come too late for it.
    RoundOpen,
}

impl EngineError {
    /// What was spent before it failed, steps that went well included.
    #[must_use]
    pub fn cost(&self) -> Cost {
        match self {
            Self::Failed(finished) => (&finished.totals).into(),
            Self::Over { cost, .. } => cost.clone(),
            Self::Config(_) | Self::RoundOpen => Cost::default(),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Failed(finished) => {
                let totals = &finished.totals;
                let (calls, status) = (totals.total_calls, finished.outcome.status.as_str());
                let none = if finished.outcome.answer.is_some() { "" } else { " without an answer" };
                write!(f, "the run ended as {status}{none} after {calls} calls")?;
                totals.warnings.iter().try_for_each(|warning| write!(f, "; {warning}"))
            }
            Self::Over { rounds, status: Some(status), .. } => {
                let status = status.as_str();
                write!(f, "there is no further round after {rounds}: the run ended as {status}; finalize it")
            }
            Self::Over { rounds, status: None, .. } => {
                write!(f, "there is no further round after {rounds}; finalize the run")
            }
            Self::RoundOpen => {
                f.write_str("a round is open already: wait for it with next_round() before the next overrides")
            }
        }
    }
}

impl std::error::Error for EngineError {}

impl From<Error> for EngineError {
    fn from(error: Error) -> Self {
        Self::Config(error)
    }
}
