//! From a text that a person typed to its value; what is allowed is said in the same words everywhere.

use crate::time::duration;
use crate::words::listed;
use std::fmt::{self, Display};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;
use strum::VariantNames;

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

/// An enum whose variants a person types as words.
pub trait Word: Copy + FromStr + VariantNames + Into<&'static str> {}

/// One of a few words.
///
/// # Errors
/// Another word.
pub fn word<T: Word>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| listed(T::VARIANTS, "or"))
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

/// The numbers that an option may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// All, or its value is no number.
    Any,
    /// At least this.
    From(f64),
    /// Between these, both included.
    Within(f64, f64),
}

impl Range {
    fn contains(self, number: f64) -> bool {
        match self {
            Self::Any => true,
            Self::From(least) => number >= least,
            Self::Within(least, most) => (least..=most).contains(&number),
        }
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::From(least) => write!(f, "at least {least}"),
            Self::Within(least, most) => write!(f, "{least} to {most}"),
        }
    }
}

/// What a value can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Yes or no.
    Switch,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Names, separated by commas.
    Names,
    /// A length of time.
    Time,
    /// Another text.
    Text,
}

/// A value that an option sets.
pub trait Field {
    /// Takes the value that was typed.
    ///
    /// # Errors
    /// What is allowed.
    fn set(&mut self, text: &str, range: Range) -> Result<(), String>;

    /// The value as it would be typed; `None` if there is none.
    fn text(&self) -> Option<String>;

    /// What it can be.
    fn kind(&self) -> Kind;

    /// The number, where it is outside of a range.
    fn outside(&self, range: Range) -> Option<String> {
        self.text().filter(|text| text.parse().is_ok_and(|number| !range.contains(number)))
    }
}

impl Field for bool {
    fn set(&mut self, text: &str, _range: Range) -> Result<(), String> {
        *self = yes(text)?;
        Ok(())
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn kind(&self) -> Kind {
        Kind::Switch
    }
}

macro_rules! number_fields {
    ($kind:ident, $what:literal: $($number:ty),+) => {
        $(impl Field for $number {
            fn set(&mut self, text: &str, range: Range) -> Result<(), String> {
                let text = if Kind::$kind == Kind::Whole { text.replace('_', "") } else { text.to_owned() };
                let inside = |number: f64| range.contains(number);
                match text.parse::<$number>().ok().filter(|_| text.parse().is_ok_and(inside)) {
                    Some(number) => *self = number,
                    None if range == Range::Any => return Err($what.to_owned()),
                    None if matches!(range, Range::From(_)) => return Err(format!("{} of {range}", $what)),
                    None => return Err(format!("{} from {range}", $what)),
                }
                Ok(())
            }

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }

            fn kind(&self) -> Kind {
                Kind::$kind
            }
        })+
    };
}
number_fields!(Whole, "a whole number": u32, u64, i64);
number_fields!(Number, "a number": f64);

impl<T: Word> Field for T {
    fn set(&mut self, text: &str, _range: Range) -> Result<(), String> {
        *self = word(text)?;
        Ok(())
    }

    fn text(&self) -> Option<String> {
        let word: &str = (*self).into();
        Some(word.to_owned())
    }

    fn kind(&self) -> Kind {
        Kind::Words(T::VARIANTS)
    }
}

/// A value that may be missing.
impl<T: Field + Default> Field for Option<T> {
    fn set(&mut self, text: &str, range: Range) -> Result<(), String> {
        let mut value = T::default();
        value.set(text, range)?;
        *self = Some(value);
        Ok(())
    }

    fn text(&self) -> Option<String> {
        self.as_ref()?.text()
    }

    fn kind(&self) -> Kind {
        T::default().kind()
    }
}

impl Field for Duration {
    fn set(&mut self, text: &str, _range: Range) -> Result<(), String> {
        *self = time(text)?;
        Ok(())
    }

    fn text(&self) -> Option<String> {
        Some(duration::show(*self))
    }

    fn kind(&self) -> Kind {
        Kind::Time
    }
}

/// Names, separated by commas: trimmed, in lower case, empty ones dropped.
impl Field for Vec<String> {
    fn set(&mut self, text: &str, _range: Range) -> Result<(), String> {
        let names = text.split(',').map(|name| name.trim().to_lowercase());
        *self = names.filter(|name| !name.is_empty()).collect();
        Ok(())
    }

    fn text(&self) -> Option<String> {
        Some(self.join(","))
    }

    fn kind(&self) -> Kind {
        Kind::Names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Effort;

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
        assert_eq!(word("HIGH"), Ok(Effort::High));
        assert_eq!(word::<Effort>("lots").unwrap_err(), "minimal, low, medium, high, xhigh or max");
        assert_eq!(yes("On"), Ok(true));
        assert_eq!(unless_default("default", yes), Ok(None));
        assert_eq!(unless_default("no", yes), Ok(Some(false)));
    }
}
