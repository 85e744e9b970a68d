//! What several steps are planned with.

use super::condition::Condition;
use super::help::HELP;
use super::machine::Pipeline;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::outcome::with_protocols;
use crate::protocol::check::Check;
use crate::protocol::estimate::Estimate;
use crate::protocol::options::{Flag, Help};
use crate::protocol::plans::*;
use crate::protocol::settings::{Given, Machine, ProtocolSettings};
use crate::value::Word;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// Several steps, one after the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct PipelinePlan {
    /// At least one.
    pub steps: Vec<StepPlan>,
}

const GROUP: &str = "Steps";

const FLAGS: [(Flag, &str); 3] = [
    (
        Flag::new(
            "step",
            "STEP",
            GROUP,
            "What a step does: consensus, debate, sample or refine, and its options; 1 to 20 times",
        )
        .repeated(),
        "",
    ),
    (
        Flag::new("if", "CONDITION", GROUP, "Condition for the preceding --step: `agreement < 0.95`").repeated(),
        "always",
    ),
    (
        Flag {
            excludes: &["step", "if"],
            ..Flag::new("steps", "FILE", GROUP, "Read the steps from a TOML file instead")
        },
        "",
    ),
];

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

macro_rules! step_kinds {
    ({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+} {$($whole:tt)*}) => {
        /// What a step does.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum StepKind {
            $($(#[$doc])* #[serde(rename = $word)] $name($held),)+
        }

        impl StepKind {
            /// All names, as people type them.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The name, as people type it.
            #[must_use]
            pub fn as_str(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $word,)+
                }
            }

            /// The settings, whatever the protocol.
            #[must_use]
            pub fn settings(&self) -> &dyn ProtocolSettings {
                match self {
                    $(Self::$name(plan) => { let plan: &$plan = plan; plan })+
                }
            }

            pub(super) fn settings_mut(&mut self) -> &mut dyn ProtocolSettings {
                match self {
                    $(Self::$name(plan) => { let plan: &mut $plan = plan; plan })+
                }
            }
        }
    };
}
with_protocols!(step_kinds);

/// What a step makes of the value of the step before it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumString,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
#[non_exhaustive]
pub enum Feed {
    /// `refine` takes it as its draft, every other step as material beside the question.
    #[default]
    Value,
    /// It takes the place of the question.
    Prompt,
}

impl Word for Feed {}

impl ProtocolSettings for PipelinePlan {
    fn help(&self) -> Help {
        HELP
    }

    fn flags(&self) -> Vec<(Flag, String)> {
        FLAGS.map(|(flag, usual)| (flag, usual.to_owned())).to_vec()
    }

    fn machine(&self, given: Given) -> Result<Machine, Error> {
        let evaluator = given.brought.evaluator;
        let machine = Pipeline::new(self.clone(), given.members, given.auxiliary, given.material);
        let machine = machine.with_evaluator(evaluator);
        let misfits = machine.misfits()?;
        Ok((Box::new(machine), misfits))
    }

    fn facts(&self, names: &[&str]) -> Vec<(&'static str, String)> {
        let step = |step: &StepPlan| {
            let condition = step.condition.as_ref().map_or(String::new(), |condition| format!(", if {condition}"));
            // The last fact is what ends it.
            let facts = step.kind.settings().facts(names);
            let ends = facts.iter().rfind(|(name, _)| *name != "Judge:");
            let ends = ends.map_or(String::new(), |(_, fact)| format!(": {fact}"));
            ("Step:", format!("{}{condition}{ends}", step.kind.as_str()))
        };
        self.steps.iter().map(step).collect()
    }

    /// As if every condition held.
    fn estimate(&self, members: usize) -> Estimate {
        let phases = self.steps.iter().enumerate().flat_map(|(at, step)| {
            // Only the first step that runs has no value before it.
            let follows = self.steps[..at].iter().any(|before| before.condition.is_none());
            let fed = follows && step.feed == Feed::Value && step.kind.settings().takes_draft();
            let estimate = step.kind.settings().estimate(members);
            let estimate = if fed { estimate.without("draft") } else { estimate };
            estimate.phases_of(&format!("step{} {}", at + 1, step.kind.as_str()))
        });
        Estimate::of_phases(phases.collect())
    }

    fn at_once(&self, members: usize) -> u64 {
        self.steps.iter().map(|step| step.kind.settings().at_once(members)).max().unwrap_or(1)
    }

    fn splits(&self, members: usize, room: Option<usize>) -> u64 {
        // The value of the step before it takes at most half of the room.
        self.steps.iter().map(|step| step.kind.settings().splits(members, room.map(|room| room / 2))).sum()
    }

    fn check(&self, check: &mut Check<'_>) {
        check.within("the number of steps", self.steps.len(), &Self::STEPS);
        for step in &self.steps {
            step.kind.settings().check(check);
        }
        for pair in self.steps.windows(2) {
            let fields = pair[0].kind.settings().fields();
            if let Some(condition) = pair[1].condition.as_ref().filter(|one| !fields.contains(&one.field.as_str())) {
                let (known, kind) = (fields.join(", "), pair[0].kind.as_str());
                check.wrong(format!("a condition asks for `{}`, but after {kind} there are {known}", condition.field));
            }
        }
    }

    fn has_personas(&self) -> bool {
        true
    }

    fn tunings(&self) -> Vec<Tuning> {
        self.steps.iter().flat_map(|step| step.kind.settings().tunings()).collect()
    }

    fn fields(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn advice(&self, members: usize) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for line in self.steps.iter().flat_map(|step| step.kind.settings().advice(members)) {
            if !all.contains(&line) {
                all.push(line);
            }
        }
        all
    }

    fn members(&self) -> std::ops::RangeInclusive<usize> {
        1..=100
    }
}
