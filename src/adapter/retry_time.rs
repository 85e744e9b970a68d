//! Vendors say in prose when to try again; this reads it. The CLIs run with `TZ=UTC`, so a moment
//! without a zone is UTC.

use crate::time::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use std::time::Duration;

/// What comes before a span after which a limit resets: gemini, antigravity.
const SPAN_MARKS: [&str; 3] = ["reset after ", "resets in ", "reset in "];
/// What comes before the moment at which a limit resets: codex, claude.
const MOMENT_MARKS: [&str; 3] = ["try again at ", "resets ", "reset at "];
/// What comes before a pause: gemini, codex.
const PAUSE_MARKS: [&str; 4] = ["retry in ", "try again in ", "retry after ", "retrydelayms: "];

/// The names of months, of which the first three letters count.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A stated minute may just have begun: vendors round down.
const ROUNDING_MS: i64 = 60_000;

/// When a usage limit resets, if the text says so: `try again at 10:10 AM`, `try again at Nov 23rd,
/// 2026 9:12 AM.`, `resets Jan 2, 2027, 9:12am (UTC)`, `quota will reset after 3h22m10s`. A time
/// without a date is the next such time. A zone other than UTC is not understood: `None`.
#[must_use]
pub fn reset_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    // ASCII only, so that no letter changes its length.
    let text = text.to_ascii_lowercase();
    let spans = SPAN_MARKS.iter().flat_map(|mark| after(&text, mark));
    if let Some(span) = spans.filter_map(|rest| span(rest, None)).next() {
        return Some(now.plus(span));
    }
    MOMENT_MARKS.iter().flat_map(|mark| after(&text, mark)).find_map(|rest| moment(rest, now))
}

/// The pause that a vendor asks for: `Please retry in 3s.`, `try again in 1.5s`, `retryDelayMs:
/// 3000`, `Suggested retry after 3s`. A number without a unit counts seconds.
#[must_use]
pub fn retry_after(text: &str) -> Option<Duration> {
    let text = text.to_ascii_lowercase();
    PAUSE_MARKS.iter().find_map(|mark| {
        let bare = if mark.contains("ms:") { 0.001 } else { 1.0 };
        after(&text, mark).find_map(|rest| span(rest, Some(bare)))
    })
}

/// Everything that follows an occurrence of a mark, for each occurrence.
fn after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(mark).map(move |(at, _)| &text[at + mark.len()..])
}

/// A span such as `3h22m10s`, `1.5s` or `5 minutes`; `bare` is what a number without a unit counts.
fn span(text: &str, bare: Option<f64>) -> Option<Duration> {
    let mut rest = text.trim_start();
    let mut total: Option<f64> = None;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let Ok(count) = rest[..digits].trim_end_matches('.').parse::<f64>() else { break };
        let tail = rest[digits..].trim_start();
        let word = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = match &tail[..word] {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            _ => match bare {
                // The end of the sentence, or of the line; not `3 attempts`.
                Some(unit)
                    if total.is_none() && !rest[digits..].trim_start_matches(' ').starts_with(char::is_alphabetic) =>
                {
                    return Duration::try_from_secs_f64(count * unit).ok();
                }
                _ => break,
            },
        };
        total = Some(total.unwrap_or(0.0) + count * unit);
        rest = tail[word..].trim_start_matches([' ', ',']);
    }
    total.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// The parts of a moment, as far as they were read.
#[derive(Default)]
struct Parts {
    month: Option<i8>,
    day: Option<i8>,
    year: Option<i16>,
    clock: Option<(i8, i8)>,
}

/// A moment such as `nov 23rd, 2026 9:12 am.` or `10:05am (utc)`.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let mut parts = Parts::default();
    for word in text.split([' ', ',', '\u{202f}', '\n']).filter(|word| !word.is_empty()).take(8) {
        if let Some(zone) = word.strip_prefix('(') {
            if zone.trim_end_matches(['.', ')']) != "utc" {
                return None;
            }
            break;
        }
        if !parts.take(word.trim_end_matches('.')) {
            break;
        }
    }
    parts.resolve(now)
}

impl Parts {
    /// Takes a word in; false if it is no part of a moment.
    fn take(&mut self, word: &str) -> bool {
        if matches!(word, "at" | "on") {
            return true;
        }
        if matches!(word, "am" | "pm") {
            let Some((hour, minute)) = self.clock else { return false };
            let Some(hour) = half_day(hour, word == "pm") else { return false };
            self.clock = Some((hour, minute));
            return true;
        }
        if let Some(month) = MONTHS.iter().position(|name| word.starts_with(name)).filter(|_| !has_digit(word)) {
            self.month = i8::try_from(month + 1).ok();
            return true;
        }
        let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let suffix = &word[number.len()..];
        if number.contains(':') || matches!(suffix, "am" | "pm") {
            return self.take_clock(number, suffix);
        }
        match (self.month, self.day, number.parse::<i16>()) {
            (Some(_), None, Ok(day @ 1..=31)) => self.day = i8::try_from(day).ok(),
            (Some(_), Some(_), Ok(year @ 2000..=9999)) => self.year = Some(year),
            // `9 am`: the hour alone; what follows says which half of the day.
            (_, _, Ok(hour @ 0..=12)) if suffix.is_empty() && self.clock.is_none() => {
                self.clock = i8::try_from(hour).ok().map(|hour| (hour, 0));
            }
            _ => return false,
        }
        true
    }

    fn take_clock(&mut self, number: &str, suffix: &str) -> bool {
        let (hour, minute) = number.split_once(':').unwrap_or((number, "0"));
        let (Ok(hour @ 0..=23), Ok(minute @ 0..=59)) = (hour.parse::<i8>(), minute.parse::<i8>()) else {
            return false;
        };
        let hour = if suffix.is_empty() { Some(hour) } else { half_day(hour, suffix == "pm") };
        self.clock = hour.map(|hour| (hour, minute));
        self.clock.is_some()
    }

    fn resolve(&self, now: Timestamp) -> Option<Timestamp> {
        let (hour, minute) = self.clock?;
        let time = Time::new(hour, minute, 0, 0).ok()?;
        let today = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC).date();
        let past = |at: &Timestamp| at.0.saturating_add(ROUNDING_MS) <= now.0;
        match (self.month, self.day) {
            (None, None) => {
                let at = stamp(today, time)?;
                if past(&at) { stamp(today.tomorrow().ok()?, time) } else { Some(at) }
            }
            (Some(month), Some(day)) => {
                let at = stamp(Date::new(self.year.unwrap_or(today.year()), month, day).ok()?, time)?;
                if self.year.is_none() && past(&at) {
                    return stamp(Date::new(today.year().checked_add(1)?, month, day).ok()?, time);
                }
                Some(at)
            }
            _ => None,
        }
    }
}

fn has_digit(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
}

/// The hour of 24 for an hour of 12.
fn half_day(hour: i8, afternoon: bool) -> Option<i8> {
    match (hour, afternoon) {
        (12, false) => Some(0),
        (12, true) => Some(12),
        (0..=11, false) => Some(hour),
        (1..=11, true) => Some(hour + 12),
        _ => None,
    }
}

fn stamp(date: Date, time: Time) -> Option<Timestamp> {
    let at = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(Timestamp(at.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn reads(text: &str) -> Option<String> {
        reset_time(text, at("2026-11-21T10:00:00Z")).map(|at| at.to_string().replace(":00.000Z", "Z"))
    }

    #[test]
    fn codex_names_a_time_or_a_day() {
        let said = "You’ve hit your usage limit. Upgrade to Pro or try again at ";
        assert_eq!(reads(&format!("{said}10:10 AM.")).unwrap(), "2026-11-21T10:10Z");
        assert_eq!(reads(&format!("{said}9:10 AM.")).unwrap(), "2026-11-22T09:10Z");
        assert_eq!(reads(&format!("{said}12:10 AM.")).unwrap(), "2026-11-22T00:10Z");
        assert_eq!(reads(&format!("{said}12:10 PM")).unwrap(), "2026-11-21T12:10Z");
        assert_eq!(reads(&format!("{said}Nov 23rd, 2026 9:12 AM.")).unwrap(), "2026-11-23T09:12Z");
        assert_eq!(reads(&format!("{said}Jan 2nd, 2027 9:12 PM.")).unwrap(), "2027-01-02T21:12Z");
    }

    #[test]
    fn claude_names_a_time_and_its_zone() {
        assert_eq!(reads("You've hit your session limit · resets 10:05am (UTC)").unwrap(), "2026-11-21T10:05Z");
        assert_eq!(reads("You've hit your limit · resets Jan 2, 2027, 9:12am (UTC)").unwrap(), "2027-01-02T09:12Z");
        assert_eq!(reads("limit · resets Jan 2, 9am (UTC)").unwrap(), "2027-01-02T09:00Z");
        assert_eq!(reads("limit · resets 3pm").unwrap(), "2026-11-21T15:00Z");
        assert_eq!(reads("resets 10:05am (America/New_York)"), None);
    }

    #[test]
    fn spans_count_from_now() {
        assert_eq!(reads("Your quota will reset after 3h22m10s.").unwrap(), "2026-11-21T13:22:10.000Z");
        assert_eq!(reads("Resets in 2h39m52s").unwrap(), "2026-11-21T12:39:52.000Z");
        assert_eq!(reads("resets in 2 days, 1 hour").unwrap(), "2026-11-23T11:00Z");
    }

    #[test]
    fn the_minute_that_runs_is_not_tomorrow() {
        let now = at("2026-11-21T10:10:30Z");
        assert_eq!(reset_time("try again at 10:10 AM.", now), Some(at("2026-11-21T10:10:00Z")));
        let now = at("2026-11-21T10:11:00Z");
        assert_eq!(reset_time("try again at 10:10 AM.", now), Some(at("2026-11-22T10:10:00Z")));
    }

    #[test]
    fn prose_without_a_time_says_none() {
        for text in [
            "",
            "try again at ",
            "try again at noon",
            "resets your password",
            "try again at 25:10",
            "try again at Feb 30th, 2027 9:00 AM",
            "try again at Nov 23rd",
            "Please try again in 1.5s.",
            "reset after a while",
        ] {
            assert_eq!(reads(text), None, "{text}");
        }
    }

    #[test]
    fn pauses_are_read() {
        let seconds = |text: &str| retry_after(text).map(|pause| pause.as_secs_f64());
        assert_eq!(seconds("quota…\nPlease retry in 3s.\nSuggested retry after 3s."), Some(3.0));
        assert_eq!(seconds("Please retry in 1m3.5s"), Some(63.5));
        assert_eq!(seconds("Please try again in 1.5s."), Some(1.5));
        assert_eq!(seconds("try again in 20ms"), Some(0.02));
        assert_eq!(seconds("  retryDelayMs: 3000,\n"), Some(3.0));
        assert_eq!(seconds("Suggested retry after 60."), Some(60.0));
        assert_eq!(seconds("retryDelayMs: undefined"), None);
        assert_eq!(seconds("retry in 3 attempts"), None);
        assert_eq!(seconds("Please try again later."), None);
        assert_eq!(seconds("retry in 99999999999999999999999999999h"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", mark in 0..10_usize, tail in "[0-9a-z:., ()é]{0,24}", now: i64) {
            let marks = [&SPAN_MARKS[..], &MOMENT_MARKS[..], &PAUSE_MARKS[..]].concat();
            for text in [text.clone(), format!("{text}{}{tail}", marks[mark])] {
                let _ = reset_time(&text, Timestamp(now));
                let _ = retry_after(&text);
            }
        }

        #[test]
        fn a_stated_time_lies_ahead_within_a_day(hour in 1..=12_u8, minute in 0..60_u8, pm: bool, now in 0..4_000_000_000_000_i64) {
            let text = format!("try again at {hour}:{minute:02} {}.", if pm { "PM" } else { "AM" });
            let ahead = reset_time(&text, Timestamp(now)).unwrap().0 - now;
            prop_assert!((-60_000..=86_400_000).contains(&ahead), "{ahead}");
        }
    }
}
