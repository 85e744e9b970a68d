//! `--dry-run`: what a run would do, and the most calls that it could take.

use crate::app::concurrency::BindingLimit;
use crate::app::draft::Draft;
use crate::app::resolve::ResolvedParticipant;
use crate::plan::{Estimate, PhaseEstimate, ProtocolPlan, RoundEstimate, RunPlan};
use crate::protocol::consensus::ReviewMode;
use crate::protocol::refine::SelfRefinePlan;
use crate::report::table::table;
use crate::words::counted;
use crate::words::grouped;
use schemars::JsonSchema;
use serde::Serialize;

/// The dry run, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Document<'a> {
    /// Always `dry_run`.
    status: &'static str,
    /// Which protocol.
    protocol: &'static str,
    /// The participants, in plan order.
    participants: Vec<Line<'a>>,
    /// Participants that are named for one role only: a judge, a refiner.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aside: Vec<Line<'a>>,
    #[serde(flatten)]
    closing: Option<Closing>,
    /// The plan, whole: `refinery run --plan` takes it.
    plan: Planned<'a>,
    /// The critique pass over the answer, where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    self_refine: Option<&'a SelfRefinePlan>,
    /// The length of the question.
    question_bytes: usize,
    /// The files that would be sent.
    files: Vec<File<'a>>,
    /// The length of the text that would be worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft_bytes: Option<usize>,
    /// Maximum calls of each round, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rounds: Vec<Round>,
    /// Maximum calls of one round.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_round: Option<u64>,
    /// Maximum calls of each phase, of a protocol without rounds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phases: Vec<PhaseEstimate>,
    /// Maximum calls, without repairs.
    total_calls: u64,
    /// Maximum calls if every review needs a repair.
    total_calls_with_repairs: u64,
    /// Limits on calls at once that make the run longer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    binding_limits: Vec<BindingLimit>,
    /// All warnings.
    warnings: &'a [String],
}

/// The plan; the protocol's own settings, but of a consensus, stand beside it for one more version.
#[derive(Debug, Serialize, JsonSchema)]
struct Planned<'a> {
    #[serde(flatten)]
    run: &'a RunPlan,
    #[serde(flatten)]
    settings: Option<&'a ProtocolPlan>,
}

/// When a consensus run closes.
#[derive(Debug, Serialize, JsonSchema)]
struct Closing {
    /// Mean score required of the leader, 1 to 10.
    threshold: f64,
    /// Maximum number of rounds.
    max_rounds: u32,
    /// Consecutive rounds that the same answer must lead.
    stability_rounds: u32,
    /// How answers are reviewed.
    review: ReviewMode,
}

/// Who would take part.
#[derive(Debug, Serialize, JsonSchema)]
struct Line<'a> {
    /// Its unique name.
    participant: &'a str,
    /// Its adapter.
    adapter: &'a str,
    /// The resolved model with its vendor prefix.
    model_id: &'a str,
    /// Its reasoning effort; `None` leaves the CLI's own default.
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

/// Maximum calls of one round.
#[derive(Debug, Serialize, JsonSchema)]
struct Round {
    /// Which round, from 1.
    round: u32,
    /// First answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    propose: Option<u64>,
    /// Reviews.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluate: Option<u64>,
    /// Better answers for the round that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    refine: Option<u64>,
    /// Turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    argue: Option<u64>,
    /// The synthesis after the last round.
    #[serde(skip_serializing_if = "Option::is_none")]
    judge: Option<u64>,
    /// All of these.
    calls: u64,
    /// Repairs of reviews.
    repairs: u64,
}

impl<'a> Document<'a> {
    /// The document of a dry run.
    #[must_use]
    pub fn of(draft: &'a Draft, plan: &'a RunPlan, warnings: &'a [String]) -> Self {
        let drawn = &draft.drawn;
        let (closing, settings) = match &drawn.protocol {
            ProtocolPlan::Consensus(plan) => {
                let (threshold, max_rounds) = (plan.threshold, plan.max_rounds);
                let (stability_rounds, review) = (plan.stability_rounds, plan.review);
                (Some(Closing { threshold, max_rounds, stability_rounds, review }), None)
            }
            other => (None, Some(other)),
        };
        let Estimate { rounds, phases, total, total_with_repairs, .. } = draft.estimate();
        Self {
            status: "dry_run",
            protocol: drawn.protocol.name(),
            participants: drawn.members.iter().map(line).collect(),
            aside: drawn.auxiliary.iter().map(line).collect(),
            closing,
            plan: Planned { run: plan, settings },
            self_refine: drawn.self_refine.as_ref(),
            question_bytes: draft.input.question.len(),
            files: draft.input.files.iter().map(|(path, text)| File { path, bytes: text.len() }).collect(),
            draft_bytes: draft.input.draft.as_ref().map(|draft| draft.len()),
            rounds: rounds.iter().map(|one| round(&drawn.protocol, one)).collect(),
            calls_per_round: rounds.iter().map(RoundEstimate::calls).max(),
            phases,
            total_calls: total,
            total_calls_with_repairs: total_with_repairs,
            binding_limits: draft.binding_limits(),
            warnings,
        }
    }
}

fn line(one: &ResolvedParticipant) -> Line<'_> {
    Line {
        participant: one.id.as_str(),
        adapter: one.manifest.id.as_str(),
        model_id: &one.model.model_id,
        effort: one.effort.map(|effort| effort.as_str()),
    }
}

fn round(protocol: &ProtocolPlan, one: &RoundEstimate) -> Round {
    let phases = protocol.settings().round_phases();
    let of = |phase: &str| phases.contains(&phase).then(|| one.of(phase));
    Round {
        round: one.round,
        propose: of("propose"),
        evaluate: of("evaluate"),
        refine: of("refine"),
        argue: of("argue"),
        judge: of("judge"),
        calls: one.calls(),
        repairs: one.repairs,
    }
}

/// The dry run, as people read it.
#[must_use]
pub fn text(draft: &Draft) -> String {
    let estimate = draft.estimate();
    let drawn = &draft.drawn;
    let who = |all: &[ResolvedParticipant]| all.iter().map(person).collect::<Vec<_>>().join(", ");
    let mut facts = vec![("Participants:", who(&drawn.members))];
    if !drawn.auxiliary.is_empty() {
        facts.push(("Named only:", who(&drawn.auxiliary)));
    }
    facts.push(("Question:", material(draft)));
    facts.extend(draft.input.draft.as_ref().map(|draft| ("Draft:", bytes(draft.len()))));
    let names: Vec<&str> = drawn.members.iter().map(|one| one.id.as_str()).collect();
    facts.extend(drawn.protocol.settings().facts(&names));
    facts.extend(draft.binding_limits().iter().map(|limit| ("Concurrency:", limit.line())));
    let facts: Vec<_> = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let mut blocks = vec![table(&facts, &[])];
    if !estimate.rounds.is_empty() {
        blocks.push(rounds(&drawn.protocol, &estimate.rounds));
    }
    if !estimate.phases.is_empty() {
        blocks.push(phases(&estimate.phases));
    }
    let (total, most) = (estimate.total, estimate.total_with_repairs);
    let without = if most == total { String::new() } else { format!(" ({} without repairs)", grouped(total)) };
    format!("{}\nMaximum calls: {}{without}\n", blocks.join("\n"), grouped(most))
}

fn person(one: &ResolvedParticipant) -> String {
    let effort = one.effort.map_or(String::new(), |effort| format!(", effort {effort}"));
    format!("{} ({}{effort})", one.id, one.model.model_id)
}

fn rounds(protocol: &ProtocolPlan, rounds: &[RoundEstimate]) -> String {
    let phases = protocol.settings().round_phases();
    let repaired = phases.contains(&"evaluate");
    let head = [&["round"][..], phases, &["calls"], if repaired { &["repairs"] } else { &[] }].concat();
    let mut rows = vec![head.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    for one in rounds {
        let mut counts = vec![u64::from(one.round)];
        counts.extend(phases.iter().map(|phase| one.of(phase)));
        counts.push(one.calls());
        counts.extend(repaired.then_some(one.repairs));
        rows.push(counts.into_iter().map(cell).collect());
    }
    let numbers: Vec<usize> = (0..head.len()).collect();
    table(&rows, &numbers)
}

fn phases(phases: &[PhaseEstimate]) -> String {
    let mut rows = vec![["phase", "calls", "repairs"].map(str::to_owned).to_vec()];
    rows.extend(phases.iter().map(|one| vec![one.phase.clone(), cell(one.calls), cell(one.repairs)]));
    table(&rows, &[1, 2])
}

fn cell(count: u64) -> String {
    if count == 0 { "-".to_owned() } else { grouped(count) }
}

fn material(draft: &Draft) -> String {
    let question = bytes(draft.input.question.len());
    let files = &draft.input.files;
    if files.is_empty() {
        return question;
    }
    let sum = files.iter().map(|(_, text)| text.len()).sum();
    format!("{question}, {} with {}", counted(files.len() as u64, "file"), bytes(sum))
}

fn bytes(count: usize) -> String {
    counted(count as u64, "byte")
}
