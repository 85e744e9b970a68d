//! What several steps are planned with.

use super::condition::Condition;
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::debate::DebatePlan;
use crate::protocol::refine::{RefineMode, RefinePlan};
use crate::protocol::sampling::SamplingPlan;
use serde::{Deserialize, Serialize};

/// Several steps, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct PipelinePlan {
    /// At least one.
    pub steps: Vec<StepPlan>,
}

impl PipelinePlan {
    /// How many steps a pipeline may have.
    pub const STEPS: std::ops::RangeInclusive<usize> = 1..=20;
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct StepPlan {
    /// What it does.
    pub kind: StepKind,
    /// When it runs, by what the step before it came to; `None` for always.
    pub condition: Option<Condition>,
    /// What it makes of the value of the step before it.
    pub feed: Feed,
}

impl From<StepKind> for StepPlan {
    /// A step that always runs, on the value of the step before it.
    fn from(kind: StepKind) -> Self {
        Self { kind, condition: None, feed: Feed::Value }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// Propose, evaluate, close, refine.
    Consensus(ConsensusPlan),
    /// Speak from standpoints, in rounds, and hear each other.
    Debate(Box<DebatePlan>),
    /// Several answers, counted.
    Sample(SamplingPlan),
    /// One text, made better.
    Refine(RefinePlan),
}

impl StepKind {
    /// The name, as people type it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Consensus(_) => "consensus",
            Self::Debate(_) => "debate",
            Self::Sample(_) => "sample",
            Self::Refine(_) => "refine",
        }
    }

    /// What a condition of the step after it can ask about.
    #[must_use]
    pub fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Consensus(_) => &["score", "rounds", "dissent", "converged"],
            Self::Debate(_) => &["score", "rounds", "confidence", "disagreements", "stable"],
            Self::Sample(_) => &["agreement", "unique", "ties", "failed"],
            Self::Refine(plan) => match plan.mode {
                RefineMode::Score(_) => &["score", "iterations", "changed"],
                RefineMode::Critique(_) => &["passes", "changed"],
            },
        }
    }
}

/// What a step makes of the value of the step before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Feed {
    /// `refine` takes it as its draft, every other step as material beside the question.
    #[default]
    Value,
    /// It takes the place of the question.
    Prompt,
}

impl Feed {
    /// All of them, by name.
    pub const WORDS: [(&str, Self); 2] = [("value", Self::Value), ("prompt", Self::Prompt)];
}
