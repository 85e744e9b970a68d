//! What a debate is planned with: plain data, frozen before the first call.

use super::persona::Persona;
use crate::exchange::{Effort, Tuning};
use crate::ids::ParticipantId;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How many rounds a debate may have.
pub const ROUNDS: RangeInclusive<u32> = 1..=10;

/// The settings of a debate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct DebatePlan {
    /// At most this many rounds, 1 to 10.
    pub rounds: u32,
    /// The difference of two confidences from which on it is a disagreement, 0 to 100.
    pub disagreement_threshold: f64,
    /// By how much the score may move from one round to the next and still be stable, 0 to 100.
    pub convergence_delta: f64,
    /// Whether a stable score ends the debate.
    pub early_stop: bool,
    /// Whether all speak at once in the first round, without hearing each other.
    pub blind: bool,
    /// Whether the order of speakers is drawn anew in each round after the first.
    pub shuffle: bool,
    /// The score that the debate must end with, 0 to 100.
    pub min_score: Option<f64>,
    /// The persona of each participant, in plan order.
    pub personas: Vec<Persona>,
    /// Who sums up; `None` for nobody.
    pub judge: Option<Judge>,
    /// The judge's sampling temperature, 0 to 2; there is no default.
    pub judge_temperature: Option<f64>,
    /// The judge's longest reply in tokens, at least 1; `None` for that of all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_reply_tokens: Option<u32>,
    /// How hard the judge thinks; `None` for as hard as that participant always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge_effort: Option<Effort>,
    /// How the models run, in every turn.
    pub tuning: Tuning,
}

/// Who sums up a debate, without a vote. A model that debates can do that as well: it is asked anew,
/// and does not know what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Judge {
    /// Who.
    pub participant: ParticipantId,
    /// As which persona.
    pub persona: Persona,
}

impl Default for DebatePlan {
    /// The defaults of the original, without participants.
    fn default() -> Self {
        Self {
            rounds: 4,
            disagreement_threshold: 20.0,
            convergence_delta: 3.0,
            early_stop: true,
            blind: true,
            shuffle: true,
            min_score: None,
            personas: Vec::new(),
            judge: None,
            judge_temperature: None,
            judge_reply_tokens: None,
            judge_effort: None,
            tuning: Tuning::default(),
        }
    }
}
