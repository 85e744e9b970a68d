//! Thresholds: comparisons with a number, on which the end of a run or the start of a step depends.

use crate::protocol::tally::SLACK;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum Op {
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// More than.
    #[serde(rename = ">")]
    Above,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// The same.
    #[serde(rename = "==")]
    Equal,
    /// Not the same.
    #[serde(rename = "!=")]
    NotEqual,
}

impl Op {
    /// All of them, as they are written; those that begin like another one first.
    pub const WORDS: [(&str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Below),
        (">", Self::Above),
    ];
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, op)| op == self).map_or("", |(word, _)| *word);
        f.pad(word)
    }
}

/// A comparison of some value with a number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Threshold {
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub number: f64,
}

impl Threshold {
    /// At least `number`.
    #[must_use]
    pub fn at_least(number: f64) -> Self {
        Self { op: Op::AtLeast, number }
    }

    /// More than `number`.
    #[must_use]
    pub fn above(number: f64) -> Self {
        Self { op: Op::Above, number }
    }

    /// Whether a value passes. Values that differ by less than [`SLACK`] are the same: 3 of 5 are
    /// 0.6.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        let difference = value - self.number;
        match self.op {
            Op::Below => difference < -SLACK,
            Op::AtMost => difference <= SLACK,
            Op::Above => difference > SLACK,
            Op::AtLeast => difference >= -SLACK,
            Op::Equal => difference.abs() <= SLACK,
            Op::NotEqual => difference.abs() > SLACK,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.op, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_differ_in_the_last_bit_are_equal() {
        let value = 0.1 + 0.2;
        let holds = |op| Threshold { op, number: 0.3 }.holds(value);
        assert_eq!(
            Op::WORDS.map(|(word, op)| (word, holds(op))).map(|(_, holds)| holds),
            [true, true, true, false, false, false]
        );
        assert_eq!(Threshold { op: Op::NotEqual, number: 0.5 }.to_string(), "!= 0.5");
    }

    #[test]
    fn an_operator_is_written_as_people_write_it() {
        for (word, op) in Op::WORDS {
            assert_eq!(serde_json::to_value(op).unwrap(), word);
        }
    }
}
