//! From confidences to a score, to who disagrees with whom, and to whether it is still moving.

use crate::ids::{ParticipantId, Round};
use crate::outcome::Disagreement;

/// Mean and spread of some confidences.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// The mean; 0 of none.
    pub average: f64,
    /// The population standard deviation; 0 of none.
    pub stddev: f64,
}

/// Mean and spread of confidences, summed in the order given.
#[must_use]
pub fn spread(confidences: &[f64]) -> Spread {
    let Some(count) = u32::try_from(confidences.len()).ok().filter(|count| *count > 0).map(f64::from) else {
        return Spread::default();
    };
    let average = confidences.iter().sum::<f64>() / count;
    let variance = confidences.iter().map(|one| (one - average).powi(2)).sum::<f64>() / count;
    Spread { average, stddev: variance.sqrt() }
}

/// The score of a round, 0 to 100: the mean of its confidences less half their standard deviation,
/// halves rounded up; 0 of none.
#[must_use]
pub fn consensus_score(confidences: &[f64]) -> u32 {
    let Spread { average, stddev } = spread(confidences);
    let rounded = ((average - 0.5 * stddev).clamp(0.0, 100.0) + 0.5).floor();
    (0..=100).find(|score| f64::from(*score) >= rounded).unwrap_or(100)
}

/// Every pair, in speaking order, whose confidences differ by `threshold` at least. `name` tells the
/// persona of a participant.
#[must_use]
pub fn disagreements<'a>(
    round: Round,
    said: &[(ParticipantId, f64)],
    threshold: f64,
    name: impl Fn(&ParticipantId) -> Option<&'a str>,
) -> Vec<Disagreement> {
    let mut all = Vec::new();
    for (place, (a, one)) in said.iter().enumerate() {
        for (b, other) in &said[place + 1..] {
            let severity = (one - other).abs();
            if severity >= threshold {
                let label = match (name(a), name(b)) {
                    (Some(a), Some(b)) => format!("{a} vs {b}"),
                    _ => "Confidence split".to_owned(),
                };
                let id = format!("r{round}-{a}-{b}");
                all.push(Disagreement { id, a: a.clone(), b: b.clone(), severity, label });
            }
        }
    }
    all
}

/// What a round brought, as far as the rule of the early stop looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its score.
    pub score: u32,
    /// How many answered.
    pub answered: usize,
    /// How many of them stated a confidence.
    pub stated: usize,
}

/// By how much the score moved since the round before, if it moved by `delta` at most. A round in
/// which nobody stated a confidence has no score that could stand still.
#[must_use]
pub fn stable(before: Standing, now: Standing, delta: f64) -> Option<u32> {
    let moved = now.score.abs_diff(before.score);
    (before.stated > 0 && now.stated > 0 && f64::from(moved) <= delta).then_some(moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_whole_number_whatever_comes() {
        assert_eq!(consensus_score(&[]), 0);
        assert_eq!(consensus_score(&[95.0, 5.0]), 28);
        assert_eq!(consensus_score(&[1000.0]), 100);
        assert_eq!(consensus_score(&[-7.0]), 0);
    }

    #[test]
    fn silence_does_not_stand_still() {
        let standing = |score, answered| Standing { score, answered, stated: answered };
        let unstated = Standing { stated: 0, ..standing(50, 2) };
        assert_eq!(stable(unstated, unstated, 3.0), None);
        assert_eq!(stable(standing(70, 2), standing(73, 2), 3.0), Some(3));
        assert_eq!(stable(standing(70, 2), standing(74, 2), 3.0), None);
        assert_eq!(stable(standing(74, 2), standing(70, 2), 3.99), None);
        assert_eq!(stable(standing(0, 0), standing(0, 0), 3.0), None);
        assert_eq!(stable(standing(0, 0), standing(2, 1), 3.0), None);
        assert_eq!(stable(standing(2, 1), standing(0, 0), 3.0), None);
        assert_eq!(stable(standing(0, 2), standing(0, 2), 0.0), Some(0));
    }
}
