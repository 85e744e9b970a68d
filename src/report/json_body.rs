//! The part of the JSON document that depends on the protocol.

use crate::outcome::{
    Answer, Body, ConsensusBody, DebateBody, Dissent, Finished, PipelineBody, RefineBody, RoundRecord, SamplingBody,
    StepCost, StepRecord, Totals, Winner,
};
use serde::Serialize;

/// The protocol, and what it adds. The names are those of [`Body::protocol`].
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "protocol")]
pub(super) enum JsonBody<'a> {
    /// A consensus run, or a run with a single participant.
    #[serde(rename = "consensus")]
    Consensus(Consensus<'a>),
    /// A debate.
    #[serde(rename = "debate")]
    Debate(Answered<'a, DebateBody>),
    /// A sampling run.
    #[serde(rename = "sample")]
    Sampling(Answered<'a, SamplingBody>),
    /// A refine run.
    #[serde(rename = "refine")]
    Refine(Answered<'a, RefineBody>),
    /// A pipeline.
    #[serde(rename = "pipe")]
    Pipeline(Pipeline<'a>),
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
    /// Every participant's latest scored answer, best first; unscored ones after them.
    all_answers: &'a [Answer],
    /// Reviews of the winner below the threshold, lowest first.
    dissent: &'a [Dissent],
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

impl<'a> JsonBody<'a> {
    pub fn of(finished: &'a Finished) -> Self {
        // With a critique pass after it, the answer is the one that came of that.
        let answer = finished.outcome.answer.as_deref();
        match &finished.outcome.body {
            Body::Consensus(body) => Self::Consensus(consensus(answer, body)),
            Body::Debate(body) => Self::Debate(Answered { answer, body }),
            Body::Sampling(body) => Self::Sampling(Answered { answer, body }),
            Body::Refine(body) => Self::Refine(Answered { answer, body }),
            Body::Pipeline(body) => Self::Pipeline(pipeline(answer, body, &finished.totals)),
        }
    }
}

fn consensus<'a>(answer: Option<&'a str>, body: &'a ConsensusBody) -> Consensus<'a> {
    Consensus {
        answer,
        winner: body.winner.as_ref(),
        final_round: body.final_round,
        strategy: &body.strategy,
        threshold: body.threshold,
        stability_rounds: body.stability_rounds,
        all_answers: &body.all_answers,
        dissent: &body.dissent,
        rounds: &body.rounds,
    }
}

fn pipeline<'a>(answer: Option<&'a str>, body: &'a PipelineBody, totals: &'a Totals) -> Pipeline<'a> {
    let step =
        |record: &'a StepRecord| Step { record, cost: totals.steps.iter().find(|cost| cost.step == record.step) };
    Pipeline {
        answer,
        author: body.author.as_ref().map(|author| author.as_str()),
        step_count: body.steps.len(),
        steps: body.steps.iter().map(step).collect(),
    }
}
