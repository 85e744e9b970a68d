//! How many calls a run takes at most.

use crate::protocol::consensus::{ConsensusPlan, ReviewMode};
use serde::{Deserialize, Serialize};

/// The most calls of one round, by phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundEstimate {
    /// Which round, from 1.
    pub round: u32,
    /// Proposals.
    pub propose: u64,
    /// Reviews.
    pub evaluate: u64,
    /// Refinements.
    pub refine: u64,
    /// Repairs of malformed reviews: one for each review.
    pub repairs: u64,
}

/// The most calls of a whole run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Each round.
    pub rounds: Vec<RoundEstimate>,
    /// All rounds, without repairs.
    pub total: u64,
    /// All rounds, if every review is repaired.
    pub total_with_repairs: u64,
}

/// The most calls that a plan can take with so many participants. One participant is one call.
#[must_use]
pub fn estimate(plan: &ConsensusPlan, members: usize) -> Estimate {
    let members = u64::try_from(members).unwrap_or(u64::MAX);
    let alone = members < 2;
    let reviews = match plan.review {
        _ if alone => 0,
        ReviewMode::Pairwise => members * (members - 1),
        ReviewMode::Batch => members,
    };
    let last = if alone { 1 } else { plan.max_rounds };
    let rounds: Vec<_> = (1..=last)
        .map(|round| RoundEstimate {
            round,
            propose: if round == 1 { members } else { 0 },
            evaluate: reviews,
            refine: if round == last { 0 } else { members },
            repairs: reviews,
        })
        .collect();
    let total = rounds.iter().map(|round| round.propose + round.evaluate + round.refine).sum();
    let repairs: u64 = rounds.iter().map(|round| round.repairs).sum();
    Estimate { total, total_with_repairs: total + repairs, rounds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Tuning;

    fn plan(max_rounds: u32, review: ReviewMode) -> ConsensusPlan {
        let tuning = Tuning::default();
        ConsensusPlan { threshold: 8.0, max_rounds, stability_rounds: 2, review, stepped: false, tuning }
    }

    #[test]
    fn three_models_and_five_rounds_are_at_most_45_calls() {
        let estimate = estimate(&plan(5, ReviewMode::Pairwise), 3);
        let first = estimate.rounds[0];
        assert_eq!(first.propose + first.evaluate + first.refine, 12);
        assert_eq!((estimate.total, estimate.total_with_repairs), (45, 75));
    }

    #[test]
    fn one_model_is_one_call() {
        let estimate = estimate(&plan(5, ReviewMode::Pairwise), 1);
        assert_eq!((estimate.rounds.len(), estimate.total, estimate.total_with_repairs), (1, 1, 1));
    }
}
