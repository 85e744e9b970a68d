//! A judgement of one text, read out of a reply.

use super::json::JsonProblem;
use super::number::{in_prose, number, score_member, written};
use super::shown::Shown;
use super::verdict::{REPLY_BYTES, own_json, scored_object};
use serde_json::Value;

/// What a judge said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// 0 to 10, as the judge gave it: [`on_scale`] tells what it means.
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
    /// It may be on another scale than the judge's earlier scores.
    #[error("`score` is at most 1, on a scale from 0 to 10 where earlier scores were higher: say it on that scale")]
    OtherScale,
}

/// Reads a score from 0 to 10 out of a structured reply where the vendor gave one, else out of the
/// text: a bare number, the judge's own last JSON object with a score, or a line of prose with one. What
/// stands in the material that was `shown` is never the judge's own.
///
/// # Errors
/// Too long, no JSON and no number, or no score from 0 to 10.
pub fn read_score(text: &str, structured: Option<&Value>, shown: &Shown<'_>) -> Result<Judgement, NoScore> {
    match structured.map(judgement) {
        Some(Ok(judgement)) => Ok(judgement),
        Some(Err(_)) | None => read_text(text, shown),
    }
}

/// A score from 0 to 10 as one from 0 to 1, given the judge's `earlier` ones as it gave them.
///
/// A judge that never gave more than 1 counts on a scale from 0 to 1, whatever it was asked: its 0.85 is
/// 0.85 and not 0.085.
///
/// # Errors
/// The score is a fraction of 1, and earlier ones were more than 1.
pub fn on_scale(score: f64, earlier: &[f64]) -> Result<f64, NoScore> {
    let fraction = |score: &f64| *score > 0.0 && *score < 1.0;
    if !fraction(&score) {
        let unit = score <= 1.0 && earlier.iter().all(|score| *score <= 1.0) && earlier.iter().any(fraction);
        return Ok(if unit { score } else { score / 10.0 });
    }
    if earlier.iter().all(|score| *score <= 1.0) { Ok(score) } else { Err(NoScore::OtherScale) }
}

fn read_text(text: &str, shown: &Shown<'_>) -> Result<Judgement, NoScore> {
    if text.len() > REPLY_BYTES {
        return Err(NoScore::TooLong);
    }
    if let Some(score) = written(text) {
        return in_range(score, String::new());
    }
    match own_json(text, shown, |value| scored_object(value).is_some()) {
        Ok(value) => judgement(&value),
        Err(problem) => in_range(in_prose(text, shown).ok_or(NoScore::NoJson(problem))?, text.trim().to_owned()),
    }
}

fn judgement(value: &Value) -> Result<Judgement, NoScore> {
    let members = scored_object(value).ok_or(NoScore::Missing)?;
    let score = score_member(members).and_then(number).ok_or(NoScore::Missing)?;
    let rationale = members.get("rationale").and_then(Value::as_str).unwrap_or_default();
    in_range(score, rationale.trim().to_owned())
}

fn in_range(score: f64, rationale: String) -> Result<Judgement, NoScore> {
    if (0.0..=10.0).contains(&score) { Ok(Judgement { score, rationale }) } else { Err(NoScore::OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read_score(text: &str, structured: Option<&Value>) -> Result<Judgement, NoScore> {
        super::read_score(text, structured, &Shown::default())
    }

    fn score(text: &str) -> Result<f64, NoScore> {
        read_score(text, None).map(|judgement| judgement.score)
    }

    #[test]
    fn an_object_or_a_bare_number_is_a_score() {
        assert_eq!(score(r#"{"rationale": "r", "score": 8.5}"#), Ok(8.5));
        assert_eq!(score("As [1] says:\n```json\n{\"score\": \"7\"}\n```"), Ok(7.0));
        for bare in ["9", " 9.0\n", "**9**", "9/10", "9 / 10.", "`9`"] {
            assert_eq!(score(bare), Ok(9.0), "{bare}");
        }
        assert_eq!((score("0"), score("10")), (Ok(0.0), Ok(10.0)));
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
        assert_eq!(read_score("3", Some(&json!({"score": 9}))).unwrap().score, 9.0);
        assert_eq!(read_score("3", Some(&json!({"score": 99}))).unwrap().score, 3.0);
    }

    #[test]
    fn a_judge_that_counts_to_one_is_understood_or_asked_again() {
        assert_eq!(on_scale(8.5, &[]), Ok(0.85));
        assert_eq!(on_scale(0.85, &[]), Ok(0.85));
        assert_eq!(on_scale(0.9, &[0.85, 0.0]), Ok(0.9));
        assert_eq!(on_scale(1.0, &[0.85]), Ok(1.0));
        assert_eq!(on_scale(1.0, &[]), Ok(0.1));
        assert_eq!(on_scale(0.85, &[7.0]), Err(NoScore::OtherScale));
        assert_eq!((on_scale(0.0, &[7.0]), on_scale(1.0, &[7.0])), (Ok(0.0), Ok(0.1)));
    }

    proptest! {
        #[test]
        fn a_score_is_always_from_0_to_10(text in "[0-9.{}\":/a-z+-]{0,20}") {
            if let Ok(score) = score(&text) {
                prop_assert!((0.0..=10.0).contains(&score));
            }
        }
    }
}
