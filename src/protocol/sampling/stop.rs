//! When the samples that are in decide the run, whatever the rest would say.
//!
//! The rule looks at samples in index order only. With a stated confidence it is that of adaptive
//! consistency with a Beta posterior (Aggarwal, Madaan, Yang, Mausam: "Let's Sample Step by Step:
//! Adaptive-Consistency for Efficient Reasoning and Coding with LLMs", EMNLP 2023, section 3): with
//! v1 votes for the leading answer and v2 for the next one, the leader is the true majority with
//! probability P(p > 1/2) for p ~ Beta(v1 + 1, v2 + 1). A threshold on the agreement is judged by the
//! same posterior over "the leader's answer or another": its final count follows a beta-binomial.

use super::settings::{EarlyStop, Strategy};
use super::vote::{Group, Vote, share};
use crate::protocol::threshold::Threshold;
use serde::{Deserialize, Serialize};

/// Why a run ended before all samples were taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Decided {
    /// Neither the winner nor any threshold can change.
    Certain,
    /// It is at least this likely that none of them would have changed.
    Confident {
        /// The least of the probabilities of the winner and of each threshold, 0 to 1.
        confidence: f64,
    },
}

/// What the first samples decide.
#[derive(Debug, Clone, Copy)]
pub struct Stop<'a> {
    /// When the samples count as agreed.
    pub strategy: Strategy,
    /// How sure one must be.
    pub rule: EarlyStop,
    /// What the agreement is compared with.
    pub thresholds: &'a [Threshold],
    /// How many samples the run has if it does not end early.
    pub samples: usize,
}

impl Stop<'_> {
    /// Whether `taken` samples, counted in `vote`, decide the run.
    #[must_use]
    pub fn decided(&self, vote: &Vote, taken: usize) -> Option<Decided> {
        let left = self.samples.saturating_sub(taken);
        if left == 0 {
            return None;
        }
        if self.strategy == Strategy::Unanimous {
            // Any two that differ, or one that failed, settle it. There should be something to show.
            let missed = vote.winner.is_some() && vote.votes() < taken;
            return (missed && self.gates_are_certain(vote, left)).then_some(Decided::Certain);
        }
        if self.is_certain(vote, left) {
            return Some(Decided::Certain);
        }
        let EarlyStop::Confident(wanted) = self.rule else { return None };
        let confidence = self.confidence(vote, taken, left)?;
        (confidence >= wanted).then_some(Decided::Confident { confidence })
    }

    fn is_certain(&self, vote: &Vote, left: usize) -> bool {
        let Some(leader) = vote.winner.and_then(|winner| vote.groups.get(winner)) else { return false };
        let votes = leader.votes();
        let beaten = |other: &Group| {
            let most = other.votes() + left;
            most > votes || (most == votes && other.samples < leader.samples)
        };
        // An answer that nobody has given yet comes after all others in a tie.
        let by_known = vote.groups.iter().any(|other| other != leader && beaten(other));
        !by_known && left <= votes && self.gates_are_certain(vote, left)
    }

    /// Whether the thresholds are settled by the votes that the winner will have, whoever that is.
    fn gates_are_certain(&self, vote: &Vote, left: usize) -> bool {
        let (least, most) = (vote.votes(), vote.votes() + left);
        self.thresholds.iter().all(|threshold| {
            let holds = |votes: usize| threshold.holds(share(votes, self.samples));
            (least..=most).all(|votes| holds(votes) == holds(least))
        })
    }

    fn confidence(&self, vote: &Vote, taken: usize, left: usize) -> Option<f64> {
        let leader = vote.winner?;
        let votes = vote.votes();
        let others = vote.groups.iter().enumerate().filter(|(place, _)| *place != leader);
        let next = others.map(|(_, group)| group.votes()).max().unwrap_or(0);
        let thresholds = self.thresholds.iter().map(|threshold| {
            let holds = self.probability(*threshold, votes, taken, left);
            holds.max(1.0 - holds)
        });
        Some(thresholds.fold(leads(votes, next), f64::min))
    }

    /// How likely it is that a threshold holds once all samples are in.
    #[must_use]
    pub fn probability(&self, threshold: Threshold, votes: usize, taken: usize, left: usize) -> f64 {
        let more = beta_binomial(left, votes + 1, taken.saturating_sub(votes) + 1);
        let holding = more.iter().enumerate().filter(|(more, _)| threshold.holds(share(votes + more, self.samples)));
        holding.map(|(_, probability)| probability).sum()
    }
}

/// P(p > 1/2) for p ~ Beta(first + 1, second + 1), which is the probability of at most `first` heads
/// in `first + second + 1` tosses of a fair coin.
fn leads(first: usize, second: usize) -> f64 {
    let tosses = first + second + 1;
    let mut term = 0.5_f64.powi(i32::try_from(tosses).unwrap_or(i32::MAX));
    let mut sum = term;
    for heads in 0..first {
        term *= share(tosses - heads, heads + 1);
        sum += term;
    }
    sum
}

/// The distribution of successes in `trials` trials whose probability is Beta(a, b): at index k
/// that of k successes.
fn beta_binomial(trials: usize, a: usize, b: usize) -> Vec<f64> {
    let mut term = (0..trials).map(|trial| share(b + trial, a + b + trial)).product::<f64>();
    let mut all = vec![term];
    for k in 0..trials {
        term *= share((trials - k) * (k + a), (k + 1) * (trials - k - 1 + b));
        all.push(term);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::settings::Strategy;
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn count(strategy: Strategy, forms: &[u8]) -> Vote {
        // 0 is a sample that failed.
        let forms: Vec<Option<Arc<str>>> =
            forms.iter().map(|form| (*form > 0).then(|| form.to_string().into())).collect();
        Vote::count(strategy, &forms)
    }

    fn stop(strategy: Strategy, rule: EarlyStop, thresholds: &[Threshold], samples: usize) -> Stop<'_> {
        Stop { strategy, rule, thresholds, samples }
    }

    fn taken(rule: EarlyStop, thresholds: &[Threshold], forms: &[u8]) -> usize {
        let rule = stop(Strategy::Majority, rule, thresholds, forms.len());
        let decided = |taken: &usize| rule.decided(&count(Strategy::Majority, &forms[..*taken]), *taken).is_some();
        (0..forms.len()).find(decided).unwrap_or(forms.len())
    }

    #[test]
    fn three_of_five_that_agree_decide_a_majority() {
        assert_eq!(taken(EarlyStop::Certain, &[], &[1, 1, 1, 2, 2]), 3);
        assert_eq!(taken(EarlyStop::Certain, &[], &[1, 2, 1, 1, 3]), 4);
        // The first one wins a tie, so that half of an even number is enough for it.
        assert_eq!(taken(EarlyStop::Certain, &[], &[1, 1, 2, 2]), 2);
        assert_eq!(taken(EarlyStop::Certain, &[], &[2, 1, 1, 2]), 4);
        assert_eq!(taken(EarlyStop::Certain, &[], &[0, 0, 1, 1]), 3);
    }

    #[test]
    fn a_gate_is_waited_for() {
        assert_eq!(taken(EarlyStop::Certain, &[Threshold::at_least(0.8)], &[1, 1, 1, 1, 2]), 4);
        assert_eq!(taken(EarlyStop::Certain, &[Threshold::at_least(0.8)], &[1, 2, 3, 1, 1]), 4);
        assert_eq!(taken(EarlyStop::Certain, &[Threshold::at_least(0.8)], &[1, 2, 1, 2, 1]), 5);
        assert_eq!(taken(EarlyStop::Certain, &[Threshold::at_least(0.6)], &[1, 1, 1, 2, 2]), 3);
    }

    #[test]
    fn a_confidence_saves_more_and_says_how_sure_it_is() {
        // 1 - 2^-(n+1) for n that agree: 0.9375 after three, 0.96875 after four.
        assert_eq!(taken(EarlyStop::Confident(0.95), &[], &[1; 40]), 4);
        assert_eq!(taken(EarlyStop::Certain, &[], &[1; 40]), 20);
        let rule = stop(Strategy::Majority, EarlyStop::Confident(0.9), &[], 40);
        let decided = rule.decided(&count(Strategy::Majority, &[1, 1, 1]), 3);
        assert_eq!(decided, Some(Decided::Confident { confidence: 0.9375 }));
        // Whether four in five will agree is less sure than who leads.
        assert!(taken(EarlyStop::Confident(0.95), &[Threshold::at_least(0.8)], &[1; 40]) > 4);
    }

    #[test]
    fn the_posteriors_are_those_of_the_books() {
        assert!((leads(0, 0) - 0.5).abs() < 1e-12);
        assert!((leads(4, 1) - 0.890_625).abs() < 1e-12);
        assert!((leads(3, 3) - 0.5).abs() < 1e-12);
        assert_eq!(beta_binomial(2, 1, 1).len(), 3);
        assert!(beta_binomial(2, 1, 1).iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-12));
        assert!((beta_binomial(50, 7, 3).iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn two_that_differ_or_one_that_failed_end_unanimity() {
        let rule = stop(Strategy::Unanimous, EarlyStop::Confident(0.6), &[], 5);
        let decided = |forms: &[u8]| rule.decided(&count(Strategy::Unanimous, forms), forms.len()).is_some();
        assert!(decided(&[1, 2]) && decided(&[0, 1]) && decided(&[1, 1, 0]));
        assert!(!decided(&[1, 1, 1, 1]) && !decided(&[]) && !decided(&[0]));
    }

    proptest! {
        #[test]
        fn what_is_certain_never_changes(
            forms in proptest::collection::vec(0u8..4, 1..9),
            threshold in proptest::option::of(0u32..=8),
            unanimous in any::<bool>(),
        ) {
            let strategy = if unanimous { Strategy::Unanimous } else { Strategy::Majority };
            let thresholds: Vec<Threshold> = threshold.map(|eighths| Threshold::at_least(f64::from(eighths) / 8.0)).into_iter().collect();
            let rule = stop(strategy, EarlyStop::Certain, &thresholds, forms.len());
            let whole = count(strategy, &forms);
            for taken in 0..forms.len() {
                let part = count(strategy, &forms[..taken]);
                if rule.decided(&part, taken) != Some(Decided::Certain) {
                    continue;
                }
                let left = forms.len() - taken;
                if unanimous {
                    prop_assert!(!whole.reached);
                } else {
                    prop_assert_eq!(part.winning_sample(), whole.winning_sample());
                    prop_assert!((part.votes()..=part.votes() + left).contains(&whole.votes()));
                    for threshold in &thresholds {
                        let (low, high) = (share(part.votes(), forms.len()), share(part.votes() + left, forms.len()));
                        let holds = threshold.holds(whole.agreement(forms.len()));
                        prop_assert_eq!(threshold.holds(low), holds);
                        prop_assert_eq!(threshold.holds(high), holds);
                    }
                }
            }
        }
    }
}
