//! What a run is set up with: its settings, checked, and how many calls it can take.

use super::error::EngineError;
use super::provider::ModelId;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::plan::{Budget, Estimate, OnLimit};
use crate::protocol::ProtocolSettings;
use crate::protocol::consensus::{ConsensusPlan, ReviewMode};
use std::time::Duration;

/// How many models a room takes.
const MODELS: std::ops::RangeInclusive<usize> = 1..=7;
const ROUNDS: std::ops::RangeInclusive<u32> = 1..=20;
const SCORES: std::ops::RangeInclusive<f64> = 1.0..=10.0;
const RETRIES: std::ops::RangeInclusive<u32> = 0..=10;

/// What bounds any run, whatever its protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSettings {
    /// Longest time for one attempt, above zero. By default 600 s.
    pub timeout: Duration,
    /// Attempts at once, over all providers; 0 for no limit, which is the default.
    pub max_concurrent: usize,
    /// Attempts that a call may have after its first, 0 to 10: by default 2. Only failures that may
    /// pass are tried again.
    pub retries: u32,
    /// What may be spent; by default everything. When it is spent nothing new is begun, and the run
    /// ends with the best so far.
    pub budget: Budget,
    /// Longest time for the whole run, after which nothing new is begun; by default there is none.
    pub max_wall: Option<Duration>,
    /// What becomes of the run when a provider says that a usage limit is reached. By default it goes
    /// on without that provider.
    pub on_limit: OnLimit,
    /// The seed of every draw; `None`, the default, draws one.
    pub seed: Option<u64>,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(600),
            max_concurrent: 0,
            retries: 2,
            budget: Budget::default(),
            max_wall: None,
            on_limit: OnLimit::Drop,
            seed: None,
        }
    }
}

impl RunSettings {
    pub(super) fn problems(&self) -> Vec<Error> {
        let mut all = Vec::new();
        if self.timeout.is_zero() {
            all.push(Error::config("timeout is zero: no attempt could be answered"));
        }
        if !RETRIES.contains(&self.retries) {
            all.push(out_of("retries", self.retries, &RETRIES));
        }
        if self.budget.usd.is_some_and(|most| !(most >= 0.0 && most.is_finite())) {
            all.push(Error::config("budget.usd is no amount of money: it is 0 or more"));
        }
        all
    }
}

/// The settings of a consensus run. Make one with [`new`](Self::new), which checks them, and change the
/// other fields as you like: they are checked again before the first call.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Who takes part, 1 to 7, in the order in which ties are decided. Each has a provider.
    pub models: Vec<ModelId>,
    /// At most this many rounds, 1 to 20.
    pub max_rounds: u32,
    /// Mean score that the leader must reach, 1 to 10. Outcomes and events show it; the closing strategy
    /// decides.
    pub threshold: f64,
    /// For how many rounds in a row the same model must lead; 0 means 1.
    pub stability_rounds: u32,
    /// Longest time for one attempt, above zero.
    pub timeout: Duration,
    /// Attempts at once, over all providers; 0 for no limit.
    pub max_concurrent: usize,
    /// How answers are reviewed; by default each pair by a call of its own.
    pub review: ReviewMode,
    /// How the models run; by default as they please.
    pub tuning: Tuning,
    /// Attempts that a call may have after its first, 0 to 10: by default 2.
    pub retries: u32,
    /// What may be spent; by default everything.
    pub budget: Budget,
    /// Longest time for the whole run; by default there is none.
    pub max_wall: Option<Duration>,
    /// What becomes of the run at a usage limit; by default it goes on without that provider.
    pub on_limit: OnLimit,
    /// The seed of every draw; `None`, the default, draws one.
    pub seed: Option<u64>,
}

impl EngineConfig {
    /// Settings, checked.
    ///
    /// # Errors
    /// [`EngineError::Config`] with everything that is out of its range.
    pub fn new(
        models: Vec<ModelId>,
        max_rounds: u32,
        threshold: f64,
        stability_rounds: u32,
        timeout: Duration,
        max_concurrent: usize,
    ) -> Result<Self, EngineError> {
        let RunSettings { retries, budget, max_wall, on_limit, seed, .. } = RunSettings::default();
        let config = Self {
            models,
            max_rounds,
            threshold,
            stability_rounds,
            timeout,
            max_concurrent,
            review: ReviewMode::default(),
            tuning: Tuning::default(),
            retries,
            budget,
            max_wall,
            on_limit,
            seed,
        };
        config.check()?;
        Ok(config)
    }

    pub(super) fn check(&self) -> Result<(), EngineError> {
        let mut all = Vec::new();
        if !MODELS.contains(&self.models.len()) {
            all.push(out_of("the number of models", self.models.len(), &MODELS));
        }
        if !ROUNDS.contains(&self.max_rounds) {
            all.push(out_of("max_rounds", self.max_rounds, &ROUNDS));
        }
        if !SCORES.contains(&self.threshold) {
            all.push(out_of("threshold", self.threshold, &SCORES));
        }
        all.extend(self.settings().problems());
        Error::all(all).map_or(Ok(()), |error| Err(error.into()))
    }

    /// What bounds the run.
    pub(super) fn settings(&self) -> RunSettings {
        RunSettings {
            timeout: self.timeout,
            max_concurrent: self.max_concurrent,
            retries: self.retries,
            budget: self.budget,
            max_wall: self.max_wall,
            on_limit: self.on_limit,
            seed: self.seed,
        }
    }

    pub(super) fn plan(&self, stepped: bool) -> ConsensusPlan {
        ConsensusPlan {
            threshold: self.threshold,
            max_rounds: self.max_rounds,
            stability_rounds: self.stability_rounds.max(1),
            review: self.review,
            stepped,
            tuning: self.tuning,
            ..ConsensusPlan::default()
        }
    }

    pub(super) fn estimate(&self) -> CallEstimate {
        let models = u64::try_from(self.models.len()).unwrap_or(u64::MAX);
        let whole = self.plan(false).estimate(self.models.len());
        let pairs = match self.review {
            ReviewMode::Pairwise => models * models,
            ReviewMode::Batch => models * 2,
        };
        let calls_per_round = if models == 1 { 1 } else { pairs + models };
        CallEstimate { calls_per_round, total_calls: whole.total, total_with_repairs: whole.total_with_repairs, whole }
    }
}

fn out_of<T: std::fmt::Display>(name: &str, value: T, range: &std::ops::RangeInclusive<T>) -> Error {
    Error::config(format!("{name} is {value}: it goes from {} to {}", range.start(), range.end()))
}

/// How many calls a run can take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallEstimate {
    /// The most calls of one round: N proposals, N·(N−1) reviews and N refinements are N² + N; one model
    /// is one call.
    pub calls_per_round: u64,
    /// The most calls of the whole run, exactly, repairs not among them. The first round proposes, the
    /// last one refines nothing: with R rounds it is R·N², less than R times the calls of a round.
    pub total_calls: u64,
    /// The same if every review has to be asked for once more. More can be made only in a batch whose answers
    /// are too long for one prompt of a provider that limits its prompts.
    pub total_with_repairs: u64,
    /// Round by round.
    pub whole: Estimate,
}
