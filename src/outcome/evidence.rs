//! Everything that models said about each other's texts: reviews, turns, judgements, critiques.

use super::{CritiquePass, MissingReview, ReviewRecord, SampleRecord, Synthesis, Turn, TurnFailure};
use crate::failure::FailureClass;
use crate::ids::{ParticipantId, Round};
use serde::Serialize;

/// One thing that a model said about a text.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said<'a> {
    /// A review of an answer.
    Review {
        /// The review.
        #[serde(flatten)]
        record: &'a ReviewRecord,
    },
    /// A review that was not given, or could not be read.
    MissingReview {
        /// The round.
        round: Round,
        /// What is missing.
        #[serde(flatten)]
        missing: &'a MissingReview,
    },
    /// A turn in a debate.
    Turn {
        /// The round.
        round: Round,
        /// The turn.
        #[serde(flatten)]
        turn: &'a Turn,
    },
    /// What the judge made of a debate.
    Synthesis {
        /// The synthesis.
        #[serde(flatten)]
        synthesis: &'a Synthesis,
    },
    /// Why there is no synthesis.
    MissingSynthesis {
        /// The failure.
        #[serde(flatten)]
        why: &'a TurnFailure,
    },
    /// A sample.
    Sample {
        /// The sample.
        #[serde(flatten)]
        sample: &'a SampleRecord,
    },
    /// A judgement of a version of a text.
    Judgement {
        /// 0 for the draft.
        iteration: u32,
        /// The judge.
        judge: Option<&'a ParticipantId>,
        /// 0 to 1; `None` if it was dropped.
        score: Option<f64>,
        /// What the judge says about it.
        rationale: Option<&'a str>,
        /// Whether it was the best so far.
        best: bool,
        /// Why it was dropped.
        failure: Option<FailureClass>,
        /// The same in words.
        message: Option<&'a str>,
    },
    /// A critique of a text, and what became of the rewrite.
    Critique {
        /// The critique.
        #[serde(flatten)]
        pass: &'a CritiquePass,
    },
}
