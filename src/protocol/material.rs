//! What every protocol is given: the participants, as far as it may know them, and what the run is about.

use crate::ids::ParticipantId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A participant, by its place among the members of its protocol.
pub(crate) type MemberIndex = usize;

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
    /// Maximum size of a whole prompt in bytes; `None` for no limit that we know of.
    pub prompt_bytes: Option<usize>,
}

/// A file: the path that participants see, and its contents.
pub type FileText = (String, Arc<str>);

/// What the run is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Material {
    /// The person's words; may be empty if there are files.
    pub question: Arc<str>,
    /// In the order given.
    pub files: Vec<FileText>,
    /// From the system's randomness, 32 lower-case hex digits: the root of every fence.
    pub nonce_root: String,
    /// The random seed of every draw.
    pub seed: u64,
}

/// A participant whose prompt limit the question and the files exceed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// The participant.
    pub participant: ParticipantId,
    /// Bytes that its longest prompt needs at least.
    pub needs: usize,
    /// Its limit in bytes.
    pub limit: usize,
}
