//! When a step runs: a comparison of one number of the step before it.

use crate::outcome::{Body, Outcome, PipelineBody, Status, with_protocols};
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

/// A number of an outcome that a condition can ask about: its name, and how it is read. `None` if it is not known.
pub(crate) type Number<B> = (&'static str, fn(&B, Status) -> Option<f64>);

/// The outcome of a protocol, as conditions read it.
pub(crate) trait Measured: Sized + 'static {
    /// Everything that can be asked about.
    const NUMBERS: &'static [Number<Self>];

    /// The number of a name.
    fn number(&self, status: Status, field: &str) -> Option<f64> {
        let (_, read) = Self::NUMBERS.iter().find(|(name, _)| *name == field)?;
        read(self, status)
    }

    /// Whether a comparison holds; `None` if the number is not known.
    fn holds(&self, status: Status, field: &str, threshold: Threshold) -> Option<bool> {
        self.number(status, field).map(|value| threshold.holds(value))
    }
}

/// The names of all numbers of an outcome.
pub(crate) fn names<B: Measured>() -> Vec<&'static str> {
    B::NUMBERS.iter().map(|(name, _)| *name).collect()
}

// The last step is the whole pipeline's: no condition follows it.
impl Measured for PipelineBody {
    const NUMBERS: &'static [Number<Self>] = &[];
}

macro_rules! measures {
    ($({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+})+) => {
        impl Condition {
            /// Whether it holds for what a step came to; `None` if the number is not known.
            #[must_use]
            pub fn holds(&self, outcome: &Outcome) -> Option<bool> {
                match &outcome.body {
                    $($(Body::$name(body) => body.holds(outcome.status, &self.field, self.threshold),)+)+
                }
            }
        }
    };
}
with_protocols!(measures);

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
