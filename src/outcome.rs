//! How a run ended: what a protocol concludes, and what the engine adds.

mod consensus;
mod debate;
mod evidence;
mod explain;
mod pipeline;
mod refine;
mod sampling;

pub use consensus::{
    Answer, AnswerChange, AnswerOrigin, ConsensusBody, Dissent, MissingReview, Review, ReviewRecord, RoundRecord,
};
pub use debate::{
    DebateBody, DebateRound, Disagreement, EarlyStop, Position, StopReason, Synthesis, Turn, TurnFailure,
};
#[doc(hidden)]
pub use evidence::Said;
#[doc(hidden)]
pub use explain::{
    Answered, Explain, InDocument, Row, Tone, Why, critique_pass, dropped_rows, failed_rows, names, row,
};
pub use pipeline::{PipelineBody, StepCost, StepRecord};
pub use refine::{CritiquePass, Iteration, RefineBody, SELF_REFINE, SelfRefined};
pub use sampling::{EarlyEnd, Response, SampleRecord, SamplingBody, Share};

use crate::event::EventKind;
use crate::exchange::Usage;
use crate::failure::FailureClass;
use crate::ids::{AdapterId, CallId, ParticipantId, RunId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// The leader met the threshold and was stable: exit code 0.
    Converged,
    /// There was one participant: its bare answer, exit code 0.
    SingleModel,
    /// Samples agreed as far as was asked: exit code 0.
    Agreed,
    /// A text reached the target score: exit code 0.
    TargetReached,
    /// A text was critiqued and rewritten: exit code 0.
    Refined,
    /// A text was to be left as it is, or found good as it is: exit code 0.
    Unchanged,
    /// No rewrite could be used: the text as it was, exit code 2.
    NotRefined,
    /// Samples did not agree as far as was asked: the answer of most, exit code 2.
    AgreementMissed,
    /// No answer has more than half of the samples: the most common one, exit code 2.
    NoMajority,
    /// A text stopped getting better below the target: the best one, exit code 2.
    Plateau,
    /// The iterations ran out below the target: the best text, exit code 2.
    MaxIterationsExceeded,
    /// The rounds ran out: best so far, exit code 2.
    MaxRoundsExceeded,
    /// Fewer than two answers were in the room: best so far, exit code 3.
    InsufficientModels,
    /// The budget ran out: best so far, exit code 5.
    BudgetExhausted,
    /// Stopped at a usage limit, to be resumed: best so far, exit code 6.
    Parked,
    /// The person stopped it: best so far, exit code 1.
    Cancelled,
    /// It failed: exit code 1.
    Error,
    /// The score of a debate stopped moving: exit code 0. It says nothing about who agrees.
    Stable,
    /// All rounds of a debate were asked for, and held: exit code 0.
    AllRounds,
    /// A debate ended below the score that was asked for: exit code 2.
    MinScoreMissed,
}

impl Status {
    /// The exit code of the program.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Converged
            | Self::SingleModel
            | Self::Agreed
            | Self::TargetReached
            | Self::Refined
            | Self::Unchanged => 0,
            Self::Cancelled | Self::Error => 1,
            Self::MaxRoundsExceeded
            | Self::AgreementMissed
            | Self::Plateau
            | Self::MaxIterationsExceeded
            | Self::NotRefined
            | Self::NoMajority => 2,
            Self::InsufficientModels => 3,
            Self::BudgetExhausted => 5,
            Self::Parked => 6,
            Self::Stable | Self::AllRounds => 0,
            Self::MinScoreMissed => 2,
        }
    }

    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What a protocol concludes.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The text that a person came for; `None` if no model ever answered.
    pub answer: Option<String>,
    /// Everything else, by protocol.
    pub body: Body,
    /// What the critique pass over the answer came to, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_refine: Option<Box<SelfRefined>>,
}

impl Outcome {
    /// An outcome that no critique pass followed.
    #[must_use]
    pub fn new(status: Status, answer: Option<String>, body: Body) -> Self {
        Self { status, answer, body, self_refine: None }
    }

    /// The outcome of a run that was stopped before its first answer.
    pub(crate) fn nothing(status: Status) -> Self {
        Self::new(status, None, Body::Consensus(ConsensusBody::default()))
    }
}

/// The protocols. Every enum with one variant for each of them is made of this list: [`Body`], the plans of runs and
/// of steps, the JSON of reports. A variant has the same name and the same word in all of them.
///
/// A line is `Name = "word": settings, settings as an enum holds them, body;`. The first group can also be steps of
/// a pipeline.
macro_rules! with_protocols {
    ($make:ident) => {
        $make! {
            {
                /// Propose, evaluate, close, refine; a single participant only answers.
                Consensus = "consensus": ConsensusPlan, ConsensusPlan, ConsensusBody;
                /// Speak from standpoints, in rounds, and hear each other.
                Debate = "debate": DebatePlan, Box<DebatePlan>, DebateBody;
                /// Several answers to the bare question, counted.
                Sample = "sample": SamplingPlan, SamplingPlan, SamplingBody;
                /// One text, made better.
                Refine = "refine": RefinePlan, RefinePlan, RefineBody;
            }
            {
                /// Several steps, one after the other.
                Pipe = "pipe": PipelinePlan, PipelinePlan, PipelineBody;
            }
        }
    };
}
pub(crate) use with_protocols;

macro_rules! bodies {
    ($({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+})+) => {
        /// What each protocol adds to the outcome.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
        #[serde(tag = "protocol")]
        #[non_exhaustive]
        pub enum Body {
            $($($(#[$doc])* #[serde(rename = $word)] $name($body),)+)+
        }

        impl Body {
            /// The name of the protocol, as in events and JSON.
            #[must_use]
            pub fn protocol(&self) -> &'static str {
                match self {
                    $($(Self::$name(_) => $word,)+)+
                }
            }

            /// What it says to people and programs.
            #[doc(hidden)]
            #[must_use]
            pub fn explain(&self) -> &dyn Explain {
                match self {
                    $($(Self::$name(body) => body,)+)+
                }
            }

            fn quotes_cut(&mut self) -> &mut [QuoteCut] {
                match self {
                    $($(Self::$name(body) => body.quotes_cut(),)+)+
                }
            }
        }
    };
}
with_protocols!(bodies);

/// What all outcomes have, whatever their protocol.
#[doc(hidden)]
pub trait Concluded {
    /// The author of the answer, where that is one participant.
    fn author(&self) -> Option<&ParticipantId>;

    /// The roles and steps that wrote the answer, by the names that an exclude list knows them by.
    fn writers(&self) -> Vec<String>;

    /// What failed, one line each, and whether anything of it will fail again.
    fn failures(&self) -> (Vec<String>, bool);

    /// Prompts in which quoted text was cut.
    fn quotes_cut(&mut self) -> &mut [QuoteCut] {
        &mut []
    }

    /// What the next step of a pipeline gets.
    fn handed_on<'a>(&'a self, answer: &'a str) -> &'a str {
        answer
    }

    /// The events that end a run which was stopped before its protocol came to its own end.
    fn closing_events(&self, _status: Status) -> Vec<EventKind> {
        Vec::new()
    }
}

impl Body {
    /// The author of the answer, where that is one participant.
    #[must_use]
    pub fn author(&self) -> Option<&ParticipantId> {
        self.explain().author()
    }

    /// Puts `scope` in front of the ids of calls that it names.
    #[doc(hidden)]
    pub fn put_within(&mut self, scope: &str) {
        for cut in self.quotes_cut() {
            *cut = cut.within(scope);
        }
    }

    /// The roles and steps that wrote the answer, by the names that an exclude list knows them by.
    #[must_use]
    pub fn writers(&self) -> Vec<String> {
        self.explain().writers()
    }
}

/// The failures of participants, one line each, and whether anything of it will fail again.
fn dropped(models: &[Dropped]) -> (Vec<String>, bool) {
    let line = |one: &Dropped| format!("{}: {}: {}", one.participant, one.reason, one.message);
    (models.iter().map(line).collect(), models.iter().any(|one| one.reason.is_lasting()))
}

/// A prompt in which quoted text was too long.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct QuoteCut {
    /// Of which call.
    pub call: CallId,
    /// Bytes that were left out.
    pub bytes: u64,
}

impl QuoteCut {
    /// The same, of a call within a part of a run.
    #[must_use]
    pub fn within(&self, scope: &str) -> Self {
        Self { call: self.call.within(scope), bytes: self.bytes }
    }
}

/// The best answer.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Winner {
    /// The resolved model with its vendor prefix.
    pub model_id: String,
    /// Whose answer it is.
    pub participant: ParticipantId,
    /// The answer, exactly as it was scored.
    pub answer: String,
    /// Its mean score; `None` without a score.
    pub mean_score: Option<f64>,
}

/// A participant that is not in the room.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Dropped {
    /// Who.
    pub participant: ParticipantId,
    /// Its model.
    pub model_id: String,
    /// Why: a failure class.
    pub reason: FailureClass,
    /// In words.
    pub message: String,
}

/// What the engine adds to an outcome.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Name of the run.
    pub run_id: RunId,
    /// Calls that were begun: each counts once, however many attempts it took; repairs count.
    pub total_calls: u64,
    /// Subprocesses that were started.
    pub total_attempts: u64,
    /// Wall time.
    pub elapsed_ms: u64,
    /// The seed of every draw.
    pub seed: u64,
    /// Whether `resume` can go on with it: it stopped before its end, and is written down.
    pub resumable: bool,
    /// When a run that stopped at a usage limit can go on, if the vendor said so.
    pub resume_at: Option<Timestamp>,
    /// What each participant did and cost, in plan order.
    pub participants: Vec<Account>,
    /// What each part of a run of several parts cost, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepCost>,
    /// Everything that a person should know.
    pub warnings: Vec<String>,
}

/// What one participant did and cost.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Account {
    /// Who.
    pub participant: ParticipantId,
    /// Through which adapter.
    pub adapter: AdapterId,
    /// The resolved model with its vendor prefix.
    pub model_id: String,
    /// How hard it was asked to think.
    pub effort: Option<String>,
    /// Which account is charged: `subscription`, `login`, `api_key` or `none`.
    #[serde(flatten, with = "crate::billing")]
    #[cfg_attr(feature = "cli", schemars(with = "crate::billing::Both<String>"))]
    pub pool: String,
    /// The models that really answered; empty if the CLI does not say.
    pub served: Vec<String>,
    /// Calls that were begun.
    pub calls: u64,
    /// Subprocesses that were started.
    pub attempts: u64,
    /// Calls that failed for good.
    pub failed_calls: u64,
    /// Tokens as the vendor reported them, and money: at the configured prices, if there are any, else
    /// as the vendor reported it.
    pub usage: Usage,
    /// Attempts whose usage was not reported.
    pub attempts_without_usage: u64,
}

/// A whole run, as every output shows it.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// What the protocol concluded.
    pub outcome: Outcome,
    /// What the engine adds.
    pub totals: Totals,
}

impl Finished {
    /// The whole run.
    #[doc(hidden)]
    #[must_use]
    pub fn new(outcome: Outcome, totals: Totals) -> Self {
        Self { outcome, totals }
    }
}
