//! Everything that models said about each other's texts, whole: reviews, turns, judgements, critiques.

use super::event_line::score_text;
use super::wrap::paragraphs;
use crate::failure::FailureClass;
use crate::ids::{ParticipantId, Round};
use crate::outcome::{
    Body, ConsensusBody, CritiquePass, DebateBody, MissingReview, Outcome, RefineBody, Review, ReviewRecord,
    SampleRecord, Synthesis, Turn, TurnFailure,
};
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

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Said<'a> {
    /// A review of an answer.
    Review {
        #[serde(flatten)]
        record: &'a ReviewRecord,
    },
    /// A review that was not given, or could not be read.
    MissingReview {
        /// The round.
        round: Round,
        #[serde(flatten)]
        missing: &'a MissingReview,
    },
    /// A turn in a debate.
    Turn {
        /// The round.
        round: Round,
        #[serde(flatten)]
        turn: &'a Turn,
    },
    /// What the judge made of a debate.
    Synthesis {
        #[serde(flatten)]
        synthesis: &'a Synthesis,
    },
    /// Why there is no synthesis.
    MissingSynthesis {
        #[serde(flatten)]
        why: &'a TurnFailure,
    },
    /// A sample.
    Sample {
        #[serde(flatten)]
        sample: &'a SampleRecord,
    },
    /// A judgement of a version of a text.
    Judgement {
        /// 0 for the draft.
        iteration: u32,
        /// The judge.
        judge: Option<&'a ParticipantId>,
        /// 0 to 1; `None` if it was dropped.
        score: Option<f64>,
        /// What the judge says about it.
        rationale: Option<&'a str>,
        /// Whether it was the best so far.
        best: bool,
        /// Why it was dropped.
        failure: Option<FailureClass>,
        /// The same in words.
        message: Option<&'a str>,
    },
    /// A critique of a text, and what became of the rewrite.
    Critique {
        #[serde(flatten)]
        pass: &'a CritiquePass,
    },
}

/// Everything that was said in a run, in order.
#[must_use]
pub fn evidence(outcome: &Outcome) -> Vec<Evidence<'_>> {
    within(None, outcome)
}

fn within<'a>(step: Option<&'a str>, outcome: &'a Outcome) -> Vec<Evidence<'a>> {
    let said = match &outcome.body {
        Body::Consensus(body) => consensus(body),
        Body::Debate(body) => debate(body),
        Body::Sample(body) => body.samples.iter().map(|sample| Said::Sample { sample }).collect(),
        Body::Refine(body) => refine(body),
        Body::Pipe(_) => Vec::new(),
    };
    let mut all: Vec<_> = said.into_iter().map(|said| Evidence { step, said }).collect();
    if let Body::Pipe(body) = &outcome.body {
        let steps = body.steps.iter().filter_map(|one| Some(within(Some(&one.step), one.outcome.as_deref()?)));
        all.extend(steps.flatten());
    }
    let passes = outcome.self_refine.iter().flat_map(|refined| &refined.passes);
    all.extend(passes.map(|pass| Evidence { step, said: Said::Critique { pass } }));
    all
}

fn consensus(body: &ConsensusBody) -> Vec<Said<'_>> {
    let missing = body.rounds.iter().flat_map(|round| round.missing.iter().map(|missing| (round.round, missing)));
    let missing = missing.map(|(round, missing)| Said::MissingReview { round, missing });
    let mut all: Vec<_> = body.reviews.iter().map(|record| Said::Review { record }).chain(missing).collect();
    all.sort_by_key(|said| match said {
        Said::Review { record } => record.round,
        Said::MissingReview { round, .. } => *round,
        _ => Round::FIRST,
    });
    all
}

fn debate(body: &DebateBody) -> Vec<Said<'_>> {
    let turns = body.rounds.iter().flat_map(|round| round.responses.iter().map(|turn| (round.round, turn)));
    let turns = turns.map(|(round, turn)| Said::Turn { round, turn });
    let judge = body.synthesis.as_deref().map(|synthesis| Said::Synthesis { synthesis });
    turns.chain(judge).chain(body.synthesis_error.as_ref().map(|why| Said::MissingSynthesis { why })).collect()
}

fn refine(body: &RefineBody) -> Vec<Said<'_>> {
    let judged = body.history.iter().map(|one| Said::Judgement {
        iteration: one.iteration,
        judge: body.judge.as_ref(),
        score: one.score,
        rationale: one.rationale.as_deref(),
        best: one.best,
        failure: one.failure,
        message: one.message.as_deref(),
    });
    judged.chain(body.passes.iter().map(|pass| Said::Critique { pass })).collect()
}

/// The same as text, in so many columns.
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
            let (_, what) = super::why::critique_pass(pass);
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
