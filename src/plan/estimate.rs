//! How many calls a run can make at most: what a dry run prints.

use crate::protocol::consensus::{ConsensusPlan, ReviewMode};
use crate::protocol::debate::{DebatePlan, ROUNDS};
use crate::protocol::pipeline::{Feed, PipelinePlan, StepKind, StepPlan};
use crate::protocol::refine::{CritiquePlan, RefineMode, RefinePlan};
use crate::protocol::sampling::SamplingPlan;
use serde::{Deserialize, Serialize};

/// The calls of a run at most. Attempts that a call needs are not counted: they are no calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Each round, the first one first.
    pub rounds: Vec<RoundEstimate>,
    /// Each phase of a protocol without such rounds, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseEstimate>,
    /// All calls, repairs not among them.
    pub total: u64,
    /// All calls if every review needs a repair.
    pub total_with_repairs: u64,
}

/// The calls of one phase at most.
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
    fn new(phase: &str, calls: u64, repairs: u64) -> Self {
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

    /// The phases, each named as a part of something larger: of rounds, those of the whole protocol.
    #[must_use]
    pub fn phases_of(&self, part: &str) -> Vec<PhaseEstimate> {
        let sum = |count: fn(&RoundEstimate) -> u64| self.rounds.iter().map(count).sum();
        let repairs = sum(|round| round.repairs);
        let rounds = [
            PhaseEstimate::new("propose", sum(|round| round.propose), 0),
            PhaseEstimate::new("evaluate", sum(|round| round.evaluate), repairs),
            PhaseEstimate::new("refine", sum(|round| round.refine), 0),
            PhaseEstimate::new("argue", sum(|round| round.argue), 0),
            PhaseEstimate::new("judge", sum(|round| round.judge), 0),
        ];
        let all = rounds.into_iter().filter(|phase| phase.calls > 0).chain(self.phases.iter().cloned());
        all.map(|phase| PhaseEstimate { phase: format!("{part}: {}", phase.phase), ..phase }).collect()
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

/// Counts the calls of a sampling run: one for each sample.
#[must_use]
pub fn estimate_sampling(plan: &SamplingPlan) -> Estimate {
    Estimate::of_phases(vec![PhaseEstimate::new("sample", u64::from(plan.num_samples), 0)])
}

/// Counts the calls of a run that refines a text; `given` says whether the draft is there.
#[must_use]
pub fn estimate_refine(plan: &RefinePlan, given: bool) -> Estimate {
    let mut phases = vec![PhaseEstimate::new("draft", u64::from(!given), 0)];
    match &plan.mode {
        RefineMode::Score(score) => {
            let iterations = u64::from(score.max_iterations);
            phases.push(PhaseEstimate::new("score", iterations + 1, iterations + 1));
            phases.push(PhaseEstimate::new("improve", iterations, 0));
        }
        RefineMode::Critique(critique) => phases.extend(estimate_critique(critique).phases),
    }
    Estimate::of_phases(phases)
}

/// Counts the calls of a critique pass.
#[must_use]
pub fn estimate_critique(plan: &CritiquePlan) -> Estimate {
    let passes = u64::from(plan.passes());
    let scores = if plan.verify { passes + 1 } else { 0 };
    Estimate::of_phases(vec![PhaseEstimate::new("critique", passes, 0), PhaseEstimate::new("verify", scores, scores)])
}

/// Counts the calls of several steps of so many participants, as if every condition held.
#[must_use]
pub fn estimate_pipeline(plan: &PipelinePlan, members: usize) -> Estimate {
    let phases = plan.steps.iter().enumerate().flat_map(|(at, step)| {
        let estimate = match &step.kind {
            StepKind::Consensus(plan) => estimate(plan, members),
            StepKind::Debate(plan) => estimate_debate(plan),
            StepKind::Sample(plan) => estimate_sampling(plan),
            StepKind::Refine(plan) => estimate_refine(plan, plan.draft.is_some() || is_fed(at, step)),
        };
        estimate.phases_of(&format!("step{} {}", at + 1, step.kind.as_str()))
    });
    Estimate::of_phases(phases.collect())
}

/// The calls of one round at most.
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
    /// All calls of the round, repairs not among them.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.propose + self.evaluate + self.refine + self.argue + self.judge
    }
}

/// Counts the calls of a consensus run of so many participants: N + R·N(N−1) + (R−1)·N for N of
/// them in R rounds and reviews in pairs, and 1 for a single one.
#[must_use]
pub fn estimate(plan: &ConsensusPlan, members: usize) -> Estimate {
    let members = u64::try_from(members).unwrap_or(u64::MAX);
    let rounds: Vec<RoundEstimate> = match members {
        0 => Vec::new(),
        1 => vec![RoundEstimate { round: 1, propose: 1, ..RoundEstimate::default() }],
        _ => (1..=plan.max_rounds.max(1)).map(|round| of_round(plan, members, round)).collect(),
    };
    let total = rounds.iter().map(RoundEstimate::calls).sum();
    let repairs: u64 = rounds.iter().map(|round| round.repairs).sum();
    Estimate { rounds, phases: Vec::new(), total, total_with_repairs: total + repairs }
}

/// Whether a step always gets a draft. Only the first step that runs has no value before it, and the
/// first step has no condition.
fn is_fed(at: usize, step: &StepPlan) -> bool {
    at > 0 && step.feed == Feed::Value
}

/// Counts the calls of a debate: a turn for everybody in each round, and one for the judge.
#[must_use]
pub fn estimate_debate(plan: &DebatePlan) -> Estimate {
    let argue = u64::try_from(plan.personas.len()).unwrap_or(u64::MAX);
    let rounds = plan.rounds.clamp(*ROUNDS.start(), *ROUNDS.end());
    let of_round = |round| {
        let judge = u64::from(round == rounds && plan.judge.is_some());
        RoundEstimate { round, argue, judge, ..RoundEstimate::default() }
    };
    let rounds: Vec<RoundEstimate> = (1..=rounds).map(of_round).collect();
    let total = rounds.iter().map(RoundEstimate::calls).sum();
    Estimate { rounds, phases: Vec::new(), total, total_with_repairs: total }
}

fn of_round(plan: &ConsensusPlan, members: u64, round: u32) -> RoundEstimate {
    let evaluate = match plan.review {
        ReviewMode::Pairwise => members * (members - 1),
        ReviewMode::Batch => members,
    };
    RoundEstimate {
        round,
        propose: if round == 1 { members } else { 0 },
        evaluate,
        refine: if round < plan.max_rounds { members } else { 0 },
        repairs: evaluate,
        ..RoundEstimate::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Tuning;

    fn plan(max_rounds: u32, review: ReviewMode) -> ConsensusPlan {
        ConsensusPlan {
            threshold: 8.0,
            max_rounds,
            stability_rounds: 2,
            review,
            stepped: false,
            tuning: Tuning::default(),
        }
    }

    #[test]
    fn three_participants_and_five_rounds_make_45_calls() {
        let estimate = estimate(&plan(5, ReviewMode::Pairwise), 3);
        let calls: Vec<u64> = estimate.rounds.iter().map(RoundEstimate::calls).collect();
        assert_eq!(calls, [12, 9, 9, 9, 6]);
        assert_eq!((estimate.total, estimate.total_with_repairs), (45, 75));
    }

    #[test]
    fn the_formula_holds_for_every_size() {
        for members in 2..=7_u32 {
            for rounds in 1..=20 {
                let n = u64::from(members);
                let r = u64::from(rounds);
                let estimate = estimate(&plan(rounds, ReviewMode::Pairwise), usize::try_from(members).unwrap());
                assert_eq!(estimate.total, n + r * n * (n - 1) + (r - 1) * n);
            }
        }
    }

    #[test]
    fn one_participant_is_one_call_and_a_batch_is_one_call_for_each_reviewer() {
        assert_eq!(estimate(&plan(5, ReviewMode::Pairwise), 1).total_with_repairs, 1);
        assert_eq!(estimate(&plan(5, ReviewMode::Pairwise), 0), Estimate::default());
        let batch = estimate(&plan(2, ReviewMode::Batch), 3);
        assert_eq!((batch.total, batch.total_with_repairs), (12, 18));
    }
}
