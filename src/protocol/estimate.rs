//! The maximum number of calls of a run: what a dry run prints.

use serde::{Deserialize, Serialize};

/// The calls of a run at most. Attempts that a call needs are not counted: they are no calls.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Each round, the first one first.
    pub rounds: Vec<RoundEstimate>,
    /// Each phase of a protocol without such rounds, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseEstimate>,
    /// All calls, repairs not among them.
    pub total: u64,
    /// All calls if every review needs a repair, and what may be too long for one prompt is: never more are made.
    pub total_with_repairs: u64,
}

/// The calls of one phase at most.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct PhaseEstimate {
    /// What is asked: `sample`, `step2 refine: score`.
    pub phase: String,
    /// Calls, repairs not among them.
    pub calls: u64,
    /// Repairs, each at most once.
    pub repairs: u64,
}

impl PhaseEstimate {
    pub(super) fn new(phase: &str, calls: u64, repairs: u64) -> Self {
        Self { phase: phase.to_owned(), calls, repairs }
    }
}

impl Estimate {
    /// The sum of phases; those without calls are left out.
    #[must_use]
    pub fn of_phases(phases: Vec<PhaseEstimate>) -> Self {
        let phases: Vec<PhaseEstimate> = phases.into_iter().filter(|phase| phase.calls > 0).collect();
        let total = phases.iter().map(|phase| phase.calls).sum();
        let repairs: u64 = phases.iter().map(|phase| phase.repairs).sum();
        Self { rounds: Vec::new(), phases, total, total_with_repairs: total + repairs }
    }

    /// The sum of rounds.
    pub(super) fn of_rounds(rounds: Vec<RoundEstimate>) -> Self {
        let total = rounds.iter().map(RoundEstimate::calls).sum();
        let repairs: u64 = rounds.iter().map(|round| round.repairs).sum();
        Self { rounds, phases: Vec::new(), total, total_with_repairs: total + repairs }
    }

    /// The phases, each named as a part of something larger: of rounds, those of the whole protocol.
    #[must_use]
    pub fn phases_of(&self, part: &str) -> Vec<PhaseEstimate> {
        let rounds = ["propose", "evaluate", "refine", "argue", "judge"].map(|phase| {
            let calls = self.rounds.iter().map(|round| round.of(phase)).sum();
            let repairs = if phase == "evaluate" { self.rounds.iter().map(|round| round.repairs).sum() } else { 0 };
            PhaseEstimate::new(phase, calls, repairs)
        });
        let all = rounds.into_iter().filter(|phase| phase.calls > 0).chain(self.phases.iter().cloned());
        all.map(|phase| PhaseEstimate { phase: format!("{part}: {}", phase.phase), ..phase }).collect()
    }

    /// Without a phase.
    pub(super) fn without(self, phase: &str) -> Self {
        Self::of_phases(self.phases.into_iter().filter(|one| one.phase != phase).collect())
    }

    /// This, and then that.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.phases.extend(more.phases);
        self.rounds.extend(more.rounds);
        self.total += more.total;
        self.total_with_repairs += more.total_with_repairs;
        self
    }
}

/// The calls of one round at most.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundEstimate {
    /// Which round, from 1.
    pub round: u32,
    /// First answers. Who has none after a round gives one instead of refining, so that a first
    /// answer of a later round is counted as a refinement of the round before.
    pub propose: u64,
    /// Calls for reviews. In a batch one for each reviewer, more only where the answers are too
    /// long for one prompt.
    pub evaluate: u64,
    /// Better answers for the round that follows; none in the last round.
    pub refine: u64,
    /// Repairs of reviews, each at most once.
    pub repairs: u64,
    /// Turns in a debate.
    #[serde(default)]
    pub argue: u64,
    /// The synthesis after the last round of a debate.
    #[serde(default)]
    pub judge: u64,
}

impl RoundEstimate {
    /// The calls of one phase.
    #[must_use]
    pub fn of(&self, phase: &str) -> u64 {
        match phase {
            "propose" => self.propose,
            "evaluate" => self.evaluate,
            "refine" => self.refine,
            "argue" => self.argue,
            "judge" => self.judge,
            _ => 0,
        }
    }

    /// All calls of the round, repairs not among them.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.propose + self.evaluate + self.refine + self.argue + self.judge
    }
}
