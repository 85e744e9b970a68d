//! What each protocol adds to the document of a run.

use crate::outcome::{
    Answer, Body, ConsensusBody, DebateBody, Dissent, Finished, PipelineBody, RefineBody, RoundRecord, SamplingBody,
    StepCost, StepRecord, Totals, Winner,
};
use serde::Serialize;

/// The fields of one protocol.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum View<'a> {
    Consensus(Consensus<'a>),
    Debate(Answered<'a, DebateBody>),
    Sampling(Answered<'a, SamplingBody>),
    Refine(Answered<'a, RefineBody>),
    Pipeline(Pipeline<'a>),
}

#[derive(Debug, Serialize)]
pub(super) struct Consensus<'a> {
    winner: Option<&'a Winner>,
    final_round: u32,
    strategy: &'a str,
    threshold: f64,
    stability_rounds: u32,
    all_answers: &'a [Answer],
    dissent: &'a [Dissent],
    rounds: &'a [RoundRecord],
}

/// The answer, and everything else as the outcome has it.
#[derive(Debug, Serialize)]
pub(super) struct Answered<'a, T> {
    answer: Option<&'a str>,
    #[serde(flatten)]
    body: &'a T,
}

#[derive(Debug, Serialize)]
pub(super) struct Pipeline<'a> {
    answer: Option<&'a str>,
    author: Option<&'a str>,
    step_count: usize,
    steps: Vec<Step<'a>>,
}

#[derive(Debug, Serialize)]
struct Step<'a> {
    #[serde(flatten)]
    record: &'a StepRecord,
    /// What it cost; nothing if it asked nobody.
    cost: Option<&'a StepCost>,
}

impl<'a> View<'a> {
    pub fn of(finished: &'a Finished) -> Self {
        // With a critique pass after it, the answer is the one that came of that.
        let answer = finished.outcome.answer.as_deref();
        match &finished.outcome.body {
            Body::Consensus(body) => Self::Consensus(consensus(body)),
            Body::Debate(body) => Self::Debate(Answered { answer, body }),
            Body::Sampling(body) => Self::Sampling(Answered { answer, body }),
            Body::Refine(body) => Self::Refine(Answered { answer, body }),
            Body::Pipeline(body) => Self::Pipeline(pipeline(answer, body, &finished.totals)),
        }
    }
}

fn consensus(body: &ConsensusBody) -> Consensus<'_> {
    Consensus {
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
