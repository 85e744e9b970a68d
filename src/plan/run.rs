//! A whole run as plain data: frozen before the first call, and enough to make the run again.

use super::budget::Budget;
use crate::adapter::{ChosenPool, PoolKind, ResolvedModel};
use crate::exchange::{Effort, Usage};
use crate::ids::{AdapterId, ParticipantId, RunId};
use crate::outcome::with_protocols;
use crate::protocol::ProtocolSettings;
use crate::protocol::material::{Material, Member};
use crate::protocol::plans::*;
use crate::protocol::refine::SelfRefinePlan;
use crate::time::Timestamp;
use crate::value::Word;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// Everything that decides what a run does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct RunPlan {
    /// Name of the run.
    pub run_id: RunId,
    /// When it was planned.
    pub created_at: Timestamp,
    /// What is done with the question.
    pub protocol: ProtocolPlan,
    /// Who takes part, in the order in which they were named.
    pub participants: Vec<Participant>,
    /// Those of them that take part only where the protocol names them: a judge, a refiner.
    #[serde(rename = "aside", default, skip_serializing_if = "Vec::is_empty")]
    pub auxiliary: Vec<ParticipantId>,
    /// The critique pass over the answer, where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_refine: Option<SelfRefinePlan>,
    /// What it is about; holds the random seed of every draw.
    pub material: Material,
    /// How long and how often. No part of what the run says: it may change when a run is resumed.
    pub limits: RunLimits,
}

macro_rules! protocol_plans {
    ($({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+})+) => {
        /// Which protocol, with its settings.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
        #[serde(tag = "name")]
        #[non_exhaustive]
        pub enum ProtocolPlan {
            $($($(#[$doc])* #[serde(rename = $word)] $name($held),)+)+
        }

        /// A protocol by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProtocolKind {
            $($($(#[$doc])* $name,)+)+
        }

        impl ProtocolKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$($(Self::$name),+),+];

            /// The word that people type.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $word,)+)+
                }
            }

            /// Its plan with the default settings.
            #[must_use]
            pub fn usual(self) -> ProtocolPlan {
                match self {
                    $($(Self::$name => ProtocolPlan::$name(Default::default()),)+)+
                }
            }
        }

        impl ProtocolPlan {
            /// The name, as in events and JSON.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $($(Self::$name(_) => $word,)+)+
                }
            }

            /// The settings, whatever the protocol.
            #[must_use]
            pub fn settings(&self) -> &dyn ProtocolSettings {
                match self {
                    $($(Self::$name(plan) => { let plan: &$plan = plan; plan })+)+
                }
            }
        }
    };
}
with_protocols!(protocol_plans);

impl ProtocolKind {
    /// How many participants may be named for it.
    #[must_use]
    pub fn participants(self) -> RangeInclusive<usize> {
        // A debate of one is refused with what to do about it.
        1..=*self.usual().settings().members().end()
    }

    /// Whether participants may be given a persona.
    #[must_use]
    pub fn has_personas(self) -> bool {
        self.usual().settings().has_personas()
    }

    /// Whether it works on a text of the person's.
    #[must_use]
    pub fn takes_draft(self) -> bool {
        self.usual().settings().takes_draft()
    }
}

impl Default for ProtocolKind {
    fn default() -> Self {
        Self::Consensus
    }
}

/// One participant, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Participant {
    /// Its unique name.
    pub id: ParticipantId,
    /// Through which adapter.
    pub adapter: AdapterId,
    /// What the CLI is told; `None` leaves the CLI's own default.
    pub model: Option<String>,
    /// The resolved name with its vendor prefix.
    pub model_id: String,
    /// How hard it thinks; `None` leaves the CLI's own default.
    pub effort: Option<Effort>,
    /// Which account is charged.
    #[serde(flatten, with = "crate::billing")]
    #[cfg_attr(feature = "cli", schemars(with = "crate::billing::Both<Pool>"))]
    pub pool: Pool,
    /// What it is charged, if the configuration says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    /// Names that no prompt may reveal, lower case.
    pub vendor_words: Vec<String>,
    /// How many bytes a whole prompt may have; `None` for no limit that we know of.
    pub prompt_bytes: Option<usize>,
}

/// What pays for a participant. Names, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Pool {
    /// Its name in the manifest.
    pub name: String,
    /// Its kind.
    pub kind: PoolKind,
    /// Whether every call costs money: an account that is paid per use.
    pub metered: bool,
    /// In words, for people.
    pub words: String,
}

impl Pool {
    /// What pays, as accounts name it: `subscription`, `login`, `api_key` or `none`.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            PoolKind::Subscription => "subscription",
            PoolKind::Login => "login",
            PoolKind::ApiKey => "api_key",
            PoolKind::None => "none",
        }
    }
}

impl Pool {
    /// An account that was not looked for yet.
    #[must_use]
    pub fn unknown() -> Self {
        Self { name: String::new(), kind: PoolKind::None, metered: false, words: "not known".to_owned() }
    }
}

impl From<&ChosenPool> for Pool {
    fn from(pool: &ChosenPool) -> Self {
        Self { name: pool.name.clone(), kind: pool.kind, metered: pool.metered, words: pool.words.clone() }
    }
}

/// The clocks and counts that bound a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct RunLimits {
    /// Longest time for one attempt.
    #[serde(rename = "timeout_ms", with = "crate::time::millis")]
    #[cfg_attr(feature = "cli", schemars(with = "u64"))]
    pub timeout: Duration,
    /// Longest silence before the first byte, of CLIs that stream.
    #[serde(rename = "first_byte_timeout_ms", with = "crate::time::millis")]
    #[cfg_attr(feature = "cli", schemars(with = "u64"))]
    pub first_byte_timeout: Duration,
    /// Longest silence after it, of CLIs that stream.
    #[serde(rename = "idle_timeout_ms", with = "crate::time::millis")]
    #[cfg_attr(feature = "cli", schemars(with = "u64"))]
    pub idle_timeout: Duration,
    /// How many more attempts a call may have after the first, 0 to 10.
    pub retries: u32,
    /// How many calls may run at once.
    pub concurrency: Concurrency,
    /// What may be spent.
    #[serde(default)]
    pub budget: Budget,
    /// Longest time for the whole run; after it nothing new is begun.
    #[serde(default, rename = "max_wall_ms", with = "crate::time::millis_or_none")]
    #[cfg_attr(feature = "cli", schemars(with = "Option<u64>"))]
    pub max_wall: Option<Duration>,
    /// What becomes of a run whose vendor says that a usage limit is reached.
    #[serde(default)]
    pub on_limit: OnLimit,
}

/// What becomes of a run whose vendor says that a usage limit is reached.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumString,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
#[non_exhaustive]
pub enum OnLimit {
    /// The run stops, exit code 1; it can be resumed.
    Fail,
    /// The vendor's participants fail; the run goes on with the others, however few.
    Drop,
    /// The run waits for the reset, if it comes within the run's longest time.
    Wait,
    /// The run goes on with the others if at least two are left, else stops, exit code 6, to be
    /// resumed after the reset.
    #[default]
    Park,
}

impl Word for OnLimit {}

/// What an account that is paid per use is charged, where its CLI does not say what a call cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Prices {
    /// US dollars for a million input tokens.
    pub input: f64,
    /// US dollars for a million output tokens.
    pub output: f64,
}

impl Prices {
    /// The dearest list prices among the models that these CLIs offer: they stand in for unknown ones, so that a budget in
    /// money is kept and never passed.
    pub const DEAREST: Self = Self { input: 30.0, output: 180.0 };

    /// What so many tokens cost, in US dollars; nothing where one of the counts is unknown: half of the tokens would be
    /// half of the price.
    #[must_use]
    pub fn cost(self, usage: &Usage) -> Option<f64> {
        let (input, output) = usage.input_tokens.zip(usage.output_tokens)?;
        Some((input as f64 * self.input + output as f64 * self.output) / 1e6)
    }
}

/// How many calls may run at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Concurrency {
    /// Over all adapters; 0 for no limit.
    pub global: usize,
    /// Of each adapter that takes part, at least 1.
    pub adapters: BTreeMap<AdapterId, usize>,
}

impl Participant {
    /// The participant as a protocol knows it.
    #[must_use]
    pub fn member(&self) -> Member {
        Member {
            id: self.id.clone(),
            model_id: self.model_id.clone(),
            vendor_words: self.vendor_words.clone(),
            prompt_bytes: self.prompt_bytes,
        }
    }

    /// The model as an adapter knows it.
    #[must_use]
    pub fn resolved_model(&self) -> ResolvedModel {
        ResolvedModel { argument: self.model.clone(), model_id: self.model_id.clone(), effort: self.effort }
    }
}

impl RunPlan {
    /// The participants as a protocol knows them, in plan order.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        self.participants.iter().map(Participant::member).collect()
    }

    /// Those that take part in everything, and those that take part only where they are named.
    #[must_use]
    pub fn members_and_auxiliary(&self) -> (Vec<Member>, Vec<Member>) {
        self.members().into_iter().partition(|member| !self.auxiliary.contains(&member.id))
    }

    /// The protocols whose prompts this run uses, by name.
    #[must_use]
    pub fn protocols(&self) -> BTreeSet<&'static str> {
        let refine = self.self_refine.as_ref().map(|_| "refine");
        let steps = match &self.protocol {
            ProtocolPlan::Pipe(plan) => plan.steps.iter().map(|step| step.kind.as_str()).collect(),
            other => vec![other.name()],
        };
        steps.into_iter().chain(refine).collect()
    }

    /// The participant of a name.
    #[must_use]
    pub fn participant(&self, id: &ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Tuning;
    use crate::protocol::consensus::ReviewMode;

    #[test]
    fn a_plan_survives_being_written_down() {
        let plan = RunPlan {
            run_id: RunId::new("20261121-100500-abcdef"),
            created_at: Timestamp(7),
            protocol: ProtocolPlan::Consensus(ConsensusPlan {
                threshold: 8.0,
                max_rounds: 5,
                stability_rounds: 2,
                review: ReviewMode::Pairwise,
                stepped: false,
                tuning: Tuning::default(),
                ..ConsensusPlan::default()
            }),
            participants: vec![Participant {
                id: ParticipantId::new("claude"),
                adapter: AdapterId::new("claude"),
                model: Some("opus".into()),
                model_id: "claude-opus".into(),
                effort: Some(Effort::High),
                pool: Pool { name: "key".into(), kind: PoolKind::ApiKey, metered: true, words: "API key".into() },
                prices: Some(Prices { input: 1.25, output: 10.0 }),
                vendor_words: vec!["anthropic".into()],
                prompt_bytes: Some(9),
            }],
            auxiliary: Vec::new(),
            self_refine: None,
            material: Material {
                question: "why?".into(),
                files: vec![("a.txt".into(), "text".into())],
                nonce_root: "0".repeat(32),
                seed: 3,
            },
            limits: RunLimits {
                timeout: Duration::from_secs(600),
                first_byte_timeout: Duration::from_secs(60),
                idle_timeout: Duration::from_secs(300),
                retries: 2,
                concurrency: Concurrency { global: 0, adapters: BTreeMap::from([(AdapterId::new("claude"), 4)]) },
                budget: Budget { usd: Some(2.5), ..Budget::default() },
                max_wall: Some(Duration::from_secs(60)),
                on_limit: OnLimit::Wait,
            },
        };
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<RunPlan>(&text).unwrap(), plan);
        assert_eq!(plan.members()[0].model_id, "claude-opus");
        assert!(plan.participant(&ParticipantId::new("codex")).is_none());
    }
}
