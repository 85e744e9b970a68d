//! Lengths of time as people write and read them: jiff's friendly format (`90s`, `1h30m`, `2 minutes`), and a bare
//! number for seconds. Flags, configuration, environment and messages all use it.

use jiff::fmt::friendly::{Designator, Spacing, SpanParser, SpanPrinter};
use std::time::Duration;

/// Reads a length of time in units up to hours; a bare number is seconds. `None` for anything else, negative
/// ones among them.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    const PARSER: SpanParser = SpanParser::new();
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => PARSER.parse_unsigned_duration(text).ok(),
    }
}

/// The shortest form that [`parse`] reads as the same length: `10m`, `1m30s`, `0s`.
#[must_use]
pub fn show(duration: Duration) -> String {
    const PRINTER: SpanPrinter = SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None);
    PRINTER.unsigned_duration_to_string(&duration)
}

/// A length that was measured or an age, for a person, in its two largest units: `3.5 s`, `45 s`, `2 min 5 s`,
/// `4 h 43 min`, `3 d 4 h`.
#[must_use]
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |large: u64, name: &str, small: u64, rest: &str| match small {
        0 => format!("{large} {name}"),
        _ => format!("{large} {name} {small} {rest}"),
    };
    match seconds {
        // Cut, not rounded: 9.97 s are no 10.0 s.
        0..10 => match duration.subsec_millis() / 100 {
            0 => format!("{seconds} s"),
            tenths => format!("{seconds}.{tenths} s"),
        },
        10..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [
            ("90", 90_000),
            ("1.5", 1500),
            ("90s", 90_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("1 hour, 30 minutes", 5_400_000),
            ("2 min", 120_000),
            ("250ms", 250),
            (" 1m ", 60_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "10x", "-5", "-5s", "5s ago", "m10", "NaN", "1h-3m", "99999999999999999999h", "inf", "é5"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn shows_the_shortest_form() {
        for (text, shown) in [("600", "10m"), ("90", "1m30s"), ("5400", "1h30m"), ("0", "0s"), ("1.25", "1s250ms")] {
            assert_eq!(show(parse(text).unwrap()), shown);
        }
    }

    #[test]
    fn people_read_the_two_largest_units() {
        for (millis, shown) in [
            (0, "0 s"),
            (3_480, "3.4 s"),
            (9_990, "9.9 s"),
            (45_000, "45 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (125_000, "2 min 5 s"),
            (3_599_999, "59 min 59 s"),
            (16_980_000, "4 h 43 min"),
            (86_400_000, "1 d"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(human(Duration::from_millis(millis)), shown);
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(millis in 0..10_u64.pow(12)) {
            let time = Duration::from_millis(millis);
            prop_assert_eq!(parse(&show(time)), Some(time));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = parse(&text);
        }
    }
}
