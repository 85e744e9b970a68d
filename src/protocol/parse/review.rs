//! A review, read out of a reply.

use super::echo::echoes_form;
use super::json::JsonProblem;
use super::number::{in_prose, number, score_member};
use super::shown::Shown;
use super::verdict::{REPLY_BYTES, own_json, scored_object};
use crate::outcome::Review;
use crate::protocol::tally::{HIGHEST, LOWEST};
use serde_json::{Map, Value};
use std::fmt;

/// Objects and arrays within each other, the outermost counted.
const REPLY_DEPTH: usize = 10;
/// The counts of a batch review beside its score, from 1 to 10 each.
pub const DIMENSIONS: [&str; 3] = ["accuracy", "completeness", "clarity"];

/// Why a reply is no review, in words that its author can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Malformed {
    /// It is too long to be one.
    TooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// There is no JSON object in it.
    NoJson(JsonProblem),
    /// Objects and arrays are nested too deep.
    TooDeep,
    /// The key `score` is missing, or is not a number.
    NoScore,
    /// The score is not from 1 to 10.
    OutOfRange,
    /// It repeats the words of the form instead of filling it in.
    EchoesForm,
    /// In a reply with several reviews, the one of this label is missing.
    NoReviewOf(String),
    /// In a reply with several reviews, something is wrong with the one of this label.
    InReviewOf(String, Box<Self>),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, limit } => write!(f, "the reply has {bytes} bytes, more than {limit}"),
            Self::NoJson(problem) => problem.fmt(f),
            Self::TooDeep => write!(f, "the JSON is nested more than {REPLY_DEPTH} levels deep"),
            Self::NoScore => f.write_str("the key `score` is missing or is not a number"),
            Self::OutOfRange => f.write_str("`score` is not a number from 1 to 10"),
            Self::EchoesForm => f.write_str("it repeats the words of the form instead of a judgement"),
            Self::NoReviewOf(label) => write!(f, "the review of Answer {label} is missing"),
            Self::InReviewOf(label, problem) => write!(f, "in the review of Answer {label}: {problem}"),
        }
    }
}

/// Reads one review, from the structured reply where the vendor gave one, else from the text: its own
/// last JSON object with a score, else a line of prose with one. What stands in the material that was
/// `shown` is never the reviewer's own.
///
/// Lists that are no lists are empty, items that are no strings are left out, texts that are no strings
/// are empty; only the score must be right.
///
/// # Errors
/// Too long, no JSON, too deep, no score from 1 to 10, or the form's own words.
pub fn read_review(text: &str, structured: Option<&Value>, shown: &Shown<'_>) -> Result<Review, Malformed> {
    match structured.map(review_in) {
        Some(Ok(review)) => Ok(review),
        Some(Err(_)) | None => review_in_text(text, shown),
    }
}

fn review_in_text(text: &str, shown: &Shown<'_>) -> Result<Review, Malformed> {
    match reply_json(text, REPLY_BYTES, shown, |value| scored_object(value).is_some()) {
        Err(Malformed::NoJson(problem)) => {
            let score = in_prose(text, shown).ok_or(Malformed::NoJson(problem))?;
            let overall_assessment = text.trim().to_owned();
            Ok(Review { score: in_range(score)?, overall_assessment, ..Review::default() })
        }
        value => review_in(&value?),
    }
}

fn review_in(value: &Value) -> Result<Review, Malformed> {
    shallow(value)?;
    let missing = if value.is_object() || value.is_array() {
        Malformed::NoScore
    } else {
        Malformed::NoJson(JsonProblem::Missing)
    };
    review_of(scored_object(value).ok_or(missing)?)
}

/// Reads one review for each of the labels out of one reply: an object whose `reviews` is an array
/// of objects, each with its label under `answer`. A bare array will do, and so will the review
/// itself where there is one label. `answers` is how many answers the prompt showed, at least as many
/// as there are labels: the reply may have [`REPLY_BYTES`] for each.
#[must_use]
pub fn read_reviews(
    text: &str,
    structured: Option<&Value>,
    labels: &[&str],
    answers: usize,
    shown: &Shown<'_>,
) -> Vec<Result<Review, Malformed>> {
    let read = |value: &Value| labels.iter().map(|label| review_with(value, label, labels.len())).collect::<Vec<_>>();
    if let Some(value) = structured.filter(|value| shallow(value).is_ok()) {
        let reviews = read(value);
        if reviews.iter().any(Result::is_ok) {
            return reviews;
        }
    }
    let wanted = |value: &Value| !items(value).is_empty();
    match reply_json(text, REPLY_BYTES.saturating_mul(answers), shown, wanted) {
        Ok(value) => read(&value),
        Err(problem) => labels.iter().map(|_| Err(problem.clone())).collect(),
    }
}

fn reply_json(
    text: &str,
    limit: usize,
    shown: &Shown<'_>,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value, Malformed> {
    if text.len() > limit {
        return Err(Malformed::TooLong { bytes: text.len(), limit });
    }
    let value = own_json(text, shown, wanted).map_err(Malformed::NoJson)?;
    shallow(&value).map(|()| value)
}

fn shallow(value: &Value) -> Result<(), Malformed> {
    fn depth(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }
    if depth(value) > REPLY_DEPTH { Err(Malformed::TooDeep) } else { Ok(()) }
}

fn in_range(score: f64) -> Result<f64, Malformed> {
    if (LOWEST..=HIGHEST).contains(&score) { Ok(score) } else { Err(Malformed::OutOfRange) }
}

fn review_of(entries: &Map<String, Value>) -> Result<Review, Malformed> {
    let score = in_range(score_member(entries).and_then(number).ok_or(Malformed::NoScore)?)?;
    let list = |key: &str| {
        let items = entries.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let text = |key: &str| entries.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let dimension = |key: &&str| Some(((*key).to_owned(), in_range(number(entries.get(*key)?)?).ok()?));
    let review = Review {
        score,
        strengths: list("strengths"),
        weaknesses: list("weaknesses"),
        suggestions: list("suggestions"),
        overall_assessment: text("overall_assessment"),
        rationale: text("rationale"),
        dimensions: DIMENSIONS.iter().filter_map(dimension).collect(),
        would_sign: entries.get("would_sign").and_then(Value::as_bool),
    };
    if texts(&review).any(echoes_form) { Err(Malformed::EchoesForm) } else { Ok(review) }
}

/// Everything that a review says in words.
fn texts(review: &Review) -> impl Iterator<Item = &str> {
    let lists = [&review.strengths, &review.weaknesses, &review.suggestions].into_iter().flatten();
    lists.chain([&review.overall_assessment, &review.rationale]).map(String::as_str)
}

/// The reviews of a reply with several, none if it has no such thing: those under `reviews`, in a bare
/// array, or a single one with a score.
fn items(value: &Value) -> Vec<&Value> {
    match value.get("reviews").unwrap_or(value) {
        Value::Array(items) => items.iter().filter(|item| scored_object(item).is_some()).collect(),
        single if scored_object(single).is_some() => vec![single],
        _ => Vec::new(),
    }
}

fn review_with(value: &Value, label: &str, labels: usize) -> Result<Review, Malformed> {
    let items = items(value);
    let is_it = |item: &&&Value| {
        let named = item.get("answer").and_then(Value::as_str);
        named.is_some_and(|named| same_label(named, label)) || (labels == 1 && items.len() == 1)
    };
    let item = items.iter().find(is_it).ok_or_else(|| Malformed::NoReviewOf(label.to_owned()))?;
    review_in(item).map_err(|problem| Malformed::InReviewOf(label.to_owned(), Box::new(problem)))
}

/// Whether a reviewer's way of writing a label (`b`, `Answer B`, `**Answer B**`) means this one.
fn same_label(written: &str, label: &str) -> bool {
    let bare = written.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let word = bare.rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or(bare);
    word.eq_ignore_ascii_case(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn read_review(text: &str, structured: Option<&Value>) -> Result<Review, Malformed> {
        super::read_review(text, structured, &Shown::default())
    }

    fn read_reviews(text: &str, labels: &[&str], answers: usize) -> Vec<Result<Review, Malformed>> {
        super::read_reviews(text, None, labels, answers, &Shown::default())
    }

    fn score(text: &str) -> Result<f64, Malformed> {
        read_review(text, None).map(|review| review.score)
    }

    #[test]
    fn limits_are_inclusive() {
        let fitting = format!("{{\"score\": 7}}{}", " ".repeat(REPLY_BYTES - 12));
        assert_eq!(fitting.len(), REPLY_BYTES);
        assert_eq!(score(&fitting), Ok(7.0));
        assert!(matches!(score(&format!("{fitting} ")), Err(Malformed::TooLong { .. })));
        let nested = |levels: usize| format!("{{\"score\": 7, \"x\": {}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(score(&nested(9)), Ok(7.0));
        assert_eq!(score(&nested(10)), Err(Malformed::TooDeep));
    }

    #[test]
    fn a_citation_before_the_review_is_passed_over() {
        assert_eq!(score("As [1] and [2] say:\n{\"score\": 6.5}"), Ok(6.5));
    }

    #[test]
    fn only_a_number_from_1_to_10_is_a_score() {
        for bad in ["true", "null", "[8]", "\"8/100\"", "\"\"", "{}", "\"nan\"", "\"inf\""] {
            assert_eq!(score(&format!("{{\"score\": {bad}}}")), Err(Malformed::NoScore), "{bad}");
        }
        for bad in ["-3", "10.01", "0.99", "\"11\""] {
            assert_eq!(score(&format!("{{\"score\": {bad}}}")), Err(Malformed::OutOfRange), "{bad}");
        }
    }

    #[test]
    fn a_structured_reply_comes_first_and_the_text_helps_out() {
        let structured = json!({"score": 9, "rationale": "r"});
        assert_eq!(read_review("nothing", Some(&structured)).unwrap().rationale, "r");
        assert_eq!(read_review("{\"score\": 4}", Some(&json!({"score": 11}))).unwrap().score, 4.0);
        assert_eq!(read_review("nothing", Some(&json!(3))), Err(Malformed::NoJson(JsonProblem::Missing)));
    }

    #[test]
    fn fields_of_the_wrong_kind_are_left_out() {
        let review = read_review(r#"{"score": 5, "strengths": "x", "weaknesses": [1, "w"], "rationale": 3}"#, None);
        assert_eq!(review, Ok(Review { score: 5.0, weaknesses: vec!["w".into()], ..Review::default() }));
    }

    #[test]
    fn several_reviews_are_found_by_their_labels() {
        let labels = ["A", "B", "C"];
        let text = r#"{"reviews": [{"answer": "Answer B", "score": 7}, {"answer": "**a**", "score": 11}]}"#;
        let reviews = read_reviews(text, &labels, 3);
        assert_eq!(reviews[0], Err(Malformed::InReviewOf("A".into(), Box::new(Malformed::OutOfRange))));
        assert_eq!(reviews[1].as_ref().unwrap().score, 7.0);
        assert_eq!(reviews[2], Err(Malformed::NoReviewOf("C".into())));
        let bare = read_reviews(r#"[{"answer":"C","score":3},{"answer":"A","score":4}]"#, &labels, 3);
        assert_eq!(bare[2].as_ref().unwrap().score, 3.0);
        let single = read_reviews(r#"{"score": 8}"#, &labels[..1], 1);
        assert_eq!(single[0].as_ref().unwrap().score, 8.0);
    }

    #[test]
    fn reviews_are_read_as_models_write_them() {
        for (text, expected) in [
            (r#"{"score": "8/10"}"#, 8.0),
            (r#"{"score": "8,5"}"#, 8.5),
            (r#"{"score": "8.5 out of 10"}"#, 8.5),
            (r#"{"Score": 8}"#, 8.0),
            (r#"{"score": 8,}"#, 8.0),
            ("{\"rationale\": \"two\nlines\", \"score\": 8}", 8.0),
            (r#"{"review":{"score":8}}"#, 8.0),
            (r#"{"reviews":[{"score":8}]}"#, 8.0),
            (r#"{"score": 8, "strengths": ["cut he"#, 8.0),
            (r#"Here: {"overall_score": 8, "rationale": "\ud83d"}"#, 8.0),
            (r#"{"rating": 8}"#, 8.0),
            ("It is right.\n\nScore: **8/10**", 8.0),
            ("I give it 7 out of 10.", 7.0),
        ] {
            assert_eq!(score(text), Ok(expected), "{text}");
        }
        assert_eq!(read_review("Well put.\nScore: 9", None).unwrap().overall_assessment, "Well put.\nScore: 9");
    }

    #[test]
    fn what_else_the_form_asks_for_is_kept() {
        let review =
            read_review(r#"{"accuracy": "9/10", "clarity": 11, "would_sign": true, "score": 8}"#, None).unwrap();
        assert_eq!(review.dimensions, BTreeMap::from([("accuracy".to_owned(), 9.0)]));
        assert_eq!(review.would_sign, Some(true));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[\\[\\]{}\"scorewinp:,0-9. ]{0,60}") {
            for review in read_reviews(&text, &["A", "B"], 2) {
                prop_assert!(review.is_err() || (LOWEST..=HIGHEST).contains(&review.unwrap().score));
            }
            if let Ok(review) = read_review(&text, None) {
                prop_assert!((LOWEST..=HIGHEST).contains(&review.score));
            }
        }
    }
}
