//! What each step came to: one line, and what went wrong in it.

use super::{Row, Why, row};
use crate::outcome::{Body, Finished, PipelineBody, Status, StepRecord};
use crate::report::paint::Paint;
use crate::report::summary_rows::facts;
use crate::words::counted;

pub(super) fn why(body: &PipelineBody, finished: &Finished) -> Why {
    let rows = body.steps.iter().flat_map(|step| {
        let calls = finished.totals.steps.iter().find(|cost| cost.step == step.step).map(|cost| cost.calls);
        std::iter::once(line(step, calls)).chain(troubles(step, finished))
    });
    Why { caption: "what each step came to".to_owned(), rows: rows.collect(), ..Why::default() }
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
    let facts = facts(&outcome.body, Paint { on: false }).into_iter();
    let facts = facts.map(|(name, value)| format!("{} {value}", name.to_lowercase()));
    let score = match &outcome.body {
        Body::Debate(body) => body.final_score.map(|score| format!("score {score} of 100")),
        _ => None,
    };
    let calls = calls.map(|calls| counted(calls, "call"));
    row(name, std::iter::once(how).chain(facts).chain(score).chain(calls).collect::<Vec<_>>().join("; "))
}

/// What a reader of the whole run should know of a step.
fn troubles(step: &StepRecord, finished: &Finished) -> Vec<Row> {
    let Some(outcome) = &step.outcome else { return Vec::new() };
    let rows = super::of(outcome, finished).rows.into_iter();
    let told =
        rows.filter(|(name, _)| ["Dissent", "Tie", "Split", "Dropped", "Failed", "Judge"].contains(&name.as_str()));
    told.map(|(name, text)| (name, format!("{}: {text}", step.step))).collect()
}
