//! What refining a text is planned with.

use super::critique_plan::CritiquePlan;
use super::help::HELP;
use super::machine::Refine;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::ids::ParticipantId;
use crate::outcome::RefineBody;
use crate::protocol::check::Check;
use crate::protocol::estimate::{Estimate, PhaseEstimate};
use crate::protocol::material::Member;
use crate::protocol::options::{Flag, Help, OptionTable, ProtocolOption, RoleOption, of_table, options};
use crate::protocol::pipeline::{Measured, Number, names};
use crate::protocol::settings::{Given, Machine, ProtocolSettings};
use crate::value::{Field, Kind, Range};
use crate::words::counted;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings of a run, or of a step, that refines a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct RefinePlan {
    /// Who writes: the draft, and in score mode every further text. `None` for the author of the
    /// text that there is, else the first participant.
    pub author: Option<ParticipantId>,
    /// Who scores; `None` for the author.
    pub judge: Option<ParticipantId>,
    /// Whether a participant of another vendor scores, where there is one and no judge is named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub peer_judge: bool,
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
            peer_judge: false,
            draft: None,
            mode: RefineMode::Score(ScorePlan::default()),
            tuning: Tuning::default(),
        }
    }
}

impl RefinePlan {
    /// Whether texts are scored.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        match &self.mode {
            RefineMode::Score(_) => true,
            RefineMode::Critique(critique) => critique.verify,
        }
    }

    /// Who critiques and rewrites, if one is named.
    pub(crate) fn refiner(&self) -> Option<&ParticipantId> {
        match &self.mode {
            RefineMode::Score(_) => None,
            RefineMode::Critique(critique) => critique.refiner.as_ref(),
        }
    }
}

/// The first participant of another vendor than that of the writer; without a writer's name, the first writes.
pub(super) fn peer(members: &[Member], writer: Option<&ParticipantId>) -> Option<ParticipantId> {
    let writer = members.iter().find(|one| writer.is_none_or(|writer| one.id == *writer))?;
    members.iter().find(|one| one.vendor_words != writer.vendor_words).map(|one| one.id.clone())
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

const SCORE: &str = "Score mode";

impl OptionTable for RefinePlan {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { "Refining";
        mode("MODE", "Mode: score (score and rewrite up to a target) or critique (critique and rewrite)");
    };

    const ROLES: &'static [RoleOption<Self>] = &[RoleOption {
        flag: Flag::new(
            "judge",
            "PARTICIPANT",
            "Refining",
            "Model that scores, also one outside --models; in critique mode not with --no-verify",
        )
        .default("the first model of another vendor, else the author or the refiner"),
        own_effort: false,
        give: |plan, named| plan.judge = Some(named.id),
    }];

    fn flags() -> Vec<(Flag, String)> {
        let draft = Flag::new("draft", "FILE", "Refining", "File with the text to refine; `-` is standard input");
        let all = [(draft, "the author writes one".to_owned())].into_iter().chain(of_table::<Self>());
        all.chain(of_table::<ScorePlan>()).chain(of_table::<CritiquePlan>()).collect()
    }
}

impl Field for RefineMode {
    fn set(&mut self, text: &str, _range: Range) -> Result<(), String> {
        *self = match text.to_ascii_lowercase().as_str() {
            "score" => Self::Score(ScorePlan::default()),
            "critique" => Self::Critique(CritiquePlan::default()),
            _ => return Err("score or critique".to_owned()),
        };
        Ok(())
    }

    fn text(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }

    fn kind(&self) -> Kind {
        Kind::Words(&["score", "critique"])
    }
}

impl OptionTable for ScorePlan {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { SCORE;
        target_score("SCORE", "Target score").within(0.0, 1.0);
        max_iterations("COUNT", "Maximum number of rewrites").within(0.0, 100.0);
        patience("COUNT", "Stop after this many consecutive scores without progress").within(1.0, 100.0);
        delta("DIFFERENCE", "Smallest change that counts as progress").within(0.0, 1.0).alias("delta_threshold");
        max_eval_chars("COUNT", "Maximum number of characters shown to the judge; of a longer text, its beginning \
            and its end").from(1.0).default("up to 200 kB, if they fit");
    };
}

impl ProtocolSettings for RefinePlan {
    fn help(&self) -> Help {
        HELP
    }

    fn flags(&self) -> Vec<(Flag, String)> {
        <Self as OptionTable>::flags()
    }

    fn machine(&self, given: Given) -> Result<Machine, Error> {
        let members = given.all();
        let evaluator = given.brought.evaluator.filter(|_| self.judge.is_none());
        let (draft, author) = given.draft.map_or((None, None), |draft| (Some(draft.text), draft.author));
        let writes = self.refiner().or(self.author.as_ref()).or(author.as_ref());
        let judge = self.judge.clone().or_else(|| peer(&members, writes).filter(|_| self.peer_judge));
        let plan = Self { draft: draft.or_else(|| self.draft.clone()), judge, ..self.clone() };
        let machine = Refine::new(plan, members, given.material, author.as_ref()).with_evaluator(evaluator);
        let misfits = machine.misfits();
        Ok((Box::new(machine), misfits))
    }

    fn facts(&self, _names: &[&str]) -> Vec<(&'static str, String)> {
        let ends = match &self.mode {
            RefineMode::Score(score) => {
                let rewrites = counted(score.max_iterations.into(), "rewrite");
                format!("score of {} or more, maximum {rewrites}", score.target_score)
            }
            RefineMode::Critique(critique) => {
                let verified = if critique.verify { ", each verified" } else { "" };
                format!("maximum {}{verified}", counted(critique.passes().into(), "critique"))
            }
        };
        vec![("Ends:", ends)]
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
            RefineMode::Score(score) => score.check_ranges(check),
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

impl Measured for RefineBody {
    const NUMBERS: &'static [Number<Self>] = &[
        ("score", |body, _| body.score),
        ("iterations", |body, _| Some(f64::from(body.iterations))),
        ("passes", |body, _| Some(body.passes.len() as f64)),
        ("changed", |body, _| Some(f64::from(u8::from(body.rewritten)))),
    ];
}
