//! A review, read out of a reply.

use super::json::{JsonProblem, first_json};
use crate::protocol::tally::{HIGHEST, LOWEST};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A reply with one review may have this many bytes; one with several, as many times that.
pub const REPLY_BYTES: usize = 100_000;
/// Objects and arrays within each other, the outermost counted.
const REPLY_DEPTH: usize = 10;

/// What a reviewer said about an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// 1 to 10.
    pub score: f64,
    /// What is good.
    pub strengths: Vec<String>,
    /// What is not.
    pub weaknesses: Vec<String>,
    /// What to do about it.
    pub suggestions: Vec<String>,
    /// The whole in a few words.
    pub overall_assessment: String,
    /// Why the score is what it is.
    pub rationale: String,
}

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
            Self::NoReviewOf(label) => write!(f, "the review of Answer {label} is missing"),
            Self::InReviewOf(label, problem) => write!(f, "in the review of Answer {label}: {problem}"),
        }
    }
}

/// Reads one review, from the structured reply where the vendor gave one, else from the text.
///
/// Of an array, its first element counts. Lists that are no lists are empty, items that are no
/// strings are left out, texts that are no strings are empty; only the score must be right.
///
/// # Errors
/// Too long, no JSON, too deep, or no score from 1 to 10.
pub fn read_review(text: &str, structured: Option<&Value>) -> Result<Review, Malformed> {
    let from_text = |_| review_of(object_in(&reply_json(text, REPLY_BYTES)?)?);
    match structured {
        Some(value) => shallow(value).and_then(|()| review_of(object_in(value)?)).or_else(from_text),
        None => from_text(Malformed::NoScore),
    }
}

/// Reads one review for each of the labels out of one reply: an object whose `reviews` is an array
/// of objects, each with its label under `answer`. A bare array will do, and so will the review
/// itself where there is one label. `shown` is how many answers the prompt showed, at least as many
/// as there are labels: the reply may have [`REPLY_BYTES`] for each.
#[must_use]
pub fn read_reviews(
    text: &str,
    structured: Option<&Value>,
    labels: &[&str],
    shown: usize,
) -> Vec<Result<Review, Malformed>> {
    let read = |value: &Value| labels.iter().map(|label| review_with(value, label, labels.len())).collect::<Vec<_>>();
    if let Some(value) = structured.filter(|value| shallow(value).is_ok()) {
        let reviews = read(value);
        if reviews.iter().any(Result::is_ok) {
            return reviews;
        }
    }
    match reply_json(text, REPLY_BYTES.saturating_mul(shown)) {
        Ok(value) => read(&value),
        Err(problem) => labels.iter().map(|_| Err(problem.clone())).collect(),
    }
}

/// The first JSON in the text that holds an object: a citation such as `[1]` is passed over.
fn reply_json(text: &str, limit: usize) -> Result<Value, Malformed> {
    if text.len() > limit {
        return Err(Malformed::TooLong { bytes: text.len(), limit });
    }
    let value = first_json(text, |value| object_in(value).is_ok()).map_err(Malformed::NoJson)?;
    shallow(&value).map(|()| value)
}

fn object_in(value: &Value) -> Result<&Map<String, Value>, Malformed> {
    let first = value.as_array().and_then(|items| items.first()).unwrap_or(value);
    first.as_object().ok_or(Malformed::NoJson(JsonProblem::Missing))
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

fn review_of(entries: &Map<String, Value>) -> Result<Review, Malformed> {
    let score = match entries.get("score") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let score = score.ok_or(Malformed::NoScore)?;
    if !(LOWEST..=HIGHEST).contains(&score) {
        return Err(Malformed::OutOfRange);
    }
    let list = |key: &str| {
        let items = entries.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let text = |key: &str| entries.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Review {
        score,
        strengths: list("strengths"),
        weaknesses: list("weaknesses"),
        suggestions: list("suggestions"),
        overall_assessment: text("overall_assessment"),
        rationale: text("rationale"),
    })
}

fn review_with(value: &Value, label: &str, labels: usize) -> Result<Review, Malformed> {
    let items = match value.get("reviews").unwrap_or(value) {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let is_it = |item: &&Value| {
        let named = item.get("answer").and_then(Value::as_str);
        named.is_some_and(|named| same_label(named, label)) || (labels == 1 && items.len() == 1)
    };
    let item = items.iter().find(is_it).ok_or_else(|| Malformed::NoReviewOf(label.to_owned()))?;
    object_in(item).and_then(review_of).map_err(|problem| Malformed::InReviewOf(label.to_owned(), Box::new(problem)))
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
        for bad in ["true", "null", "[8]", "\"8/10\"", "\"\"", "{}"] {
            assert_eq!(score(&format!("{{\"score\": {bad}}}")), Err(Malformed::NoScore), "{bad}");
        }
        for bad in ["\"nan\"", "\"inf\"", "-3", "10.01", "0.99"] {
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
        let reviews = read_reviews(text, None, &labels, 3);
        assert_eq!(reviews[0], Err(Malformed::InReviewOf("A".into(), Box::new(Malformed::OutOfRange))));
        assert_eq!(reviews[1].as_ref().unwrap().score, 7.0);
        assert_eq!(reviews[2], Err(Malformed::NoReviewOf("C".into())));
        let bare = read_reviews(r#"[{"answer":"C","score":3},{"answer":"A","score":4}]"#, None, &labels, 3);
        assert_eq!(bare[2].as_ref().unwrap().score, 3.0);
        let single = read_reviews(r#"{"score": 8}"#, None, &labels[..1], 1);
        assert_eq!(single[0].as_ref().unwrap().score, 8.0);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[\\[\\]{}\"scorewinp:,0-9. ]{0,60}") {
            for review in read_reviews(&text, None, &["A", "B"], 2) {
                prop_assert!(review.is_err() || (LOWEST..=HIGHEST).contains(&review.unwrap().score));
            }
            if let Ok(review) = read_review(&text, None) {
                prop_assert!((LOWEST..=HIGHEST).contains(&review.score));
            }
        }
    }
}
