//! The usual rule: the leader's mean reaches a threshold, and the same participant has led for some
//! rounds in a row.

use super::closing::{AnswerSoFar, Bound, ClosedRound, ClosingDecision, ClosingStrategy, Partial, Previous};
use crate::ids::ParticipantId;
use crate::protocol::tally::{Ranking, SLACK};

/// Converges when the leader's mean of this round is at least `threshold` and the same participant
/// has led for at least `stability_rounds` rounds, this one included. Earlier rounds need not have
/// reached the threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoteThreshold {
    threshold: f64,
    stability_rounds: u32,
}

impl VoteThreshold {
    /// A rule with a threshold from 1 to 10 and a stability of at least 1 (0 means 1).
    #[must_use]
    pub fn new(threshold: f64, stability_rounds: u32) -> Self {
        Self { threshold, stability_rounds }
    }

    fn reaches(&self, mean: f64) -> bool {
        mean >= self.threshold - SLACK
    }

    /// Whether this author would have led for long enough if it led this round.
    fn would_be_stable(&self, partial: &Partial<'_>, answer: &AnswerSoFar) -> bool {
        let streak = match partial.previous {
            Previous::None => 1,
            Previous::Closed(standing) if standing.leader.as_ref() == Some(&answer.author) => standing.stable + 1,
            Previous::Closed(_) => 1,
            // At most: it may have led every round.
            Previous::Open => partial.round.get(),
        };
        streak >= self.stability_rounds
    }

    fn can_win(&self, partial: &Partial<'_>, answer: &AnswerSoFar) -> bool {
        let Some(highest) = answer.highest() else { return false };
        let beaten = others(partial, answer).any(|other| other.lowest().is_some_and(|lowest| lowest > highest + SLACK));
        self.would_be_stable(partial, answer) && self.reaches(highest) && !beaten
    }

    /// A certain winner has all its reviews in, so that an early close loses no word against it.
    fn must_win(&self, partial: &Partial<'_>, answer: &AnswerSoFar) -> bool {
        if !answer.here || answer.missing > 0 || matches!(partial.previous, Previous::Open) {
            return false;
        }
        let Some(mean) = answer.lowest() else { return false };
        let safe = others(partial, answer).all(|other| other.highest().is_none_or(|highest| highest < mean - SLACK));
        self.would_be_stable(partial, answer) && self.reaches(mean) && safe
    }
}

fn others<'a>(partial: &'a Partial<'_>, answer: &'a AnswerSoFar) -> impl Iterator<Item = &'a AnswerSoFar> {
    partial.answers.iter().filter(move |other| other.author != answer.author)
}

impl ClosingStrategy for VoteThreshold {
    fn name(&self) -> &str {
        "vote-threshold"
    }

    fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision {
        let standing = round.standing;
        match (&standing.leader, standing.leading_mean()) {
            (Some(leader), Some(mean)) if self.reaches(mean) && standing.stable >= self.stability_rounds => {
                ClosingDecision::Converged { winner: leader.clone() }
            }
            _ => ClosingDecision::Continue,
        }
    }

    fn bound(&self, partial: &Partial<'_>) -> Bound {
        if !partial.answers.iter().any(|answer| self.can_win(partial, answer)) {
            Bound::CannotClose
        } else if partial.answers.iter().any(|answer| self.must_win(partial, answer)) {
            Bound::WillClose
        } else {
            Bound::Unknown
        }
    }

    /// All scores of a round decide a tie (by adjusted means): with two that may win, every review is needed.
    fn may_win(&self, last: &Partial<'_>, best: Option<f64>) -> Option<Vec<ParticipantId>> {
        let best = best.filter(|_| self.bound(last) == Bound::CannotClose);
        let may_win = |answer: &&AnswerSoFar| {
            let Some(highest) = answer.highest() else { return false };
            let lowest = others(last, answer).filter_map(AnswerSoFar::lowest).chain(best);
            lowest.fold(f64::NEG_INFINITY, f64::max) <= highest + SLACK
        };
        let able: Vec<_> = last.answers.iter().filter(may_win).map(|answer| answer.author.clone()).collect();
        (able.len() < 2).then_some(able)
    }
}

/// The same rule with another leader: by means from which the harshness of reviewers is taken out
/// ([`adjusted`](crate::protocol::adjusted)). The threshold is held against the leader's raw mean.
///
/// With fewer than three participants, or where the scores do not connect everybody, raw means tell the leader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdjustedThreshold(VoteThreshold);

impl AdjustedThreshold {
    /// A rule with a threshold from 1 to 10 and a stability of at least 1 (0 means 1).
    #[must_use]
    pub fn new(threshold: f64, stability_rounds: u32) -> Self {
        Self(VoteThreshold::new(threshold, stability_rounds))
    }
}

impl ClosingStrategy for AdjustedThreshold {
    fn name(&self) -> &str {
        "adjusted"
    }

    fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision {
        self.0.close(round)
    }

    fn ranking(&self) -> Ranking {
        Ranking::Adjusted
    }

    fn bound(&self, partial: &Partial<'_>) -> Bound {
        let reaches = |answer: &AnswerSoFar| answer.highest().is_some_and(|highest| self.0.reaches(highest));
        let may_win = |answer: &AnswerSoFar| reaches(answer) && self.0.would_be_stable(partial, answer);
        // One missing score moves every adjusted mean: who will lead is not known before all are in.
        if partial.answers.iter().any(may_win) { Bound::Unknown } else { Bound::CannotClose }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Round;
    use crate::protocol::tally::{Scores, Standing};
    use proptest::prelude::*;

    const NAMES: [&str; 3] = ["a", "b", "c"];

    fn order() -> Vec<ParticipantId> {
        NAMES.map(ParticipantId::new).to_vec()
    }

    fn standing(scores: &[[Option<f64>; 3]; 3], previous: Option<&Standing>) -> Standing {
        let mut table = Scores::new();
        for (reviewer, row) in scores.iter().enumerate() {
            for (author, score) in row.iter().enumerate().filter(|(author, _)| *author != reviewer) {
                if let Some(score) = score {
                    table.entry(order()[reviewer].clone()).or_default().insert(order()[author].clone(), *score);
                }
            }
        }
        let round = previous.map_or(Round::FIRST, |previous| previous.round.next());
        Standing::of(round, &order(), table, previous)
    }

    /// What is known when only the scores of the pairs in `known` are in.
    fn partial<'a>(scores: &[[Option<f64>; 3]; 3], known: &[bool], previous: Option<&'a Standing>) -> Partial<'a> {
        let answers = (0..3).map(|author| {
            let reviewers: Vec<usize> = (0..3).filter(|reviewer| *reviewer != author).collect();
            let (settled, open): (Vec<usize>, Vec<usize>) =
                reviewers.into_iter().partition(|reviewer| known[reviewer * 3 + author]);
            AnswerSoFar {
                author: order()[author].clone(),
                here: true,
                scores: settled.iter().filter_map(|reviewer| scores[*reviewer][author]).collect(),
                missing: open.len(),
            }
        });
        Partial {
            round: previous.map_or(Round::FIRST, |previous| previous.round.next()),
            previous: previous.map_or(Previous::None, Previous::Closed),
            answers: answers.collect(),
        }
    }

    fn close(rule: VoteThreshold, standing: &Standing) -> ClosingDecision {
        rule.close(&ClosedRound { standing, earlier: &[] })
    }

    #[test]
    fn a_first_round_cannot_close_where_two_are_needed() {
        let none = [[None; 3]; 3];
        let rule = VoteThreshold::new(8.0, 2);
        assert_eq!(rule.bound(&partial(&none, &[false; 9], None)), Bound::CannotClose);
        assert_eq!(VoteThreshold::new(8.0, 1).bound(&partial(&none, &[false; 9], None)), Bound::Unknown);
    }

    #[test]
    fn a_round_closes_early_only_when_all_words_about_the_winner_are_in() {
        let lead = [[None, Some(5.0), Some(5.0)], [Some(9.0), None, Some(5.0)], [Some(9.0), Some(5.0), None]];
        let first = standing(&lead, None);
        let rule = VoteThreshold::new(8.0, 2);
        let mut known = [true; 9];
        known[1] = false;
        assert_eq!(rule.bound(&partial(&lead, &known, Some(&first))), Bound::WillClose);
        known[3] = false;
        assert_eq!(rule.bound(&partial(&lead, &known, Some(&first))), Bound::Unknown);
    }

    fn score() -> impl Strategy<Value = Option<f64>> {
        prop_oneof![1 => Just(None), 6 => (2u32..=20).prop_map(|half| Some(f64::from(half) / 2.0))]
    }

    proptest! {
        #[test]
        fn a_bound_is_always_right(
            before in proptest::option::of(proptest::array::uniform3(proptest::array::uniform3(score()))),
            scores in proptest::array::uniform3(proptest::array::uniform3(score())),
            known in proptest::collection::vec(any::<bool>(), 9),
            threshold in 4u32..=20,
            stability in 1u32..=3,
        ) {
            let rule = VoteThreshold::new(f64::from(threshold) / 2.0, stability);
            let previous = before.map(|before| standing(&before, None));
            let decision = close(rule, &standing(&scores, previous.as_ref()));
            let partial = partial(&scores, &known, previous.as_ref());
            let mut seen = scores;
            for (pair, known) in known.iter().enumerate() {
                if !known {
                    seen[pair / 3][pair % 3] = None;
                }
            }
            match rule.bound(&partial) {
                Bound::CannotClose => prop_assert_eq!(decision, ClosingDecision::Continue),
                Bound::WillClose => {
                    prop_assert!(decision != ClosingDecision::Continue);
                    prop_assert_eq!(decision, close(rule, &standing(&seen, previous.as_ref())));
                }
                Bound::Unknown => {}
            }
            let open = Partial { previous: Previous::Open, ..partial };
            if rule.bound(&open) == Bound::CannotClose && stability <= open.round.get() {
                prop_assert_eq!(close(rule, &standing(&scores, previous.as_ref())), ClosingDecision::Continue);
            }
        }
    }
}
