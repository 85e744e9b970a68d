//! What each protocol adds to the document of a run.

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
    /// Several answers to one question, counted.
    #[serde(rename = "sample")]
    Sampling(Answered<'a, SamplingBody>),
    /// A text that was refined.
    #[serde(rename = "refine")]
    Refine(Answered<'a, RefineBody>),
    /// Several steps, one after the other.
    #[serde(rename = "pipe")]
    Pipeline(Pipeline<'a>),
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct Consensus<'a> {
    /// What standard output shows in text: the winner's answer, or what a critique pass made of it; `None`
    /// if nobody ever answered.
    answer: Option<&'a str>,
    /// The best answer, as it was scored; `None` if nobody ever answered.
    winner: Option<&'a Winner>,
    /// The number of the last round that was entered.
    final_round: u32,
    /// The closing strategy: `vote-threshold`.
    strategy: &'a str,
    /// The threshold that the leader's mean had to meet, 1 to 10.
    threshold: f64,
    /// For how many rounds in a row the same answer had to lead.
    stability_rounds: u32,
    /// Every participant's latest scored answer, best first; unscored ones after them.
    all_answers: &'a [Answer],
    /// What speaks against the winner: reviews of it below the threshold, lowest first.
    dissent: &'a [Dissent],
    /// What happened in each round.
    rounds: &'a [RoundRecord],
}

/// The answer, and everything else as the outcome has it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct Answered<'a, T> {
    /// The text that a person came for; `None` if there is none.
    answer: Option<&'a str>,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub(super) struct Pipeline<'a> {
    /// The text that a person came for; `None` if there is none.
    answer: Option<&'a str>,
    /// Who wrote it, where that is one participant.
    author: Option<&'a str>,
    /// How many steps there are.
    step_count: usize,
    /// Every step, in order.
    steps: Vec<Step<'a>>,
}

/// One step, and what it cost.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Step<'a> {
    #[serde(flatten)]
    record: &'a StepRecord,
    /// What it cost; `None` if it asked nobody.
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
