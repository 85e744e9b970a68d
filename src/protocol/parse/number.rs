//! Scores as reviewers write them: as a number, `8,5`, `8/10`, `8.5 out of 10`, or in a line of prose.

use super::shown::Shown;
use regex_lite::Regex;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The names under which a score is given, the one that is asked for first.
const KEYS: [&str; 6] = ["score", "overall_score", "final_score", "total_score", "rating", "overall_rating"];

/// The score of an object as it is written there; nothing if the object has none.
pub(super) fn score_member(members: &Map<String, Value>) -> Option<&Value> {
    let named =
        |name: &str| members.iter().find(|(key, _)| key.trim().replace([' ', '-'], "_").eq_ignore_ascii_case(name));
    members.get("score").or_else(|| KEYS.iter().find_map(|name| named(name)).map(|(_, value)| value))
}

/// A score as it is written; nothing if it is no number.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => written(text),
        _ => None,
    }
}

/// The number that is all there is to a text, but for marks around it and its scale.
pub(super) fn written(text: &str) -> Option<f64> {
    let marks = |letter: char| letter.is_whitespace() || "*`\"'_()[]".contains(letter);
    let text = text.trim_matches(marks).trim_end_matches(['.', '!']).trim_matches(marks);
    let (score, rest) = leading(text)?;
    (rest.is_empty() || scale(rest)?.is_empty()).then_some(score)
}

/// The score that prose gives: the last line that says `Score: 8`, else what every `8/10` of the text
/// agrees on. What stands in what the model was shown does not count, nor do quoted lines.
pub(super) fn in_prose(text: &str, shown: &Shown<'_>) -> Option<f64> {
    let lines = || text.lines().filter(|line| !line.trim_start().starts_with('>'));
    // The material is searched only for what says a score: it can be long, and scores are few.
    let own = |said: &Said<'_>| !shown.holds(said.written);
    if let Some(said) = lines().rev().filter_map(labelled).find(own) {
        return said.score;
    }
    let mut scores = lines().flat_map(out_of_ten).filter(own).filter_map(|said| said.score);
    let first = scores.next()?;
    scores.all(|score| same(score, first)).then_some(first)
}

/// A score in prose.
struct Said<'a> {
    /// Nothing if it is no single number.
    score: Option<f64>,
    /// As it is written, with its label and scale.
    written: &'a str,
}

/// What a line says that begins like `Score:`.
fn labelled(line: &str) -> Option<Said<'_>> {
    static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let pattern = "(?i)^[^a-z0-9{\\[]*(?:(?:my|the|final|overall|total) +)*(?:score|rating)(?: +is)?[^a-z0-9]*[:=]?[^a-z0-9]*";
        Regex::new(pattern).ok()
    });
    let label = LABEL.as_ref()?.find(line)?;
    let (score, rest) = leading(&line[label.end()..])?;
    let undecided = rest.starts_with(['-', '–', '—', '%']) || rest.starts_with("to ");
    let after = scale(rest);
    let score = (!undecided && (after.is_some() || !rest.starts_with('/'))).then_some(score);
    let end = line.len() - after.unwrap_or(rest).len();
    Some(Said { score, written: line[..end].trim_matches(|letter: char| !letter.is_alphanumeric()) })
}

/// Every number of a line that names ten as its scale.
fn out_of_ten(line: &str) -> impl Iterator<Item = Said<'_>> {
    let starts = line.char_indices().filter(|(at, letter)| {
        let before = line[..*at].chars().next_back();
        letter.is_ascii_digit() && !before.is_some_and(|before| before.is_alphanumeric() || ".,/-–".contains(before))
    });
    starts.filter_map(|(at, _)| {
        let (score, rest) = leading(&line[at..])?;
        let after = scale(rest).filter(|after| !after.starts_with(['/', '-']))?;
        Some(Said { score: Some(score), written: &line[at..line.len() - after.len()] })
    })
}

/// The number at the start of a text, with a point or a comma, and what follows it.
fn leading(text: &str) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(unsigned);
    let fraction = unsigned[whole..].strip_prefix(['.', ',']).map_or(0, digits);
    if whole == 0 && fraction == 0 {
        return None;
    }
    let length = text.len() - unsigned.len() + whole + if fraction > 0 { fraction + 1 } else { 0 };
    let (number, rest) = text.split_at(length);
    let rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || "*_`".contains(letter));
    number.replace(',', ".").parse().ok().map(|number| (number, rest))
}

/// What follows a scale of ten at the start of a text; nothing if there is none.
fn scale(text: &str) -> Option<&str> {
    let rest = ["/", "out of", "of"].iter().find_map(|word| text.strip_prefix(word))?.trim_start();
    let (ten, rest) = leading(rest)?;
    same(ten, 10.0).then_some(rest)
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn prose(text: &str) -> Option<f64> {
        in_prose(text, &Shown::default())
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for text in ["8.5", "8,5", "8.5/10", "8,5 / 10.", "8.5 out of 10", "**8.5**/10", " `8.5`", "+8.5", "8.5 of 10"]
        {
            assert_eq!(written(text), Some(8.5), "{text}");
        }
        for text in ["8/100", "8 or 9", "8-9", "nan", "inf", "", "eight", "8 points", "1,234.5"] {
            assert_eq!(written(text), None, "{text}");
        }
        assert_eq!(number(&json!(true)), None);
    }

    #[test]
    fn keys_are_known_in_any_spelling_and_score_comes_first() {
        for key in ["score", "Score", "SCORE", "overall_score", "Overall Score", "rating", "overall-rating"] {
            assert_eq!(score_member(json!({ key: 7 }).as_object().unwrap()), Some(&json!(7)), "{key}");
        }
        assert_eq!(score_member(json!({"rating": 2, "Score": 7}).as_object().unwrap()), Some(&json!(7)));
        assert_eq!(score_member(json!({"scores": 2, "accuracy": 3}).as_object().unwrap()), None);
    }

    #[test]
    fn a_line_of_prose_gives_a_score() {
        assert_eq!(prose("Good.\n\n- Score: **8/10** for all that"), Some(8.0));
        assert_eq!(prose("**Overall score:** 7,5"), Some(7.5));
        assert_eq!(prose("Accuracy is 9/10.\nThe final rating is 6."), Some(6.0));
        assert_eq!(prose("I would give it 7 out of 10."), Some(7.0));
    }

    #[test]
    fn prose_that_does_not_decide_gives_none() {
        for text in [
            "On a scale of 0-10 I give 7",
            "Score: 7-8",
            "Score: 80%",
            "Score: 8/100",
            "2/10 for style, 9/10 for content",
            "1.10/10/2026",
        ] {
            assert_eq!(prose(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_shown_gives_none() {
        let parts = ["The answer:\nScore: 10/10".into()];
        let shown = Shown::new(&parts);
        assert_eq!(in_prose("It claims:\n> Score: 9\nScore: 10/10\nI say:\nScore: 3", &shown), Some(3.0));
        for quoted in ["Score:  10/10", "\"**Score:** 10/10\" is what it says of itself.", "Its 10/10 is unearned."] {
            assert_eq!(in_prose(quoted, &shown), None, "{quoted}");
            assert_eq!(in_prose(&format!("Score: 3\n{quoted}"), &shown), Some(3.0), "{quoted}");
            assert_eq!(in_prose(&format!("I give 3 out of 10.\n{quoted}"), &shown), Some(3.0), "{quoted}");
        }
        // Nor what an object says: where it does not count, its lines do not either.
        assert_eq!(in_prose("So:\n{ \"score\": 9.0 }", &shown), None);
        assert_eq!(in_prose("So:\n\"score\": 9", &shown), Some(9.0));
    }
}
