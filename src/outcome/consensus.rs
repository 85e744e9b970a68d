//! What a consensus run ends with.

use super::{Concluded, Dropped, QuoteCut, Winner, dropped};
use crate::ids::{ParticipantId, Round};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a consensus run ended with. Field names of the original are kept; more are added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct ConsensusBody {
    /// The best answer; `None` if nobody ever answered.
    pub winner: Option<Winner>,
    /// The number of the last round that was entered.
    pub final_round: u32,
    /// The closing strategy: `vote-threshold`.
    pub strategy: String,
    /// The threshold that the leader's mean had to meet.
    pub threshold: f64,
    /// For how many rounds in a row the same answer had to lead.
    pub stability_rounds: u32,
    /// Every participant's latest scored answer, best first; unscored ones after them.
    pub all_answers: Vec<Answer>,
    /// What speaks against the winner: reviews of it below the threshold, lowest first.
    pub dissent: Vec<Dissent>,
    /// What happened in each round.
    pub rounds: Vec<RoundRecord>,
    /// Participants without a candidate in the last round, and those that could not be asked any
    /// more, with the reason.
    pub models_dropped: Vec<Dropped>,
    /// Prompts in which quoted text was too long and lost its middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes_cut: Vec<QuoteCut>,
}

/// One participant's latest answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Answer {
    /// The resolved model with its vendor prefix.
    pub model_id: String,
    /// Whose answer it is.
    pub participant: ParticipantId,
    /// The answer.
    pub answer: String,
    /// Mean of the scores below; `None` if nobody scored it.
    pub mean_score: Option<f64>,
    /// What each reviewer gave it.
    pub scores: BTreeMap<ParticipantId, f64>,
    /// The round in which it stood for review.
    pub round: u32,
}

/// A review that speaks against the winner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Dissent {
    /// Who reviewed.
    pub reviewer: ParticipantId,
    /// Its model.
    pub model_id: String,
    /// What it gave, 1 to 10.
    pub score: f64,
    /// Its assessment.
    pub overall_assessment: String,
    /// What it found weak.
    pub weaknesses: Vec<String>,
}

/// What happened in one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct RoundRecord {
    /// Which round.
    pub round: Round,
    /// `scores[reviewer][author]`, 1 to 10; a missing review has no entry.
    pub scores: BTreeMap<ParticipantId, BTreeMap<ParticipantId, f64>>,
    /// Mean score of each answer that was scored.
    pub means: BTreeMap<ParticipantId, f64>,
    /// Who led when it closed.
    pub leader: Option<ParticipantId>,
    /// For how many rounds in a row.
    pub stable: u32,
    /// Reviews that are missing.
    pub reviews_dropped: u32,
    /// Repairs that were asked for.
    pub repairs: u32,
    /// Whether the run converged in it.
    pub converged: bool,
}

impl Concluded for ConsensusBody {
    fn author(&self) -> Option<&ParticipantId> {
        self.winner.as_ref().map(|winner| &winner.participant)
    }

    fn writers(&self) -> Vec<String> {
        vec!["consensus".to_owned()]
    }

    fn failures(&self) -> (Vec<String>, bool) {
        dropped(&self.models_dropped)
    }

    fn quotes_cut(&mut self) -> &mut [QuoteCut] {
        &mut self.quotes_cut
    }
}
