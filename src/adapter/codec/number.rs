//! Numbers that a CLI reports of tokens and money. What cannot be one stays visible as such until the call
//! is settled ([`Usage::checked`](crate::exchange::Usage::checked)): it is unknown, which is not nothing.

use serde_json::Value;

/// A number of tokens or requests; `None` if there is none, and the largest number for anything that is no
/// count: negative, a fraction, not finite.
pub(super) fn count(value: &Value) -> Option<u64> {
    if let Some(count) = value.as_u64() {
        return Some(count);
    }
    let number = number(value)?;
    // Up to here every whole number is exact.
    let whole = (0.0..=2_f64.powi(53)).contains(&number) && number.fract() == 0.0;
    Some(if whole { number as u64 } else { u64::MAX })
}

/// An amount of money; `None` if there is none, and NaN for a negative one, so that no sum can hide it.
pub(super) fn amount(value: &Value) -> Option<f64> {
    number(value).map(|number| if number < 0.0 { f64::NAN } else { number })
}

/// A number, or a string that is one: `"0.02"`, and `"NaN"` as [`json::read`](crate::json::read) leaves it.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_count_is_none_that_anything_could_have() {
        for (value, expected) in [
            (json!(7), Some(7)),
            (json!(7.0), Some(7)),
            (json!("7"), Some(7)),
            (json!(null), None),
            (json!({}), None),
            (json!("seven"), None),
            (json!(-1), Some(u64::MAX)),
            (json!(0.5), Some(u64::MAX)),
            (json!("NaN"), Some(u64::MAX)),
            (json!(1e300), Some(u64::MAX)),
        ] {
            assert_eq!(count(&value), expected, "{value}");
        }
    }

    #[test]
    fn a_negative_amount_spoils_every_sum() {
        assert_eq!(amount(&json!(0.25)), Some(0.25));
        assert_eq!(amount(&json!(null)), None);
        assert!(amount(&json!(-52)).unwrap().is_nan() && amount(&json!("-Infinity")).unwrap().is_nan());
        assert_eq!(amount(&json!("1e999")), Some(f64::INFINITY));
    }
}
