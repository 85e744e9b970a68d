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

/// The same in whole seconds, for a length that was measured.
#[must_use]
pub fn show_seconds(duration: Duration) -> String {
    show(Duration::from_secs(duration.as_secs()))
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
        assert_eq!(show_seconds(Duration::from_millis(61_999)), "1m1s");
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
