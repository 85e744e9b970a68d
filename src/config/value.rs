//! From a setting's text to its value; what is allowed is said in the same words everywhere.

use crate::time::duration;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// A whole number, or what is allowed.
///
/// # Errors
/// No whole number, or outside the range.
pub fn whole<T: FromStr + PartialOrd + Display>(text: &str, range: &RangeInclusive<T>) -> Result<T, String> {
    in_range(text.replace('_', "").parse().ok(), range, "a whole number")
}

/// A number, or what is allowed.
///
/// # Errors
/// No number, or outside the range.
pub fn number(text: &str, range: &RangeInclusive<f64>) -> Result<f64, String> {
    in_range(text.parse().ok(), range, "a number")
}

fn in_range<T: PartialOrd + Display>(value: Option<T>, range: &RangeInclusive<T>, what: &str) -> Result<T, String> {
    value
        .filter(|value| range.contains(value))
        .ok_or_else(|| format!("{what} from {} to {}", range.start(), range.end()))
}

/// A whole number without an upper end that a person could reach.
///
/// # Errors
/// No whole number, or below the least.
pub fn at_least(text: &str, least: u32) -> Result<u32, String> {
    whole(text, &(least..=u32::MAX)).map_err(|_| format!("a whole number of at least {least}"))
}

/// A length of time from a millisecond to a day, or what is allowed.
///
/// # Errors
/// No length of time, or outside the range.
pub fn time(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(86_400);
    duration::parse(text)
        .filter(|time| (Duration::from_millis(1)..=DAY).contains(time))
        .ok_or_else(|| "a time above 0 and up to a day: seconds, or such as 90s, 10m, 1h".to_owned())
}

/// Yes or no.
///
/// # Errors
/// Another word.
pub fn yes(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

/// One of a few words.
///
/// # Errors
/// Another word.
pub fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, first)) => format!("{} or {last}", first.join(", ")),
            None => String::new(),
        }
    })
}

/// A value, or nothing for the word `default`.
///
/// # Errors
/// Those of `parse`.
pub fn unless_default<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.eq_ignore_ascii_case("default") { Ok(None) } else { parse(text).map(Some) }
}

/// A limit up to `most`; `None` for `none` and 0.
///
/// # Errors
/// What is allowed.
pub fn or_none<T: FromStr + PartialOrd + Display + Default>(text: &str, most: T) -> Result<Option<T>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let limit = whole(text, &(T::default()..=most)).map_err(|allowed| format!("{allowed}, or none"))?;
    Ok(Some(limit).filter(|limit| *limit != T::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_named() {
        assert_eq!(number("10", &(1.0..=10.0)), Ok(10.0));
        for text in ["0.99", "11", "high", "NaN", "inf", ""] {
            assert_eq!(number(text, &(1.0..=10.0)).unwrap_err(), "a number from 1 to 10");
        }
        assert_eq!(whole("1_000", &(0..=1000)), Ok(1000));
        assert_eq!(whole("-1", &(0_u32..=10)).unwrap_err(), "a whole number from 0 to 10");
        assert_eq!(at_least("0", 1).unwrap_err(), "a whole number of at least 1");
        assert!(time("0").is_err() && time("25h").is_err() && time("24h").is_ok());
    }

    #[test]
    fn words_are_named() {
        let words = [("text", 1), ("json", 2), ("jsonl", 3)];
        assert_eq!(word("JSON", &words), Ok(2));
        assert_eq!(word("xml", &words).unwrap_err(), "text, json or jsonl");
        assert_eq!(yes("On"), Ok(true));
        assert_eq!(unless_default("default", yes), Ok(None));
        assert_eq!(unless_default("no", yes), Ok(Some(false)));
    }
}
