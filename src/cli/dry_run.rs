//! `--dry-run`: what a run would do, and the most calls that it could take.

use super::prepare::Dry;
use crate::plan::RoundEstimate;
use crate::protocol::consensus::ReviewMode;
use crate::report::happening::counted;
use crate::report::table::{grouped, table};
use serde::Serialize;

/// The dry run, as programs read it.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    status: &'static str,
    participants: Vec<Line<'a>>,
    threshold: f64,
    max_rounds: u32,
    stability_rounds: u32,
    review: ReviewMode,
    question_bytes: usize,
    files: Vec<File<'a>>,
    rounds: Vec<Round>,
    calls_per_round: u64,
    total_calls: u64,
    total_calls_with_repairs: u64,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    participant: &'a str,
    adapter: &'a str,
    model_id: &'a str,
    effort: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    path: &'a str,
    bytes: usize,
}

#[derive(Debug, Serialize)]
struct Round {
    round: u32,
    propose: u64,
    evaluate: u64,
    refine: u64,
    calls: u64,
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
