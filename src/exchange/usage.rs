//! Tokens and money, as far as vendors report them.

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

/// Tokens and money of one attempt, call or participant, as the vendor reported them. What is
/// unknown is `None`, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(transform = with_total))]
pub struct Usage {
    /// All input tokens, cached ones included.
    pub input_tokens: Option<u64>,
    /// Those of the input tokens that came out of a cache.
    pub cached_input_tokens: Option<u64>,
    /// All output tokens, thinking included.
    pub output_tokens: Option<u64>,
    /// Those of the output tokens that were thinking.
    pub reasoning_tokens: Option<u64>,
    /// What the vendor says it cost, in US dollars; notional on a subscription.
    pub cost_usd: Option<f64>,
    /// Requests to the vendor's API beyond the first that the CLI made by itself: its own retries
    /// that could not be turned off, fallbacks, continuations.
    pub extra_requests: Option<u32>,
}

impl Serialize for Usage {
    /// With [`total_tokens`](Self::total_tokens) beside the members.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Usage", 7)?;
        object.serialize_field("input_tokens", &self.input_tokens)?;
        object.serialize_field("cached_input_tokens", &self.cached_input_tokens)?;
        object.serialize_field("output_tokens", &self.output_tokens)?;
        object.serialize_field("reasoning_tokens", &self.reasoning_tokens)?;
        object.serialize_field("cost_usd", &self.cost_usd)?;
        object.serialize_field("extra_requests", &self.extra_requests)?;
        object.serialize_field("total_tokens", &self.total_tokens())?;
        object.end()
    }
}

/// What is written beside the members.
#[cfg(feature = "cli")]
fn with_total(schema: &mut schemars::Schema) {
    let schema = schema.ensure_object();
    if let Some(members) = schema.get_mut("properties") {
        members["total_tokens"] = serde_json::json!({
            "description": "Input and output tokens together; `None` if one of them is unknown.",
            "type": ["integer", "null"],
            "format": "uint64",
            "minimum": 0,
        });
    }
    // It is always there.
    if let Some(serde_json::Value::Array(required)) = schema.get_mut("required") {
        required.push("total_tokens".into());
    }
}

impl Usage {
    /// The largest number of tokens that one attempt can have: ten times the longest context there is.
    pub(crate) const MOST_TOKENS: u64 = 100_000_000;
    /// The highest cost in US dollars that one attempt can have; the longest context at the dearest prices
    /// is a fifth of it.
    const MOST_USD: f64 = 1_000.0;
    const MOST_REQUESTS: u32 = 10_000;

    /// The parts that can be true, and what was reported beside them: anything negative, not finite or out
    /// of all proportion is unknown, since a budget is held against it.
    pub(crate) fn checked(self) -> (Self, Option<&'static str>) {
        let count = |count: Option<u64>| count.filter(|count| *count <= Self::MOST_TOKENS);
        let checked = Self {
            input_tokens: count(self.input_tokens),
            cached_input_tokens: count(self.cached_input_tokens),
            output_tokens: count(self.output_tokens),
            reasoning_tokens: count(self.reasoning_tokens),
            cost_usd: self.cost_usd.filter(|cost| (0.0..=Self::MOST_USD).contains(cost)),
            extra_requests: self.extra_requests.filter(|count| *count <= Self::MOST_REQUESTS),
        };
        let wrong_cost = self.cost_usd.is_some() && checked.cost_usd.is_none();
        let counts = Self { cost_usd: None, ..self } != Self { cost_usd: None, ..checked };
        let what = match (wrong_cost, counts) {
            (true, true) => Some("cost and number of tokens or requests"),
            (true, false) => Some("cost"),
            (false, true) => Some("number of tokens or requests"),
            (false, false) => None,
        };
        (checked, what)
    }

    /// Input and output tokens together; nothing if one of them is unknown.
    #[must_use]
    pub fn total_tokens(self) -> Option<u64> {
        Some(self.input_tokens?.saturating_add(self.output_tokens?))
    }

    /// The sum, known parts only: unknown plus known is known.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        fn sum<T>(a: Option<T>, b: Option<T>, add: impl FnOnce(T, T) -> T) -> Option<T> {
            match (a, b) {
                (Some(a), Some(b)) => Some(add(a, b)),
                (known, None) | (None, known) => known,
            }
        }
        Self {
            input_tokens: sum(self.input_tokens, other.input_tokens, u64::saturating_add),
            cached_input_tokens: sum(self.cached_input_tokens, other.cached_input_tokens, u64::saturating_add),
            output_tokens: sum(self.output_tokens, other.output_tokens, u64::saturating_add),
            reasoning_tokens: sum(self.reasoning_tokens, other.reasoning_tokens, u64::saturating_add),
            cost_usd: sum(self.cost_usd, other.cost_usd, |a, b| a + b),
            extra_requests: sum(self.extra_requests, other.extra_requests, u32::saturating_add),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_true_is_unknown() {
        for cost in [-52.0, -f64::MIN_POSITIVE, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e6] {
            let usage = Usage { cost_usd: Some(cost), input_tokens: Some(3), ..Usage::default() };
            let expected = Usage { input_tokens: Some(3), ..Usage::default() };
            assert_eq!(usage.checked(), (expected, Some("cost")), "{cost}");
        }
        let tokens = Usage { output_tokens: Some(u64::MAX), cost_usd: Some(0.0), ..Usage::default() };
        let expected = Usage { cost_usd: Some(0.0), ..Usage::default() };
        assert_eq!(tokens.checked(), (expected, Some("number of tokens or requests")));
        let usual = Usage { input_tokens: Some(1_000_000), cost_usd: Some(35.0), ..Usage::default() };
        assert_eq!(usual.checked(), (usual, None));
    }
}
