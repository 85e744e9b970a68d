//! What a consensus run ends with.

use super::{Concluded, Dropped, QuoteCut, Winner, dropped};
use crate::failure::FailureClass;
use crate::ids::{ParticipantId, Round};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a consensus run ended with. Field names of the original are kept; more are added.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct ConsensusBody {
    /// The best answer; `None` if no model ever answered.
    pub winner: Option<Winner>,
    /// The number of the last round that was entered.
    pub final_round: u32,
    /// The round in which the winner's answer stood for review; `None` without a winner.
    #[serde(default)]
    pub answer_round: Option<u32>,
    /// Who did as well as the winner, in plan order: then the choice between them says little.
    #[serde(default)]
    pub tied_with: Vec<ParticipantId>,
    /// Whether one reviewer gave the winner at least 4 points less than another one did.
    #[serde(default)]
    pub contested: bool,
    /// `identical` where all answers were the same and none was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_by: Option<String>,
    /// The closing strategy: `vote-threshold`.
    pub strategy: String,
    /// The threshold that the leader's mean had to meet.
    pub threshold: f64,
    /// For how many rounds in a row the same answer had to lead.
    pub stability_rounds: u32,
    /// Every participant's best-scored answer, best first; unscored ones after them.
    pub all_answers: Vec<Answer>,
    /// What speaks against the winner: every review of it that names a weakness or is below the threshold, the lowest
    /// first.
    pub dissent: Vec<Dissent>,
    /// Every review that was given, by round, reviewer and author.
    #[serde(default)]
    pub reviews: Vec<ReviewRecord>,
    /// What happened in each round.
    pub rounds: Vec<RoundRecord>,
    /// Participants without a candidate in the last round, and those that could not be asked any
    /// more, with the reason.
    pub models_dropped: Vec<Dropped>,
    /// Prompts in which quoted text was too long and lost its middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes_cut: Vec<QuoteCut>,
}

/// What a reviewer said about an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Review {
    /// 1 to 10.
    pub score: f64,
    /// What is good.
    pub strengths: Vec<String>,
    /// What is wrong or missing.
    pub weaknesses: Vec<String>,
    /// What to do about it.
    pub suggestions: Vec<String>,
    /// The whole in a few words; of a reply without JSON, all of it.
    pub overall_assessment: String,
    /// Why the score is what it is.
    pub rationale: String,
    /// Accuracy, completeness and clarity, 1 to 10 each, where the reviewer gave them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, f64>,
    /// Whether the reviewer would sign this answer instead of its own; shown, not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would_sign: Option<bool>,
}

/// A review, and whose it is of whom.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct ReviewRecord {
    /// The round.
    pub round: Round,
    /// The reviewer.
    pub reviewer: ParticipantId,
    /// The author of the answer.
    pub author: ParticipantId,
    /// What it says.
    pub review: Review,
}

/// One participant's best answer.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Answer {
    /// The resolved model with its vendor prefix.
    pub model_id: String,
    /// Whose answer it is.
    pub participant: ParticipantId,
    /// The answer.
    pub answer: String,
    /// Mean of the scores below; `None` without a score.
    pub mean_score: Option<f64>,
    /// What each reviewer gave it.
    pub scores: BTreeMap<ParticipantId, f64>,
    /// The round in which it stood for review.
    pub round: u32,
}

/// A review that speaks against the winner.
#[non_exhaustive]
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
#[non_exhaustive]
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
    /// Who did as well as the leader, in plan order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tied_with: Vec<ParticipantId>,
    /// Means without the harshness of reviewers, where the leader was told by them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<BTreeMap<ParticipantId, f64>>,
    /// How each answer came into it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<ParticipantId, AnswerOrigin>,
    /// Reviews that are missing.
    pub reviews_dropped: u32,
    /// Which, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingReview>,
    /// Repairs that were asked for.
    pub repairs: u32,
    /// Whether the run converged in it.
    pub converged: bool,
}

/// How an answer came into a round.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct AnswerOrigin {
    /// What was done to it.
    pub change: AnswerChange,
    /// The round of the version that it was made of; `None` for a first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_round: Option<Round>,
}

/// What was done to an answer before a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AnswerChange {
    /// It is a first answer.
    Proposed,
    /// Its author rewrote it.
    Rewritten,
    /// Its author found nothing to change.
    Unchanged,
    /// The rewrite failed.
    RewriteFailed,
    /// It is too long to be rewritten whole.
    TooLong,
    /// It had no review, or its author could not be asked any more.
    NotAsked,
}

/// A review that was not given, or could not be read.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct MissingReview {
    /// The reviewer.
    pub reviewer: ParticipantId,
    /// The author of the answer.
    pub author: ParticipantId,
    /// A failure class.
    pub failure: FailureClass,
    /// In words.
    pub message: String,
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
