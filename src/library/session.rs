//! A consensus run, one round at a time.

use super::engine::Engine;
use super::error::{Cost, EngineError};
use super::outcome::ConsensusOutcome;
use super::question::Question;
use super::runner::Ready;
use crate::engine::Stepped;
use crate::host::machine;
use crate::ids::Round;
use crate::outcome::{Finished, Outcome, RoundRecord, Status, Totals};
use crate::protocol::consensus::ClosingDecision;
use crate::protocol::{RoundOverrides, RoundReport};

/// What a round came to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RoundOutcome {
    /// Which round, from 1.
    pub round: u32,
    /// Whether the models agree, and on whose answer.
    pub closing_decision: ClosingDecision,
    /// Scores, means and leader.
    pub record: RoundRecord,
    /// Whether another round can follow.
    pub more: bool,
}

impl From<RoundReport> for RoundOutcome {
    fn from(report: RoundReport) -> Self {
        let RoundReport { record, winner, more } = report;
        let closing_decision = winner.map_or(ClosingDecision::Continue, |winner| ClosingDecision::Converged { winner });
        Self { round: record.round.get(), closing_decision, record, more }
    }
}

/// A consensus run, one round at a time. Dropping it ends every call.
///
/// A round is proposals (the first time) or refinements, then reviews, then the decision. The refinement
/// of an answer is made when the next step is asked for, so that its overrides reach it, and finalising
/// buys none.
pub struct Session {
    engine: Engine,
    state: State,
    /// Rounds that closed.
    rounds: u32,
}

enum State {
    Fresh(Question),
    Running(Box<Stepped>),
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("rounds", &self.rounds).finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(engine: Engine, question: Question) -> Self {
        Self { engine, state: State::Fresh(question), rounds: 0 }
    }

    /// Makes the next round.
    ///
    /// # Errors
    /// As [`next_round_with`](Self::next_round_with).
    pub async fn next_round(&mut self) -> Result<RoundOutcome, EngineError> {
        self.next_round_with(RoundOverrides::default()).await
    }

    /// Makes the next round with changes: words that reach everybody in it, models that sit it out.
    ///
    /// Dropping the future leaves the session whole: what is in flight goes on, and the next step waits for
    /// it. To cancel it, drop or finalise the session.
    ///
    /// # Errors
    /// [`EngineError::Over`] after the last round, after one in which the models agreed, or if fewer than
    /// two answers are left; [`EngineError::RoundOpen`] for changes that come too late;
    /// [`EngineError::Config`] for a model that does not take part.
    pub async fn next_round_with(&mut self, overrides: RoundOverrides) -> Result<RoundOutcome, EngineError> {
        self.engine.runner().known(&overrides.drop_models)?;
        let run = match &self.state {
            State::Fresh(question) => {
                let ready = self.engine.prepare(question.clone(), true, overrides)?;
                self.state = State::Running(Box::new(begin(&self.engine, ready)));
                return self.step(RoundOverrides::default()).await;
            }
            State::Running(run) => run,
        };
        if run.is_open() && overrides != RoundOverrides::default() {
            return Err(EngineError::RoundOpen);
        }
        if run.is_over() && !run.is_open() {
            return Err(self.over());
        }
        self.step(overrides).await
    }

    async fn step(&mut self, overrides: RoundOverrides) -> Result<RoundOutcome, EngineError> {
        let State::Running(run) = &mut self.state else { return Err(self.over()) };
        let report = run.step(overrides).await;
        match report.map(RoundOutcome::from).or_else(|| alone(run)) {
            Some(round) => {
                self.rounds = round.round;
                Ok(round)
            }
            None => Err(self.over()),
        }
    }

    /// Ends the run with the best so far; it buys nothing more. The status is that of the run if it came to
    /// its end, else [`Status::MaxRoundsExceeded`]: these were the rounds that the caller wanted; or
    /// [`Status::Cancelled`] within a round.
    ///
    /// Before anybody has answered, winner and answer are empty, and `body.winner` is `None`.
    #[must_use]
    pub fn finalize(self) -> ConsensusOutcome {
        let finished = match self.state {
            State::Fresh(_) => unasked(),
            State::Running(run) => {
                let status = if run.is_open() { Status::Cancelled } else { Status::MaxRoundsExceeded };
                run.finish(status)
            }
        };
        ConsensusOutcome::even_empty(finished)
    }

    fn over(&self) -> EngineError {
        let (status, cost) = match &self.state {
            State::Fresh(_) => (None, Cost::default()),
            State::Running(run) => {
                let (calls, attempts, usage) = run.cost();
                (run.status(), Cost { calls, attempts, usage, steps: Vec::new() })
            }
        };
        EngineError::Over { rounds: self.rounds, status, cost }
    }
}

fn begin(engine: &Engine, ready: Ready) -> Stepped {
    let Ready { protocol, meta, began, world } = ready;
    let listeners = engine.runner().listeners();
    Stepped::begin(protocol, meta, began, world, Box::new(move |event| listeners.notify(event)))
}

/// The only round of a run with one model: its answer, which is not reviewed.
fn alone(run: &Stepped) -> Option<RoundOutcome> {
    let outcome = run.outcome().filter(|outcome| outcome.status == Status::SingleModel)?;
    let winner = outcome.body.author()?.clone();
    let record = RoundRecord {
        round: Round::FIRST,
        scores: Default::default(),
        means: Default::default(),
        leader: Some(winner.clone()),
        stable: 1,
        tied_with: Vec::new(),
        adjusted: None,
        answers: Default::default(),
        reviews_dropped: 0,
        missing: Vec::new(),
        repairs: 0,
        converged: true,
    };
    Some(RoundOutcome { round: 1, closing_decision: ClosingDecision::Converged { winner }, record, more: false })
}

/// A run in which no step was asked for.
fn unasked() -> Finished {
    let now = machine::now();
    let totals = Totals {
        run_id: machine::run_id(now),
        total_calls: 0,
        total_attempts: 0,
        elapsed_ms: 0,
        seed: 0,
        resumable: false,
        resume_at: None,
        participants: Vec::new(),
        steps: Vec::new(),
        warnings: Vec::new(),
    };
    Finished { outcome: Outcome::nothing(Status::Cancelled), totals }
}
