//! What a refined text ends with.

use super::{Concluded, QuoteCut};
use crate::failure::FailureClass;
use crate::ids::ParticipantId;
use serde::{Deserialize, Serialize};

/// What a run that refines a text ended with.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct RefineBody {
    /// `score` or `critique`.
    pub mode: String,
    /// Who wrote the text that is returned; `None` if it was given.
    pub author: Option<ParticipantId>,
    /// Who scores, if anybody does.
    pub judge: Option<ParticipantId>,
    /// The text that the run began with; `None` if it could not be written.
    pub draft: Option<String>,
    /// Whether the draft was given, and not written in this run.
    pub draft_given: bool,
    /// Whether the text that is returned is another one than the draft.
    pub rewritten: bool,
    /// The best score, 0 to 1; `None` if nothing was scored.
    pub score: Option<f64>,
    /// The score that was to be reached, 0 to 1.
    pub target_score: Option<f64>,
    /// How many rewrites were asked for.
    pub iterations: u32,
    /// Every text that was scored or should have been, the draft first.
    pub history: Vec<Iteration>,
    /// Every critique.
    pub passes: Vec<CritiquePass>,
    /// Why nothing was critiqued, if nothing was.
    pub skipped: Option<String>,
    /// Calls that failed for good, in words.
    pub failures: Vec<String>,
    /// Prompts in which quoted text was too long and lost its middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes_cut: Vec<QuoteCut>,
}

impl Concluded for RefineBody {
    fn author(&self) -> Option<&ParticipantId> {
        self.author.as_ref()
    }

    fn writers(&self) -> Vec<String> {
        let refiner = self.rewritten.then(|| "refiner".to_owned());
        std::iter::once("refine".to_owned()).chain(refiner).collect()
    }

    fn failures(&self) -> (Vec<String>, bool) {
        let lasting = self.history.iter().filter_map(|one| one.failure).any(|class| class.is_lasting());
        (self.failures.clone(), lasting)
    }

    fn quotes_cut(&mut self) -> &mut [QuoteCut] {
        &mut self.quotes_cut
    }
}

/// One text on its way to a score.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Iteration {
    /// 0 for the draft.
    pub iteration: u32,
    /// Its score, 0 to 1; `None` if it was dropped.
    pub score: Option<f64>,
    /// What the judge says about it.
    pub rationale: Option<String>,
    /// Whether it was the best so far.
    pub best: bool,
    /// The text; `None` if it could not be written.
    pub text: Option<String>,
    /// Why it was dropped.
    pub failure: Option<FailureClass>,
    /// The same in words.
    pub message: Option<String>,
}

/// One critique and rewrite.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct CritiquePass {
    /// Which, from 1.
    pub pass: u32,
    /// Who critiqued.
    pub refiner: ParticipantId,
    /// The critique.
    pub critique: String,
    /// The rewritten text; `None` if there is none that can be used.
    pub revised: Option<String>,
    /// Whether it replaced the text.
    pub adopted: bool,
    /// Why it did not, or what else is to be known of it.
    pub reason: Option<String>,
    /// Whether it is practically the text before it.
    pub converged: bool,
    /// Whether the refiner did not keep to the form, and the whole reply stands for the text.
    pub fallback_whole_reply: bool,
    /// The score of the text before, 0 to 1, where the rewrite was verified.
    pub score_before: Option<f64>,
    /// The score of the rewrite.
    pub score_after: Option<f64>,
}

/// The part of a run that the calls of a critique pass over its answer belong to: their ids begin
/// with it.
pub const SELF_REFINE: &str = "self-refine";

/// What the critique pass over a run's answer came to.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct SelfRefined {
    /// The answer as it is returned.
    pub answer: Option<String>,
    /// Whether it is another one than the run itself came to.
    pub changed: bool,
    /// The answer that the run itself came to, if it was replaced.
    pub before: Option<String>,
    /// Who critiqued it.
    pub refiner: Option<ParticipantId>,
    /// Every critique.
    pub passes: Vec<CritiquePass>,
    /// Why nothing was critiqued, if nothing was.
    pub skipped: Option<String>,
    /// Calls that failed for good, in words.
    pub failures: Vec<String>,
    /// Prompts in which quoted text was too long and lost its middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes_cut: Vec<QuoteCut>,
}
