//! From scores to a leader: means, ties, stability.

use super::adjusted::{Adjusted, adjusted};
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

/// By what the leader of a round is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ranking {
    /// By raw means, as the original.
    #[default]
    Mean,
    /// By [adjusted means](super::adjusted), where there are any; else by raw means.
    Adjusted,
}

/// Where a round stands once its scores are in.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which round.
    pub round: Round,
    /// What it was computed from.
    pub scores: Scores,
    /// The mean score of each answer that anybody scored.
    pub means: BTreeMap<ParticipantId, f64>,
    /// The adjusted means, where the leader was told by them.
    pub adjusted: Option<BTreeMap<ParticipantId, f64>>,
    /// Who leads; `None` if nothing was scored.
    pub leader: Option<ParticipantId>,
    /// Who ranks as high as the leader, in plan order.
    pub tied: Vec<ParticipantId>,
    /// For how many rounds in a row the leader leads, this one included; 0 without a leader.
    pub stable: u32,
}

impl Standing {
    /// Counts a round out by raw means. `order` is the plan's order of participants.
    #[must_use]
    pub fn of(round: Round, order: &[ParticipantId], scores: Scores, previous: Option<&Self>) -> Self {
        Self::ranked(Ranking::Mean, round, order, scores, previous)
    }

    /// Counts a round out. Of those who rank highest the leader of the `previous` round leads; else whoever has
    /// the higher lowest score, else the higher adjusted mean, else comes first in plan order.
    #[must_use]
    pub fn ranked(
        ranking: Ranking,
        round: Round,
        order: &[ParticipantId],
        scores: Scores,
        previous: Option<&Self>,
    ) -> Self {
        let means: BTreeMap<_, _> =
            order.iter().filter_map(|author| Some((author.clone(), mean(&given(author, order, &scores))?))).collect();
        let adjusted = adjusted(order, &scores);
        let ranked = adjusted.as_ref().filter(|_| ranking == Ranking::Adjusted);
        let by = ranked.map_or(&means, |adjusted| &adjusted.means);
        let best = by.values().copied().fold(f64::NEG_INFINITY, f64::max);
        let top: Vec<&ParticipantId> =
            order.iter().filter(|who| by.get(*who).is_some_and(|mean| *mean >= best - SLACK)).collect();
        let incumbent = previous.and_then(|previous| previous.leader.as_ref()).filter(|who| top.contains(who));
        let leader = incumbent.or_else(|| first_of(&top, order, &scores, adjusted.as_ref(), ranked)).cloned();
        let stable = match (&leader, previous) {
            (None, _) => 0,
            (Some(_), Some(previous)) if previous.leader == leader => previous.stable + 1,
            (Some(_), _) => 1,
        };
        let tied = top.into_iter().filter(|who| Some(*who) != leader.as_ref()).cloned().collect();
        let adjusted = adjusted.filter(|_| ranking == Ranking::Adjusted).map(|adjusted| adjusted.means);
        Self { round, scores, means, adjusted, leader, tied, stable }
    }

    /// The mean score of the leader.
    #[must_use]
    pub fn leading_mean(&self) -> Option<f64> {
        self.means.get(self.leader.as_ref()?).copied()
    }
}

/// Of those who rank alike, who leads: the higher lowest score, then the higher adjusted mean, then plan order. Where
/// the round is `ranked` by adjusted means, scores count without their reviewers' offsets here too.
fn first_of<'a>(
    alike: &[&'a ParticipantId],
    order: &[ParticipantId],
    scores: &Scores,
    adjusted: Option<&Adjusted>,
    ranked: Option<&Adjusted>,
) -> Option<&'a ParticipantId> {
    let offset = |reviewer| ranked.and_then(|ranked| ranked.offsets.get(reviewer).copied()).unwrap_or_default();
    let lowest = |author: &ParticipantId| {
        let given = order.iter().filter_map(|by| Some(scores.get(by)?.get(author)? - offset(by)));
        given.fold(f64::INFINITY, f64::min)
    };
    let mean = |author| adjusted.and_then(|adjusted| adjusted.means.get(author).copied()).unwrap_or_default();
    let key = |author| [lowest(author), mean(author)];
    alike.iter().copied().reduce(|first, other| {
        let differs = key(first).into_iter().zip(key(other)).find(|(one, other)| (one - other).abs() > SLACK);
        if differs.is_some_and(|(one, better)| better > one) { other } else { first }
    })
}

/// The mean of some scores, summed in the order given; `None` of none.
#[must_use]
pub fn mean(scores: &[f64]) -> Option<f64> {
    let count = u32::try_from(scores.len()).ok().filter(|count| *count > 0)?;
    Some(scores.iter().sum::<f64>() / f64::from(count))
}

/// What reviewers gave an author, in plan order.
fn given(author: &ParticipantId, order: &[ParticipantId], scores: &Scores) -> Vec<f64> {
    order.iter().filter_map(|reviewer| scores.get(reviewer)?.get(author).copied()).collect()
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
    fn a_tie_falls_to_the_higher_lowest_score_before_plan_order() {
        let scores = [("x", "a", 10.0), ("y", "a", 6.0), ("x", "b", 8.0), ("y", "b", 8.0)];
        let standing = standing(&["a", "b", "x", "y"], &scores, None);
        assert_eq!((standing.leader, standing.tied), (Some(ParticipantId::new("b")), vec![ParticipantId::new("a")]));
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
