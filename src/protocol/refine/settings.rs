//! What refining a text is planned with.

use super::machine::Refine;
use crate::error::Error;
use crate::exchange::{Effort, Tuning};
use crate::ids::ParticipantId;
use crate::outcome::RefineBody;
use crate::protocol::check::{Check, SHARE};
use crate::protocol::estimate::{Estimate, PhaseEstimate};
use crate::protocol::pipeline::{Measured, Number, names};
use crate::protocol::settings::{Given, Machine, ProtocolSettings};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings of a run, or of a step, that refines a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct RefinePlan {
    /// Who writes: the draft, and in score mode every further text. `None` for whoever wrote the
    /// text that there is, else the first participant.
    pub author: Option<ParticipantId>,
    /// Who scores; `None` for the author.
    pub judge: Option<ParticipantId>,
    /// The text to refine; `None` to write one first.
    pub draft: Option<Arc<str>>,
    /// How it is refined.
    pub mode: RefineMode,
    /// How the models run.
    pub tuning: Tuning,
}

impl Default for RefinePlan {
    /// Score, improve, score again, with the first participant in every part.
    fn default() -> Self {
        Self {
            author: None,
            judge: None,
            draft: None,
            mode: RefineMode::Score(ScorePlan::default()),
            tuning: Tuning::default(),
        }
    }
}

/// How a text is refined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefineMode {
    /// Score, improve, score again, until a target is reached.
    Score(ScorePlan),
    /// Critique and rewrite.
    Critique(CritiquePlan),
}

impl RefineMode {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Score(_) => "score",
            Self::Critique(_) => "critique",
        }
    }
}

/// When a score is good enough, and when it is no use to go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct ScorePlan {
    /// The score to reach, 0 to 1.
    pub target_score: f64,
    /// At most this many rewrites, 0 to 100.
    pub max_iterations: u32,
    /// After so many steps in a row that change next to nothing it ends, at least 1.
    pub patience: u32,
    /// What counts as next to nothing, at least 0.
    pub delta: f64,
    /// How many characters of a text the judge is shown, at least 1; `None` for as many as fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_eval_chars: Option<u32>,
}

impl Default for ScorePlan {
    fn default() -> Self {
        Self { target_score: 0.9, max_iterations: 5, patience: 3, delta: 0.01, max_eval_chars: None }
    }
}

/// How a text is critiqued and rewritten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct CritiquePlan {
    /// Who critiques and rewrites; `None` for the text's author.
    pub refiner: Option<ParticipantId>,
    /// How hard the refiner thinks; `None` leaves its own setting.
    pub effort: Option<Effort>,
    /// At most so many passes; less than 1 is 1.
    pub max_passes: i64,
    /// Texts of fewer bytes are left as they are.
    pub min_bytes: u64,
    /// A rewrite that differs in no more than so many bytes ends it; less than 1 is 50.
    pub epsilon: i64,
    /// Roles and steps whose texts are left as they are.
    pub exclude: Vec<String>,
    /// Whether a rewrite is scored, and adopted only if it is not worse.
    pub verify: bool,
    /// Whether a reply without the form is shown in place of the text.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_unstructured: bool,
}

impl CritiquePlan {
    /// Roles whose texts are left as they are unless it is said otherwise.
    pub const EXCLUDE: [&'static str; 4] = ["formatter", "deps", "refiner", "verifier"];
    /// The usual epsilon, in bytes.
    pub const EPSILON: i64 = 50;
    /// The most passes that can be asked for.
    pub const MOST_PASSES: i64 = 20;

    /// How many passes there are at most.
    #[must_use]
    pub fn passes(&self) -> u32 {
        u32::try_from(self.max_passes.clamp(1, Self::MOST_PASSES)).unwrap_or(1)
    }

    /// The epsilon that counts.
    #[must_use]
    pub fn tolerance(&self) -> i64 {
        if self.epsilon <= 0 { Self::EPSILON } else { self.epsilon }
    }
}

impl Default for CritiquePlan {
    fn default() -> Self {
        Self {
            refiner: None,
            effort: Some(Effort::Medium),
            max_passes: 1,
            min_bytes: 200,
            epsilon: Self::EPSILON,
            exclude: Self::EXCLUDE.map(str::to_owned).to_vec(),
            verify: false,
            accept_unstructured: false,
        }
    }
}

impl ProtocolSettings for RefinePlan {
    fn machine(&self, given: Given) -> Result<Machine, Error> {
        let members = given.all();
        let evaluator = given.brought.evaluator.filter(|_| self.judge.is_none());
        let (draft, author) = given.draft.map_or((None, None), |draft| (Some(draft.text), draft.author));
        let plan = Self { draft: draft.or_else(|| self.draft.clone()), ..self.clone() };
        let machine = Refine::new(plan, members, given.material, author.as_ref()).with_evaluator(evaluator);
        let misfits = machine.misfits();
        Ok((Box::new(machine), misfits))
    }

    fn estimate(&self, _members: usize) -> Estimate {
        let mut phases = vec![PhaseEstimate::new("draft", u64::from(self.draft.is_none()), 0)];
        match &self.mode {
            RefineMode::Score(score) => {
                let iterations = u64::from(score.max_iterations);
                phases.push(PhaseEstimate::new("score", iterations + 1, iterations + 1));
                phases.push(PhaseEstimate::new("improve", iterations, 0));
            }
            RefineMode::Critique(critique) => phases.extend(critique.estimate().phases),
        }
        Estimate::of_phases(phases)
    }

    fn check(&self, check: &mut Check<'_>) {
        check.known("author", self.author.as_ref());
        check.known("judge", self.judge.as_ref());
        match &self.mode {
            RefineMode::Score(score) => {
                check.within("target_score", score.target_score, &SHARE);
                check.within("max_iterations", score.max_iterations, &(0..=100));
                check.within("patience", score.patience, &(1..=u32::MAX));
                check.within("delta", score.delta, &SHARE);
            }
            RefineMode::Critique(critique) => critique.check(check),
        }
    }

    fn tunings(&self) -> Vec<Tuning> {
        vec![self.tuning]
    }

    fn fields(&self) -> Vec<&'static str> {
        let other = match self.mode {
            RefineMode::Score(_) => ["passes"].as_slice(),
            RefineMode::Critique(_) => &["score", "iterations"],
        };
        names::<RefineBody>().into_iter().filter(|name| !other.contains(name)).collect()
    }

    // The first of them writes: the others are there for other steps.
    fn members_of_step(&self) -> std::ops::RangeInclusive<usize> {
        1..=100
    }

    fn takes_draft(&self) -> bool {
        true
    }
}

impl CritiquePlan {
    /// The most calls of a critique pass.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let passes = u64::from(self.passes());
        let scores = if self.verify { passes + 1 } else { 0 };
        let phases = vec![PhaseEstimate::new("critique", passes, 0), PhaseEstimate::new("verify", scores, scores)];
        Estimate::of_phases(phases)
    }

    pub(crate) fn check(&self, check: &mut Check<'_>) {
        check.known("refiner", self.refiner.as_ref());
    }
}

impl Measured for RefineBody {
    const NUMBERS: &'static [Number<Self>] = &[
        ("score", |body, _| body.score),
        ("iterations", |body, _| Some(f64::from(body.iterations))),
        ("passes", |body, _| Some(body.passes.len() as f64)),
        ("changed", |body, _| Some(f64::from(u8::from(body.rewritten)))),
    ];
}
