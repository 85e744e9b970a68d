//! `--dry-run`: what a run would do, and the most calls that it could take.

use super::prepare::Dry;
use crate::plan::RoundEstimate;
use crate::protocol::consensus::ReviewMode;
use crate::report::happening::counted;
use crate::report::table::{grouped, table};
use schemars::JsonSchema;
use serde::Serialize;

/// The dry run, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document<'a> {
    /// Always `dry_run`.
    status: &'static str,
    /// Who would take part, in plan order.
    participants: Vec<Line<'a>>,
    /// Mean score that the leader would have to reach, 1 to 10.
    threshold: f64,
    /// At most this many rounds.
    max_rounds: u32,
    /// For how many rounds in a row the same answer would have to lead.
    stability_rounds: u32,
    /// How answers would be reviewed.
    review: ReviewMode,
    /// The length of the question.
    question_bytes: usize,
    /// The files that would be sent.
    files: Vec<File<'a>>,
    /// The calls of each round at most, the first one first.
    rounds: Vec<Round>,
    /// The calls of the round that has most.
    calls_per_round: u64,
    /// All calls at most, repairs not among them.
    total_calls: u64,
    /// All calls if every review needs a repair.
    total_calls_with_repairs: u64,
    /// Everything that a person should know.
    warnings: &'a [String],
}

/// Who would take part.
#[derive(Debug, Serialize, JsonSchema)]
struct Line<'a> {
    /// Its unique name.
    participant: &'a str,
    /// Through which adapter.
    adapter: &'a str,
    /// The resolved model with its vendor prefix.
    model_id: &'a str,
    /// How hard it would think; `None` leaves the CLI's own default.
    effort: Option<&'static str>,
}

/// A file that would be sent.
#[derive(Debug, Serialize, JsonSchema)]
struct File<'a> {
    /// Its path, as it is shown.
    path: &'a str,
    /// Its length.
    bytes: usize,
}

/// The calls of one round at most.
#[derive(Debug, Serialize, JsonSchema)]
struct Round {
    /// Which round, from 1.
    round: u32,
    /// First answers.
    propose: u64,
    /// Reviews.
    evaluate: u64,
    /// Better answers for the round that follows.
    refine: u64,
    /// All of these.
    calls: u64,
    /// Repairs of reviews.
    repairs: u64,
}

impl<'a> Document<'a> {
    /// The document of a dry run.
    #[must_use]
    pub fn of(dry: &'a Dry, warnings: &'a [String]) -> Self {
        let participants = dry.cast.iter().map(|one| Line {
            participant: one.id.as_str(),
            adapter: one.manifest.id.as_str(),
            model_id: &one.model.model_id,
            effort: one.effort.map(|effort| effort.as_str()),
        });
        let rounds = dry.estimate.rounds.iter().map(|one| Round {
            round: one.round,
            propose: one.propose,
            evaluate: one.evaluate,
            refine: one.refine,
            calls: one.calls(),
            repairs: one.repairs,
        });
        Self {
            status: "dry_run",
            participants: participants.collect(),
            threshold: dry.plan.threshold,
            max_rounds: dry.plan.max_rounds,
            stability_rounds: dry.plan.stability_rounds,
            review: dry.plan.review,
            question_bytes: dry.input.question.len(),
            files: dry.input.files.iter().map(|(path, text)| File { path, bytes: text.len() }).collect(),
            calls_per_round: dry.estimate.rounds.iter().map(RoundEstimate::calls).max().unwrap_or(0),
            rounds: rounds.collect(),
            total_calls: dry.estimate.total,
            total_calls_with_repairs: dry.estimate.total_with_repairs,
            warnings,
        }
    }
}

/// The dry run, as people read it.
#[must_use]
pub fn text(dry: &Dry) -> String {
    let who: Vec<_> = dry
        .cast
        .iter()
        .map(|one| {
            let effort = one.effort.map_or(String::new(), |effort| format!(", effort {effort}"));
            format!("{} ({}{effort})", one.id, one.model.model_id)
        })
        .collect();
    let mut facts = vec![("Participants:", who.join(", ")), ("Question:", material(dry))];
    if dry.cast.len() > 1 {
        let lead = counted(u64::from(dry.plan.stability_rounds), "round");
        facts.push(("Closes:", format!("mean score of {:.1} or more, {lead} in the lead", dry.plan.threshold)));
    }
    let facts: Vec<_> = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let mut rows = vec![["round", "propose", "evaluate", "refine", "calls", "repairs"].map(str::to_owned).to_vec()];
    for one in &dry.estimate.rounds {
        let counts = [u64::from(one.round), one.propose, one.evaluate, one.refine, one.calls(), one.repairs];
        rows.push(counts.map(|count| if count == 0 { "-".to_owned() } else { grouped(count) }).to_vec());
    }
    let (total, most) = (dry.estimate.total, dry.estimate.total_with_repairs);
    let repairs =
        if most == total { String::new() } else { format!("; {} if every review had to be repaired", grouped(most)) };
    let (facts, rounds) = (table(&facts, &[]), table(&rows, &[0, 1, 2, 3, 4, 5]));
    format!("{facts}\n{rounds}\nCalls: at most {}{repairs}\n", grouped(total))
}

fn material(dry: &Dry) -> String {
    let question = bytes(dry.input.question.len());
    let files = &dry.input.files;
    if files.is_empty() {
        return question;
    }
    let sum = files.iter().map(|(_, text)| text.len()).sum();
    format!("{question}, {} with {}", counted(files.len() as u64, "file"), bytes(sum))
}

fn bytes(count: usize) -> String {
    counted(count as u64, "byte")
}
