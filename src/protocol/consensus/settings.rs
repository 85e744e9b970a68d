//! What a consensus run is planned with: plain data, frozen before the first call.

use crate::exchange::Tuning;
use crate::ids::ParticipantId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
    /// What the seed says: a threshold of 8, for two rounds in a row, within five.
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

/// One participant, as a protocol knows it: it never learns the vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its unique name.
    pub id: ParticipantId,
    /// What the outcome calls its model.
    pub model_id: String,
    /// What the outcome and the prompts must never reveal to peers beside `id` and `model_id`:
    /// vendor and product names, lower case, such as `claude`, `anthropic`.
    pub vendor_words: Vec<String>,
    /// How many bytes a whole prompt to it may have; `None` for no limit that we know of.
    pub prompt_bytes: Option<usize>,
}

/// What the run is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Material {
    /// The person's words; may be empty if there are files.
    pub question: Arc<str>,
    /// Files: shown path and contents, in the order given.
    pub files: Vec<(String, Arc<str>)>,
    /// From the system's randomness, 32 lower-case hex digits: the root of every fence.
    pub nonce_root: String,
    /// The seed of every draw.
    pub seed: u64,
}
