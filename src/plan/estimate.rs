//! How many calls a run can make at most: what a dry run prints.

use crate::protocol::consensus::{ConsensusPlan, ReviewMode};
use crate::protocol::debate::{DebatePlan, ROUNDS};
use serde::{Deserialize, Serialize};

/// The calls of a run at most. Attempts that a call needs are not counted: they are no calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Each round, the first one first.
    pub rounds: Vec<RoundEstimate>,
    /// All calls, repairs not among them.
    pub total: u64,
    /// All calls if every review needs a repair.
    pub total_with_repairs: u64,
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
    Estimate { rounds, total, total_with_repairs: total + repairs }
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
    Estimate { rounds, total, total_with_repairs: total }
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
