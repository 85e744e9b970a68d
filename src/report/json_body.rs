//! The part of the JSON document that depends on the protocol.

use crate::ids::ParticipantId;
use crate::outcome::{
    Answer, Body, ConsensusBody, DebateBody, Dissent, Finished, PipelineBody, RefineBody, ReviewRecord, RoundRecord,
    SamplingBody, StepCost, StepRecord, Totals, Winner, with_protocols,
};
use serde::Serialize;

macro_rules! json_bodies {
    ($({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+})+) => {
        /// The protocol, and what it adds. The names are those of [`Body::protocol`].
        #[derive(Debug, Serialize)]
        #[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
        #[serde(tag = "protocol")]
        pub(super) enum JsonBody<'a> {
            $($($(#[$doc])* #[serde(rename = $word)] $name(<$body as InDocument>::Shown<'a>),)+)+
        }

        impl<'a> JsonBody<'a> {
            pub fn of(finished: &'a Finished) -> Self {
                // With a critique pass after it, the answer is the one that came of that.
                let answer = finished.outcome.answer.as_deref();
                match &finished.outcome.body {
                    $($(Body::$name(body) => Self::$name(body.shown(answer, &finished.totals)),)+)+
                }
            }
        }
    };
}
with_protocols!(json_bodies);

/// An outcome as the document of a run shows it.
pub(super) trait InDocument {
    type Shown<'a>
    where
        Self: 'a;

    fn shown<'a>(&'a self, answer: Option<&'a str>, totals: &'a Totals) -> Self::Shown<'a>;
}

impl InDocument for DebateBody {
    type Shown<'a> = Answered<'a, Self>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Self::Shown<'a> {
        Answered { answer, body: self }
    }
}

impl InDocument for SamplingBody {
    type Shown<'a> = Answered<'a, Self>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Self::Shown<'a> {
        Answered { answer, body: self }
    }
}

impl InDocument for RefineBody {
    type Shown<'a> = Answered<'a, Self>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Self::Shown<'a> {
        Answered { answer, body: self }
    }
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct Consensus<'a> {
    /// The answer, as text mode prints it: the winner's, or its rewrite by a critique pass; `None` if no model
    /// answered.
    answer: Option<&'a str>,
    /// The best answer, as it was scored; `None` if no model answered.
    winner: Option<&'a Winner>,
    /// The number of the last round that was entered.
    final_round: u32,
    /// The closing strategy: `vote-threshold`.
    strategy: &'a str,
    /// The threshold that the leader's mean had to meet, 1 to 10.
    threshold: f64,
    /// Number of consecutive rounds in which the same answer had to lead.
    stability_rounds: u32,
    /// Every participant's best-scored answer, best first; unscored ones after them.
    all_answers: &'a [Answer],
    /// The round in which the winner's answer stood for review; `None` without a winner.
    answer_round: Option<u32>,
    /// Participants with the winner's score, in plan order.
    tied_with: &'a [ParticipantId],
    /// Whether one reviewer gave the winner at least 4 points less than another.
    contested: bool,
    /// `identical` if all answers were the same and none was reviewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed_by: Option<&'a str>,
    /// Reviews of the winner that name a weakness or are below the threshold, lowest first.
    dissent: &'a [Dissent],
    /// Every review, by round, reviewer and author.
    reviews: &'a [ReviewRecord],
    /// Each round.
    rounds: &'a [RoundRecord],
}

/// The answer, and everything else as the outcome has it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct Answered<'a, T> {
    /// The answer; `None` if there is none.
    answer: Option<&'a str>,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct Pipeline<'a> {
    /// The answer; `None` if there is none.
    answer: Option<&'a str>,
    /// The participant that wrote it, if it was one.
    author: Option<&'a str>,
    /// Number of steps.
    step_count: usize,
    /// Every step, in order.
    steps: Vec<Step<'a>>,
}

/// One step and its cost.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Step<'a> {
    #[serde(flatten)]
    record: &'a StepRecord,
    /// Its cost; `None` if it made no call.
    cost: Option<&'a StepCost>,
}

impl InDocument for ConsensusBody {
    type Shown<'a> = Consensus<'a>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Consensus<'a> {
        Consensus {
            answer,
            winner: self.winner.as_ref(),
            final_round: self.final_round,
            answer_round: self.answer_round,
            tied_with: &self.tied_with,
            contested: self.contested,
            agreed_by: self.agreed_by.as_deref(),
            reviews: &self.reviews,
            strategy: &self.strategy,
            threshold: self.threshold,
            stability_rounds: self.stability_rounds,
            all_answers: &self.all_answers,
            dissent: &self.dissent,
            rounds: &self.rounds,
        }
    }
}

impl InDocument for PipelineBody {
    type Shown<'a> = Pipeline<'a>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, totals: &'a Totals) -> Pipeline<'a> {
        let step =
            |record: &'a StepRecord| Step { record, cost: totals.steps.iter().find(|cost| cost.step == record.step) };
        Pipeline {
            answer,
            author: self.author.as_ref().map(|author| author.as_str()),
            step_count: self.steps.len(),
            steps: self.steps.iter().map(step).collect(),
        }
    }
}
