//! A judgement of one text, read out of a reply.

use super::json::{JsonProblem, first_json};
use super::review::REPLY_BYTES;
use serde_json::Value;

/// What a judge said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// 0 to 1: a tenth of what the judge gave.
    pub score: f64,
    /// Why; empty if the judge does not say.
    pub rationale: String,
}

/// Why a reply has no score, in words that its author can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoScore {
    /// It is too long to be a judgement.
    #[error("the reply has more than {REPLY_BYTES} bytes")]
    TooLong,
    /// There is no JSON object in it.
    #[error("{0}")]
    NoJson(JsonProblem),
    /// The key is missing, or is no number.
    #[error("the key `score` is missing or is not a number")]
    Missing,
    /// It is outside the scale.
    #[error("`score` is not a number from 0 to 10")]
    OutOfRange,
}

/// Reads a score from 0 to 10 out of a structured reply where the vendor gave one, else out of the
/// text: the key `score` of a JSON object, or a bare number, which may stand before `/10`.
///
/// # Errors
/// Too long, no JSON and no bare number, or no score from 0 to 10.
pub fn read_score(text: &str, structured: Option<&Value>) -> Result<Judgement, NoScore> {
    match structured.map(judgement) {
        Some(Ok(judgement)) => Ok(judgement),
        Some(Err(_)) | None => read_text(text),
    }
}

fn read_text(text: &str) -> Result<Judgement, NoScore> {
    if text.len() > REPLY_BYTES {
        return Err(NoScore::TooLong);
    }
    if let Some(number) = bare_number(text) {
        return Ok(Judgement { score: tenth(number)?, rationale: String::new() });
    }
    let value = first_json(text, |value| value.get("score").is_some())
        .or_else(|_| first_json(text, Value::is_object))
        .map_err(NoScore::NoJson)?;
    judgement(&value)
}

fn judgement(value: &Value) -> Result<Judgement, NoScore> {
    let number = match value.get("score") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => bare_number(text),
        _ => None,
    };
    let rationale = value.get("rationale").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    Ok(Judgement { score: tenth(number.ok_or(NoScore::Missing)?)?, rationale })
}

/// The number that is all there is to a text, but for marks around it.
fn bare_number(text: &str) -> Option<f64> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '*' | '`' | '"' | '_'));
    let text = text.strip_suffix('.').unwrap_or(text);
    let number = text.split_once('/').filter(|(_, scale)| scale.trim() == "10").map_or(text, |(number, _)| number);
    let number = number.trim();
    // `nan`, `inf` and the like are words, not scores.
    number.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter)).then(|| number.parse().ok())?
}

fn tenth(number: f64) -> Result<f64, NoScore> {
    if (0.0..=10.0).contains(&number) { Ok(number / 10.0) } else { Err(NoScore::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn score(text: &str) -> Result<f64, NoScore> {
        read_score(text, None).map(|judgement| judgement.score)
    }

    #[test]
    fn an_object_or_a_bare_number_is_a_score() {
        assert_eq!(score(r#"{"rationale": "r", "score": 8.5}"#), Ok(0.85));
        assert_eq!(score("As [1] says:\n```json\n{\"score\": \"7\"}\n```"), Ok(0.7));
        for bare in ["9", " 9.0\n", "**9**", "9/10", "9 / 10.", "`9`"] {
            assert_eq!(score(bare), Ok(0.9), "{bare}");
        }
        assert_eq!((score("0"), score("10")), (Ok(0.0), Ok(1.0)));
    }

    #[test]
    fn a_number_somewhere_in_prose_is_none() {
        assert!(matches!(score("On a scale of 0-10 I give 7"), Err(NoScore::NoJson(_))));
        assert!(matches!(score("nan"), Err(NoScore::NoJson(_))));
        assert_eq!(score("11"), Err(NoScore::OutOfRange));
        assert_eq!(score("-1"), Err(NoScore::OutOfRange));
        assert_eq!(score(r#"{"score": null}"#), Err(NoScore::Missing));
        assert_eq!(score(&"x".repeat(REPLY_BYTES + 1)), Err(NoScore::TooLong));
    }

    #[test]
    fn a_structured_reply_comes_first_and_the_text_helps_out() {
        assert_eq!(read_score("3", Some(&json!({"score": 9}))).unwrap().score, 0.9);
        assert_eq!(read_score("3", Some(&json!({"score": 99}))).unwrap().score, 0.3);
    }

    proptest! {
        #[test]
        fn a_score_is_always_from_0_to_1(text in "[0-9.{}\":/a-z+-]{0,20}") {
            if let Ok(score) = score(&text) {
                prop_assert!((0.0..=1.0).contains(&score));
            }
        }
    }
}
