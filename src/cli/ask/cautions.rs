//! What a person should know of a plan with these participants, before it begins.

use crate::cli::begin::seats::Cast;
use crate::plan::ProtocolPlan;
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::pipeline::{StepKind, StepPlan};

/// What a person should know, one line each. `room` takes part in everything, `aside` only where it is
/// named.
#[must_use]
pub fn cautions(plan: &ProtocolPlan, room: &[Cast], aside: &[Cast]) -> Vec<String> {
    let consensus: Vec<&ConsensusPlan> = match plan {
        ProtocolPlan::Consensus(plan) => vec![plan],
        ProtocolPlan::Pipe(plan) => plan.steps.iter().filter_map(of_step).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    if room.len() > 1
        && let Some(plan) = consensus.iter().find(|plan| plan.stability_rounds > plan.max_rounds)
    {
        all.push(format!(
            "--stability-rounds {} is above --max-rounds {}: the run can never converge",
            plan.stability_rounds, plan.max_rounds
        ));
    }
    if room.len() > 5 && !consensus.is_empty() {
        all.push(format!("{} participants: the number of reviews grows with their square", room.len()));
    }
    let tunings = plan.settings().tunings();
    let asked = [
        (tunings.iter().any(|tuning| tuning.temperature.is_some()), "--temperature"),
        (tunings.iter().any(|tuning| tuning.reply_tokens.is_some()), "--reply-tokens"),
    ];
    let mut told = Vec::new();
    for manifest in room.iter().chain(aside).map(|one| &one.manifest) {
        let (temperature, reply_tokens) = manifest.takes_tuning();
        for ((asked, flag), taken) in asked.into_iter().zip([temperature, reply_tokens]) {
            let line = format!("{}: its CLI takes no {flag}", manifest.id);
            if asked && !taken && !told.contains(&line) {
                told.push(line);
            }
        }
    }
    all.extend(told);
    all
}

fn of_step(step: &StepPlan) -> Option<&ConsensusPlan> {
    match &step.kind {
        StepKind::Consensus(plan) => Some(plan),
        _ => None,
    }
}
