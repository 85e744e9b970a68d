//! What a run may spend: ceilings, what is left of them, and whether one more attempt fits.
//!
//! The arithmetic is that of the seed's `pipe` (its `0` is no limit, its `-1` is nothing left), as
//! the vectors `remaining_budget` and `budget_gate` fix it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One ceiling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Ceiling {
    /// No limit.
    #[default]
    Unlimited,
    /// At most so many, at least 1.
    AtMost(u64),
    /// Nothing is left.
    Spent,
}

impl Ceiling {
    /// What is left of it.
    #[must_use]
    pub fn after(self, spent: u64) -> Self {
        match self {
            Self::AtMost(most) if spent >= most => Self::Spent,
            Self::AtMost(most) => Self::AtMost(most - spent),
            other => other,
        }
    }

    fn is_reached(self, spent: u64) -> bool {
        match self {
            Self::Unlimited => false,
            Self::AtMost(most) => spent >= most,
            Self::Spent => true,
        }
    }
}

/// What a run, or a step of a pipeline, may spend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Budget {
    /// Attempts: retries and repairs are among them.
    #[serde(default)]
    pub calls: Ceiling,
    /// Input tokens, as the vendors report them.
    #[serde(default)]
    pub input_tokens: Ceiling,
    /// Output tokens, as the vendors report them.
    #[serde(default)]
    pub output_tokens: Ceiling,
    /// US dollars of accounts that are paid per use; a subscription's notional cost is not counted.
    #[serde(default)]
    pub usd: Option<f64>,
}

/// What was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Attempts that were begun.
    pub calls: u64,
    /// Input tokens, as far as the vendors reported them.
    pub input_tokens: u64,
    /// Output tokens, as far as the vendors reported them.
    pub output_tokens: u64,
    /// US dollars; infinite if a cost is unknown that nothing can be put in the place of.
    pub usd: f64,
}

/// A ceiling that was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exhausted {
    /// That of attempts.
    Calls(Ceiling),
    /// That of input tokens.
    InputTokens(Ceiling),
    /// That of output tokens.
    OutputTokens(Ceiling),
    /// That of money, in US dollars.
    Usd(f64),
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, ceiling) = match self {
            Self::Calls(ceiling) => ("calls", ceiling),
            Self::InputTokens(ceiling) => ("input tokens", ceiling),
            Self::OutputTokens(ceiling) => ("output tokens", ceiling),
            Self::Usd(most) => return write!(f, "the budget of ${most:.2} is spent"),
        };
        match ceiling {
            Ceiling::AtMost(most) => write!(f, "the budget of {most} {what} is spent"),
            Ceiling::Unlimited | Ceiling::Spent => write!(f, "no {what} are left of the budget"),
        }
    }
}

/// What is left for the next step.
#[must_use]
pub fn remaining_budget(budget: &Budget, spent: &Spent) -> Budget {
    Budget {
        calls: budget.calls.after(spent.calls),
        input_tokens: budget.input_tokens.after(spent.input_tokens),
        output_tokens: budget.output_tokens.after(spent.output_tokens),
        usd: budget.usd.map(|most| (most - spent.usd).max(0.0)),
    }
}

/// Whether one more attempt may begin: first ones, retries and repairs alike, against every ceiling.
///
/// # Errors
/// The first ceiling that is reached.
pub fn budget_gate(budget: &Budget, spent: &Spent) -> Result<(), Exhausted> {
    if budget.calls.is_reached(spent.calls) {
        return Err(Exhausted::Calls(budget.calls));
    }
    if budget.input_tokens.is_reached(spent.input_tokens) {
        return Err(Exhausted::InputTokens(budget.input_tokens));
    }
    if budget.output_tokens.is_reached(spent.output_tokens) {
        return Err(Exhausted::OutputTokens(budget.output_tokens));
    }
    match budget.usd {
        Some(most) if spent.usd >= most => Err(Exhausted::Usd(most)),
        _ => Ok(()),
    }
}

/// By how much the ceilings were passed, one line each: what was in flight when the last of the
/// budget went could not be called back.
#[must_use]
pub fn overshoot(budget: &Budget, spent: &Spent) -> Vec<String> {
    let tokens = [
        (budget.input_tokens, spent.input_tokens, "input tokens"),
        (budget.output_tokens, spent.output_tokens, "output tokens"),
    ];
    let mut lines: Vec<_> = tokens
        .into_iter()
        .filter_map(|(ceiling, spent, what)| match ceiling {
            Ceiling::AtMost(most) if spent > most => {
                Some(format!("{spent} {what} were used, {} over the budget of {most}", spent - most))
            }
            _ => None,
        })
        .collect();
    if let Some(most) = budget.usd.filter(|most| spent.usd > *most) {
        lines.push(if spent.usd.is_finite() {
            format!("${:.4} was spent, ${:.4} over the budget of ${most:.2}", spent.usd, spent.usd - most)
        } else {
            format!("the cost of an answer is unknown: the budget of ${most:.2} counts as spent")
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_looked_at_in_order() {
        let one = Ceiling::AtMost(1);
        let budget = Budget { calls: one, input_tokens: one, output_tokens: one, usd: Some(1.0) };
        let mut spent = Spent { calls: 1, input_tokens: 1, output_tokens: 1, usd: 1.0 };
        assert_eq!(budget_gate(&budget, &spent), Err(Exhausted::Calls(one)));
        spent.calls = 0;
        assert_eq!(budget_gate(&budget, &spent), Err(Exhausted::InputTokens(one)));
        spent.input_tokens = 0;
        assert_eq!(budget_gate(&budget, &spent), Err(Exhausted::OutputTokens(one)));
    }

    #[test]
    fn money_is_a_ceiling_like_the_others_and_overshoot_is_told() {
        let budget = Budget { usd: Some(1.0), output_tokens: Ceiling::AtMost(10), ..Budget::default() };
        assert_eq!(budget_gate(&budget, &Spent { usd: 0.99, ..Spent::default() }), Ok(()));
        let spent = Spent { usd: 1.25, output_tokens: 15, ..Spent::default() };
        assert_eq!(budget_gate(&budget, &Spent { output_tokens: 0, ..spent }), Err(Exhausted::Usd(1.0)));
        assert_eq!(
            overshoot(&budget, &spent),
            [
                "15 output tokens were used, 5 over the budget of 10",
                "$1.2500 was spent, $0.2500 over the budget of $1.00"
            ]
        );
    }
}
