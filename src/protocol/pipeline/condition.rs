//! When a step runs: a comparison of one number of the step before it.

use crate::outcome::{Body, Outcome, Status, StopReason};
use crate::protocol::sampling;
use crate::protocol::threshold::{Op, Threshold};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A comparison such as `agreement < 0.95`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Condition {
    /// A number of the step before.
    pub field: String,
    /// What it is compared with.
    #[serde(flatten)]
    pub threshold: Threshold,
}

impl Condition {
    /// Whether it holds for what a step came to; `None` if the number is not known.
    #[must_use]
    pub fn holds(&self, outcome: &Outcome) -> Option<bool> {
        if let (Body::Sampling(body), "agreement") = (&outcome.body, self.field.as_str()) {
            return Some(sampling::passes(body, self.threshold));
        }
        field(outcome, &self.field).map(|value| self.threshold.holds(value))
    }
}

/// A number of what a step came to.
fn field(outcome: &Outcome, name: &str) -> Option<f64> {
    let count = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    let flag = |flag: bool| if flag { 1.0 } else { 0.0 };
    match (&outcome.body, name) {
        (Body::Consensus(body), "score") => body.winner.as_ref()?.mean_score,
        (Body::Consensus(body), "rounds") => Some(f64::from(body.final_round)),
        (Body::Consensus(body), "dissent") => Some(count(body.dissent.len())),
        (Body::Consensus(_), "converged") => Some(flag(outcome.status == Status::Converged)),
        (Body::Debate(body), "score") => body.final_score.map(f64::from),
        (Body::Debate(body), "rounds") => Some(f64::from(body.rounds_completed)),
        (Body::Debate(body), "confidence") => body.final_average_confidence,
        (Body::Debate(body), "disagreements") => Some(count(body.open_disagreements)),
        (Body::Debate(body), "stable") => Some(flag(body.stop_reason == StopReason::Converged)),
        (Body::Sampling(body), "unique") => Some(f64::from(body.unique_responses)),
        (Body::Sampling(body), "ties") => Some(f64::from(body.tie_count)),
        (Body::Sampling(body), "failed") => {
            Some(count(body.samples.iter().filter(|sample| sample.failure.is_some()).count()))
        }
        (Body::Refine(body), "score") => body.score,
        (Body::Refine(body), "iterations") => Some(f64::from(body.iterations)),
        (Body::Refine(body), "passes") => Some(count(body.passes.len())),
        (Body::Refine(body), "changed") => Some(flag(body.rewritten)),
        _ => None,
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no condition: write a field, one of < <= > >= == !=, and a number, such as `agreement < 0.95`"
            )
        };
        let (at, word, op) = Op::WORDS
            .iter()
            .filter_map(|(word, op)| Some((text.find(word)?, *word, *op)))
            .min_by_key(|(at, word, _)| (*at, std::cmp::Reverse(word.len())))
            .ok_or_else(wrong)?;
        let (field, number) = (text[..at].trim(), text[at + word.len()..].trim());
        let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(wrong)?;
        if field.is_empty() || !field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(wrong());
        }
        Ok(Self { field: field.to_owned(), threshold: Threshold { op, number } })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_as_they_are_shown() {
        for (text, shown) in [
            ("agreement < 0.95", "agreement < 0.95"),
            ("score>=0.5", "score >= 0.5"),
            (" unique != 1 ", "unique != 1"),
            ("changed==1", "changed == 1"),
            ("score <= -1e-2", "score <= -0.01"),
        ] {
            assert_eq!(text.parse::<Condition>().unwrap().to_string(), shown);
        }
        for wrong in ["", "agreement", "< 3", "agreement < high", "a b < 1", "agreement = 1", "x < inf", "x <> 1"] {
            assert!(wrong.parse::<Condition>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_condition_survives_being_written_down() {
        let condition: Condition = "agreement < 0.95".parse().unwrap();
        let text = serde_json::to_string(&condition).unwrap();
        assert_eq!(text, r#"{"field":"agreement","op":"<","number":0.95}"#);
        assert_eq!(serde_json::from_str::<Condition>(&text).unwrap(), condition);
    }
}
