//! What a consensus run is planned with: plain data, frozen before the first call.

use super::closing::ClosingStrategy;
use super::vote_threshold::{AdjustedThreshold, VoteThreshold};
use crate::exchange::Tuning;
use crate::protocol::normalise::Normaliser;
use serde::{Deserialize, Serialize};

/// How answers are reviewed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReviewMode {
    /// One call for each pair of reviewer and author.
    #[default]
    Pairwise,
    /// One call for each reviewer, over all the others.
    Batch,
}

/// The rule by which a consensus ends, of those that a plan can name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Strategy {
    /// [`VoteThreshold`]: the highest mean leads, as in the original.
    #[default]
    VoteThreshold,
    /// [`AdjustedThreshold`]: the highest mean without the reviewers' harshness leads.
    Adjusted,
}

impl Strategy {
    /// All of them, by name.
    pub const WORDS: [(&str, Self); 2] = [("vote-threshold", Self::VoteThreshold), ("adjusted", Self::Adjusted)];

    /// The rule with a threshold from 1 to 10, for so many rounds in a row.
    #[must_use]
    pub fn rule(self, threshold: f64, stability_rounds: u32) -> Box<dyn ClosingStrategy> {
        match self {
            Self::VoteThreshold => Box::new(VoteThreshold::new(threshold, stability_rounds)),
            Self::Adjusted => Box::new(AdjustedThreshold::new(threshold, stability_rounds)),
        }
    }
}

/// The settings of a consensus run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct ConsensusPlan {
    /// Mean score that the leader must reach, 1 to 10.
    pub threshold: f64,
    /// At most this many rounds, 1 to 20.
    pub max_rounds: u32,
    /// For how many rounds in a row the same participant must lead, at least 1.
    pub stability_rounds: u32,
    /// How answers are reviewed.
    pub review: ReviewMode,
    /// The rule by which it ends.
    #[serde(default)]
    pub strategy: Strategy,
    /// By what answers count as the same, where the run ends as soon as all are; `None` where all are reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_on_agreement: Option<Normaliser>,
    /// Whether the caller steps through the rounds: then it pauses after each, and asks for no
    /// refinement before the caller's word.
    pub stepped: bool,
    /// How the models run, for every call.
    pub tuning: Tuning,
}

impl Default for ConsensusPlan {
    /// The defaults of the original: a threshold of 8, for two rounds in a row, within five.
    fn default() -> Self {
        Self {
            threshold: 8.0,
            max_rounds: 5,
            stability_rounds: 2,
            review: ReviewMode::default(),
            strategy: Strategy::default(),
            stop_on_agreement: None,
            stepped: false,
            tuning: Tuning::default(),
        }
    }
}
