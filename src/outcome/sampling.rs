//! What a sampling run ends with.

use super::{Concluded, Winner};
use crate::failure::FailureClass;
use crate::ids::ParticipantId;
use serde::{Deserialize, Serialize};

/// What a sampling run ended with. Field names of the original are kept; more are added.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct SamplingBody {
    /// The answer that most samples gave, in the words of the first of them; `None` if none answered.
    pub winner: Option<Winner>,
    /// The sample that its words come from, from 1.
    pub winning_sample: Option<u32>,
    /// `majority` or `unanimous`.
    pub strategy: String,
    /// What makes two answers the same: `whitespace`, `casefold`, `json`, `number` or `choice`.
    pub normaliser: String,
    /// How many samples were asked for.
    pub num_samples: u32,
    /// The winner's samples among those asked for, 0 to 1; `None` where samples are missing that
    /// could change it.
    pub agreement_ratio: Option<f64>,
    /// What it is at least and at most.
    pub agreement: Share,
    /// How many different answers were given.
    pub unique_responses: u32,
    /// How many answers have as many samples as the winner: 1 is a clear win, 0 that all had to agree.
    pub tie_count: u32,
    /// The share that the winner had to have.
    pub min_agreement: Option<f64>,
    /// The different answers, most samples first.
    pub responses: Vec<Response>,
    /// Every sample, in index order.
    pub samples: Vec<SampleRecord>,
    /// Why samples were not taken, if some were not.
    pub early_stop: Option<EarlyEnd>,
}

/// A share that is known or lies between two bounds, each 0 to 1.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Share {
    /// At least.
    pub least: f64,
    /// At most.
    pub most: f64,
}

/// One of the different answers.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Response {
    /// In the words of its first sample.
    pub answer: String,
    /// How many samples gave it.
    pub votes: u32,
    /// Which, from 1.
    pub samples: Vec<u32>,
}

/// One sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct SampleRecord {
    /// Which, from 1.
    pub sample: u32,
    /// Whom it was dealt to.
    pub participant: ParticipantId,
    /// Its model.
    pub model_id: String,
    /// The answer, word for word.
    pub answer: Option<String>,
    /// Why there is none; `None` also if it was not taken.
    pub failure: Option<FailureClass>,
    /// The same in words.
    pub message: Option<String>,
}

/// Why a run ended before all samples were taken.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct EarlyEnd {
    /// `certain`: nothing could change any more; `confident`: it is this likely that nothing would.
    pub reason: String,
    /// How likely, 0 to 1.
    pub confidence: Option<f64>,
    /// How many calls that saved.
    pub calls_saved: u32,
}

impl Concluded for SamplingBody {
    fn author(&self) -> Option<&ParticipantId> {
        self.winner.as_ref().map(|winner| &winner.participant)
    }

    fn writers(&self) -> Vec<String> {
        vec!["sample".to_owned()]
    }

    fn failures(&self) -> (Vec<String>, bool) {
        let failed: Vec<_> = self.samples.iter().filter_map(|one| Some((one, one.failure?))).collect();
        let line = |(one, class): &(&SampleRecord, FailureClass)| {
            format!("{}: {class}: {}", one.participant, one.message.as_deref().unwrap_or(""))
        };
        let mut lines: Vec<_> = failed.iter().map(line).collect();
        lines.dedup();
        (lines, !failed.is_empty() && failed.iter().all(|(_, class)| class.is_lasting()))
    }
}
