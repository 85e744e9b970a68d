//! The clock, for what vendors say about time.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds since 1970.
#[must_use]
pub fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// A moment in UTC, in a format of strftime's.
#[must_use]
pub fn utc(second: i64, format: &str) -> String {
    match Timestamp::from_second(second) {
        Ok(at) => at.to_zoned(TimeZone::UTC).strftime(format).to_string(),
        Err(_) => "at the end of time".to_owned(),
    }
}

/// A moment as `codex` tells it: the time alone on the same day, else the date too.
#[must_use]
pub fn codex_reset(now: i64, second: i64) -> String {
    if utc(now, "%F") == utc(second, "%F") {
        return utc(second, "%-I:%M %p");
    }
    let day: u32 = utc(second, "%-d").parse().unwrap_or(0);
    let suffix = match (day % 10, day / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{} {day}{suffix}, {}", utc(second, "%b"), utc(second, "%Y %-I:%M %p"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codex_tells_the_time_today_and_the_date_otherwise() {
        let noon = 1_795_262_400; // 2026-11-21 12:00:00 UTC
        assert_eq!(codex_reset(noon, noon - 6600), "10:10 AM");
        assert_eq!(codex_reset(noon, noon + 162_720), "Nov 23rd, 2026 9:12 AM");
        assert_eq!(codex_reset(noon, noon - 10 * 86_400), "Nov 11th, 2026 12:00 PM");
    }
}
