//! The evidence of a run, as JSON and as text.

use super::wrap::paragraphs;
use crate::failure::FailureClass;
use crate::outcome::{MissingReview, Outcome, Review, ReviewRecord, Said, critique_pass};
use crate::words::score_text;
use serde::Serialize;
use std::fmt::Write as _;

/// One thing that a model said about a text.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Evidence<'a> {
    /// The step of a pipeline; omitted elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    #[serde(flatten)]
    said: Said<'a>,
}

/// Everything that was said in a run, in order.
#[must_use]
pub fn evidence(outcome: &Outcome) -> Vec<Evidence<'_>> {
    within(None, outcome)
}

fn within<'a>(step: Option<&'a str>, outcome: &'a Outcome) -> Vec<Evidence<'a>> {
    let explain = outcome.body.explain();
    let steps = explain.steps().iter().filter_map(|one| Some(within(Some(&one.step), one.outcome.as_deref()?)));
    let passes = outcome.self_refine.iter().flat_map(|refined| &refined.passes);
    let own = explain.said().into_iter().map(|said| Evidence { step, said });
    own.chain(steps.flatten()).chain(passes.map(|pass| Evidence { step, said: Said::Critique { pass } })).collect()
}

/// As text, in so many columns.
#[must_use]
pub fn text(all: &[Evidence<'_>], columns: usize) -> String {
    let mut text = String::new();
    for one in all {
        let step = one.step.map_or_else(String::new, |step| format!("{step}, "));
        let (head, parts) = told(&one.said);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}", paragraphs(&format!("{step}{head}"), 0, columns));
        for (name, said) in parts.iter().filter(|(_, said)| !said.trim().is_empty()) {
            let _ = match *name {
                "" => writeln!(text, "{}", paragraphs(said, 2, columns)),
                name => writeln!(text, "  {name}\n{}", paragraphs(said, 4, columns)),
            };
        }
    }
    text
}

/// A heading, and named texts below it.
fn told(said: &Said<'_>) -> (String, Vec<(&'static str, String)>) {
    match said {
        Said::Review { record: ReviewRecord { round, reviewer, author, review } } => {
            (format!("round {round}, {reviewer} on {author}: {}", numbers(review)), words(review))
        }
        Said::MissingReview { round, missing: MissingReview { reviewer, author, failure, message } } => {
            (format!("round {round}, {reviewer} on {author}: no review"), failed(*failure, message))
        }
        Said::Turn { round, turn } => {
            let confidence = match (turn.confidence, turn.marker_found) {
                (Some(confidence), true) => format!("confidence {confidence} of 100"),
                (Some(_), false) => "confidence not stated".to_owned(),
                (None, _) => "no answer".to_owned(),
            };
            let why = turn.error.iter().flat_map(|error| failed(error.failure, &error.message));
            let said = turn.content.clone().map(|content| ("", content));
            (format!("round {round}, {}: {confidence}", turn.participant), said.into_iter().chain(why).collect())
        }
        Said::Synthesis { synthesis: one } => {
            let head = format!("synthesis: confidence {} of 100", one.judge_confidence);
            (head, vec![("", one.content.clone())])
        }
        Said::MissingSynthesis { why: one } => ("no synthesis".to_owned(), failed(one.failure, &one.message)),
        Said::Sample { sample: one } => {
            let why = one.failure.map(|class| failed(class, one.message.as_deref().unwrap_or_default()));
            let answer = one.answer.clone().map(|answer| ("", answer));
            let parts = answer.into_iter().chain(why.into_iter().flatten()).collect();
            (format!("sample {}, {}", one.sample, one.participant), parts)
        }
        Said::Judgement { iteration, judge, score, rationale, failure, message, .. } => {
            let text = if *iteration == 0 { "draft".to_owned() } else { format!("rewrite {iteration}") };
            let judge = judge.map_or_else(String::new, |judge| format!(", by {judge}"));
            let score = score.map_or_else(|| "no score".to_owned(), |score| format!("{score:.2}"));
            let why = failure.map(|class| failed(class, message.unwrap_or_default()));
            let said = rationale.map(|rationale| ("", rationale.to_owned()));
            (format!("{text}: {score}{judge}"), said.into_iter().chain(why.into_iter().flatten()).collect())
        }
        Said::Critique { pass } => {
            let (_, what) = critique_pass(pass);
            (format!("pass {}: {what}", pass.pass), vec![("", pass.critique.clone())])
        }
    }
}

fn failed(class: FailureClass, message: &str) -> Vec<(&'static str, String)> {
    vec![("", format!("{class}: {message}"))]
}

/// `7.5; would sign; accuracy 8.0, clarity 7.0`
fn numbers(review: &Review) -> String {
    let sign = review.would_sign.map(|would| if would { "would sign" } else { "would not sign" }.to_owned());
    let dimensions: Vec<_> =
        review.dimensions.iter().map(|(name, score)| format!("{name} {}", score_text(*score))).collect();
    let dimensions = (!dimensions.is_empty()).then(|| dimensions.join(", "));
    [Some(score_text(review.score)), sign, dimensions].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn words(review: &Review) -> Vec<(&'static str, String)> {
    let list = |points: &[String]| {
        points.iter().map(|point| format!("- {}", point.trim().replace('\n', "\n  "))).collect::<Vec<_>>().join("\n")
    };
    vec![
        ("Weaknesses", list(&review.weaknesses)),
        ("Suggestions", list(&review.suggestions)),
        ("Strengths", list(&review.strengths)),
        ("Assessment", review.overall_assessment.clone()),
        ("Reasons", review.rationale.clone()),
    ]
}
