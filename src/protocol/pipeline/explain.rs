//! What each step came to: one line, and what went wrong in it.

use crate::outcome::{
    Body, Explain, InDocument, Outcome, PipelineBody, Row, Status, StepCost, StepRecord, Tone, Totals, Why, row,
};
use crate::words::counted;
use serde::Serialize;

impl Explain for PipelineBody {
    fn status(&self, outcome: &Outcome) -> Option<(Tone, String)> {
        let last = self.steps.iter().rev().find_map(|step| step.outcome.as_deref())?;
        let same = (last.status, last.answer.is_some()) == (outcome.status, outcome.answer.is_some());
        same.then(|| last.in_words())
    }

    fn why(&self, _status: Status, totals: &Totals) -> Why {
        let rows = self.steps.iter().flat_map(|step| {
            let calls = totals.steps.iter().find(|cost| cost.step == step.step).map(|cost| cost.calls);
            std::iter::once(line(step, calls)).chain(troubles(step, totals))
        });
        Why { caption: "what each step came to".to_owned(), rows: rows.collect(), ..Why::default() }
    }

    fn steps(&self) -> &[StepRecord] {
        &self.steps
    }
}

fn line(step: &StepRecord, calls: Option<u64>) -> Row {
    let name = format!("{} {}", step.step, step.kind);
    let Some(outcome) = &step.outcome else {
        let skipped = step.skipped.as_ref().map(|reason| format!("skipped: {reason}"));
        return row(name, skipped.unwrap_or_else(|| "not finished".to_owned()));
    };
    // Why the whole run was cut short is told of the run.
    let how = match outcome.status {
        Status::Cancelled => "not finished".to_owned(),
        status => status.as_str().replace('_', " "),
    };
    let facts = outcome.body.explain().facts(&str::to_owned).into_iter();
    let facts = facts.map(|(name, value)| format!("{} {value}", name.to_lowercase()));
    let score = match &outcome.body {
        Body::Debate(body) => body.final_score.map(|score| format!("score {score} of 100")),
        _ => None,
    };
    let calls = calls.map(|calls| counted(calls, "call"));
    row(name, std::iter::once(how).chain(facts).chain(score).chain(calls).collect::<Vec<_>>().join("; "))
}

/// What a reader of the whole run should know of a step.
fn troubles(step: &StepRecord, totals: &Totals) -> Vec<Row> {
    let Some(outcome) = &step.outcome else { return Vec::new() };
    let rows = outcome.body.explain().why(outcome.status, totals).rows.into_iter();
    let told =
        rows.filter(|(name, _)| ["Dissent", "Tie", "Split", "Dropped", "Failed", "Judge"].contains(&name.as_str()));
    told.map(|(name, text)| (name, format!("{}: {text}", step.step))).collect()
}

/// The document of a run.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct Pipeline<'a> {
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
pub struct Step<'a> {
    #[serde(flatten)]
    record: &'a StepRecord,
    /// Its cost; `None` if it made no call.
    cost: Option<&'a StepCost>,
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
