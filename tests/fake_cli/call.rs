//! The call that a process answers: refinery names it in the environment, and no word of the prompt counts.

use serde::{Deserialize, Serialize};

/// The variable that holds the call's id: `r2/evaluate/claude>codex`, in a step of a pipe `step1/r1/sample/3`.
const VARIABLE: &str = "REFINERY_CALL";

/// What a call asks for, by the word in its id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The bare question.
    #[default]
    #[serde(alias = "sample")]
    Answer,
    /// A first answer, of several participants.
    Propose,
    /// A review.
    Evaluate,
    /// A better version of an answer, or of a text that was scored.
    Refine,
    /// A turn in a debate.
    Argue,
    /// The synthesis of a debate.
    Judge,
    /// A first text that is to be refined.
    Draft,
    /// A score for a text.
    Score,
    /// A critique of a text, and the text rewritten.
    Critique,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id; nothing, where none is named.
    pub id: String,
    /// From 1.
    pub round: u32,
    /// What it asks for.
    pub phase: Phase,
}

impl Default for Call {
    /// A bare question that belongs to no run.
    fn default() -> Self {
        Self { id: String::new(), round: 1, phase: Phase::Answer }
    }
}

impl Call {
    /// The call that the environment names; a bare question if it names none.
    ///
    /// # Errors
    /// The name is no id of a call.
    pub fn of_environment() -> Result<Self, String> {
        std::env::var(VARIABLE).map_or_else(|_| Ok(Self::default()), |id| Self::parse(&id))
    }

    /// The call that a line names to a process that is kept; `None` for any other line.
    pub fn marked(line: &serde_json::Value) -> Option<Result<Self, String>> {
        line.get(VARIABLE)?.as_str().map(Self::parse)
    }

    fn parse(id: &str) -> Result<Self, String> {
        let mut parts = id.split('/');
        let round = parts.find_map(|part| part.strip_prefix('r')?.parse().ok());
        let phase = parts.next().and_then(|word| serde_json::from_value(word.into()).ok());
        match (round, phase) {
            (Some(round), Some(phase)) => Ok(Self { id: id.to_owned(), round, phase }),
            _ => Err(format!("{VARIABLE} is no call: `{id}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_round_and_phase() {
        let read = |id: &str| Call::parse(id).map(|call| (call.round, call.phase));
        assert_eq!(read("r2/evaluate/claude>codex"), Ok((2, Phase::Evaluate)));
        assert_eq!(read("step1/r1/sample/3"), Ok((1, Phase::Answer)));
        assert_eq!(read("r12/score/codex/repair"), Ok((12, Phase::Score)));
        assert!(read("r1").is_err() && read("evaluate/claude").is_err() && read("r1/sing/claude").is_err());
    }
}
