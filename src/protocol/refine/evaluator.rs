//! A score from outside: by code that a caller brings, which no model's budget pays for.
//!
//! It is asked like a participant, but is none: its prompt is the text alone, without our words, and its
//! reply a number from 0 to 1 on the first line, with reasons on those after it.

use crate::exchange::{CallSpec, Prompt, Reply, Role, Tuning};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{ParticipantId, Round};
use crate::protocol::machine::call_path;
use crate::protocol::parse::Judgement;
use std::sync::Arc;

/// The question to an evaluator.
pub(super) fn evaluation(to: &ParticipantId, text: &Arc<str>, round: Round) -> CallSpec {
    CallSpec {
        id: call_path(round, &format!("{}/{to}", Role::Score)),
        to: to.clone(),
        role: Role::Score,
        round,
        system: "".into(),
        prompt: Prompt::new(Vec::new(), vec![Arc::clone(text)]),
        shape: None,
        tuning: Tuning::default(),
    }
}

/// What it said.
pub(super) fn evaluated(result: Result<Reply, CallFailure>) -> Result<Judgement, CallFailure> {
    let reply = result?;
    let (score, reasons) = reply.text.split_once('\n').unwrap_or((&reply.text, ""));
    match score.trim().parse() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(Judgement { score, rationale: reasons.trim().to_owned() }),
        _ => {
            let words = format!("`{score}` is no score from 0 to 1");
            Err(CallFailure::new(FailureClass::Malformed, words))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_back_as_it_was_and_nothing_else_does() {
        for score in [0.0, 0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE, 1.0] {
            assert_eq!(
                evaluated(Ok(format!("{score}\nso\nso").as_str().into())).unwrap().score.to_bits(),
                score.to_bits()
            );
        }
        for wrong in ["1.01", "-0.1", "NaN", "inf", "", "good"] {
            assert_eq!(evaluated(Ok(wrong.into())).unwrap_err().class, FailureClass::Malformed, "{wrong}");
        }
    }
}
