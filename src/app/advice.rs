//! What a person should know of a plan with these participants, before it begins.

use crate::app::resolve::ResolvedParticipant;
use crate::exchange::Tuning;
use crate::plan::ProtocolPlan;
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::debate::DebatePlan;
use crate::protocol::pipeline::{StepKind, StepPlan};

/// What a person should know, one line each. `members` takes part in everything, `auxiliary` only where it is
/// named.
#[must_use]
pub fn advice(plan: &ProtocolPlan, members: &[ResolvedParticipant], auxiliary: &[ResolvedParticipant]) -> Vec<String> {
    let consensus: Vec<&ConsensusPlan> = match plan {
        ProtocolPlan::Consensus(plan) => vec![plan],
        ProtocolPlan::Pipe(plan) => plan.steps.iter().filter_map(of_step).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    if members.len() > 1
        && let Some(plan) = consensus.iter().find(|plan| plan.stability_rounds > plan.max_rounds)
    {
        all.push(format!(
            "--stability-rounds {} exceeds --max-rounds {}: the run cannot converge",
            plan.stability_rounds, plan.max_rounds
        ));
    }
    if members.len() > 5 && !consensus.is_empty() {
        all.push(format!("{} participants: the number of reviews grows quadratically", members.len()));
    }
    let tunings = tunings(plan);
    let asked = [
        (tunings.iter().any(|tuning| tuning.temperature.is_some()), "--temperature"),
        (tunings.iter().any(|tuning| tuning.reply_tokens.is_some()), "--reply-tokens"),
    ];
    let mut told = Vec::new();
    for manifest in members.iter().chain(auxiliary).map(|one| &one.manifest) {
        let (temperature, reply_tokens) = manifest.takes_tuning();
        for ((asked, flag), taken) in asked.into_iter().zip([temperature, reply_tokens]) {
            let line = format!("{}: its CLI does not support {flag}", manifest.id);
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

/// How the models run, in every part of the plan.
fn tunings(plan: &ProtocolPlan) -> Vec<Tuning> {
    match plan {
        ProtocolPlan::Consensus(plan) => vec![plan.tuning],
        ProtocolPlan::Debate(plan) => debate(plan),
        ProtocolPlan::Sample(plan) => vec![plan.tuning],
        ProtocolPlan::Refine(plan) => vec![plan.tuning],
        ProtocolPlan::Pipe(plan) => plan
            .steps
            .iter()
            .flat_map(|step| match &step.kind {
                StepKind::Consensus(plan) => vec![plan.tuning],
                StepKind::Debate(plan) => debate(plan),
                StepKind::Sample(plan) => vec![plan.tuning],
                StepKind::Refine(plan) => vec![plan.tuning],
            })
            .collect(),
    }
}

fn debate(plan: &DebatePlan) -> Vec<Tuning> {
    let (temperature, reply_tokens) = (plan.judge_temperature, plan.judge_reply_tokens);
    vec![plan.tuning, Tuning { temperature, reply_tokens, ..Tuning::default() }]
}
