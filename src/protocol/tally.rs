//! From scores to a leader: means, ties, stability.

use crate::ids::{ParticipantId, Round};
use std::collections::BTreeMap;

/// The lowest score that a review can give.
pub const LOWEST: f64 = 1.0;
/// The highest score that a review can give.
pub const HIGHEST: f64 = 10.0;
/// Means that differ by less are the same: 8.1, 8.1 and 8.1 must reach a threshold of 8.1.
pub const SLACK: f64 = 1e-9;

/// `scores[reviewer][author]`, each from 1 to 10; a missing review has no entry.
pub type Scores = BTreeMap<ParticipantId, BTreeMap<ParticipantId, f64>>;

/// Where a round stands once its scores are in.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which round.
    pub round: Round,
    /// What it was computed from.
    pub scores: Scores,
    /// The mean score of each answer that anybody scored.
    pub means: BTreeMap<ParticipantId, f64>,
    /// Who leads; `None` if nothing was scored.
    pub leader: Option<ParticipantId>,
    /// For how many rounds in a row the leader leads, this one included; 0 without a leader.
    pub stable: u32,
}

impl Standing {
    /// Counts a round out. `order` is the plan's order of participants, in which means are summed
    /// and ties fall, unless the leader of the `previous` round is among those who are tied.
    #[must_use]
    pub fn of(round: Round, order: &[ParticipantId], scores: Scores, previous: Option<&Self>) -> Self {
        let means: BTreeMap<_, _> =
            order.iter().filter_map(|author| Some((author.clone(), mean_of(author, order, &scores)?))).collect();
        let best = means.values().copied().fold(f64::NEG_INFINITY, f64::max);
        let tied = |who: &&ParticipantId| means.get(*who).is_some_and(|mean| *mean >= best - SLACK);
        let incumbent = previous.and_then(|previous| previous.leader.as_ref());
        let leader = incumbent.filter(tied).or_else(|| order.iter().find(tied)).cloned();
        let stable = match (&leader, previous) {
            (None, _) => 0,
            (Some(_), Some(previous)) if previous.leader == leader => previous.stable + 1,
            (Some(_), _) => 1,
        };
        Self { round, scores, means, leader, stable }
    }

    /// The mean score of the leader.
    #[must_use]
    pub fn leading_mean(&self) -> Option<f64> {
        self.means.get(self.leader.as_ref()?).copied()
    }
}

/// The mean of some scores, summed in the order given; `None` of none.
#[must_use]
pub fn mean(scores: &[f64]) -> Option<f64> {
    let count = u32::try_from(scores.len()).ok().filter(|count| *count > 0)?;
    Some(scores.iter().sum::<f64>() / f64::from(count))
}

fn mean_of(author: &ParticipantId, order: &[ParticipantId], scores: &Scores) -> Option<f64> {
    let given: Vec<f64> = order.iter().filter_map(|reviewer| scores.get(reviewer)?.get(author).copied()).collect();
    mean(&given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(order: &[&str], scores: &[(&str, &str, f64)], previous: Option<&Standing>) -> Standing {
        let order: Vec<_> = order.iter().map(|name| ParticipantId::new(*name)).collect();
        let mut table = Scores::new();
        for (reviewer, author, score) in scores {
            table.entry(ParticipantId::new(*reviewer)).or_default().insert(ParticipantId::new(*author), *score);
        }
        let round = previous.map_or(Round::FIRST, |previous| previous.round.next());
        Standing::of(round, &order, table, previous)
    }

    #[test]
    fn a_tie_falls_to_plan_order_and_then_stays_with_the_incumbent() {
        let tie = [("a", "b", 9.0), ("b", "a", 9.0)];
        let first = standing(&["b", "a"], &tie, None);
        assert_eq!(first.leader, Some(ParticipantId::new("b")));
        let lead = standing(&["b", "a"], &[("a", "b", 7.0), ("b", "a", 9.0)], Some(&first));
        assert_eq!((lead.leader.clone(), lead.stable), (Some(ParticipantId::new("a")), 1));
        let again = standing(&["b", "a"], &tie, Some(&lead));
        assert_eq!((again.leader, again.stable), (Some(ParticipantId::new("a")), 2));
    }

    #[test]
    fn sums_that_differ_in_the_last_bit_are_a_tie() {
        let scores =
            [("x", "a", 8.1), ("y", "a", 8.3), ("z", "a", 8.2), ("x", "b", 8.3), ("y", "b", 8.2), ("z", "b", 8.1)];
        let standing = standing(&["x", "y", "z", "a", "b"], &scores, None);
        assert_eq!(standing.leader, Some(ParticipantId::new("a")));
    }

    #[test]
    fn a_round_without_scores_has_no_leader_and_breaks_the_streak() {
        let first = standing(&["a", "b"], &[("a", "b", 9.0)], None);
        let empty = standing(&["a", "b"], &[], Some(&first));
        assert_eq!((empty.leader.clone(), empty.stable, empty.leading_mean()), (None, 0, None));
        let third = standing(&["a", "b"], &[("a", "b", 9.0)], Some(&empty));
        assert_eq!(third.stable, 1);
    }
}
