//! What a consensus run is planned with: plain data, frozen before the first call.

use crate::exchange::Tuning;
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
            stepped: false,
            tuning: Tuning::default(),
        }
    }
}
