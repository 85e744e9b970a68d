//! From a plan to the protocol that it names.

use super::estimate::{
    Estimate, estimate, estimate_critique, estimate_debate, estimate_pipeline, estimate_refine, estimate_sampling,
};
use super::run::{ProtocolPlan, RunPlan};
use crate::error::Error;
use crate::ids::ParticipantId;
use crate::outcome::SELF_REFINE;
use crate::protocol::consensus::{ClosingStrategy, Consensus};
use crate::protocol::debate::Debate;
use crate::protocol::material::Misfit;
use crate::protocol::pipeline::{Pipeline, StepKind, StepPlan};
use crate::protocol::refine::{Refine, SelfRefine, SelfRefinePlan};
use crate::protocol::sampling::Sampling;
use crate::protocol::{Protocol, RoundOverrides};

/// What a caller of the library brings to a plan, which is code and therefore not in it.
#[derive(Default)]
pub struct Brought {
    /// When a consensus run may end; `None` for the rule that the plan names.
    pub strategy: Option<Box<dyn ClosingStrategy>>,
    /// What the caller changes in the first round of a consensus run.
    pub first_round: RoundOverrides,
    /// Who scores texts in place of a judge that no plan names, and is no participant.
    pub evaluator: Option<ParticipantId>,
}

impl ProtocolPlan {
    /// The most calls that this protocol can take with so many in the room.
    #[must_use]
    pub fn estimate(&self, members: usize) -> Estimate {
        match self {
            Self::Consensus(plan) => estimate(plan, members),
            Self::Debate(plan) => estimate_debate(plan),
            Self::Sample(plan) => estimate_sampling(plan),
            Self::Refine(plan) => estimate_refine(plan, plan.draft.is_some()),
            Self::Pipe(plan) => estimate_pipeline(plan, members),
        }
    }
}

/// The most calls that a protocol with so many members can take, and the critique pass after it.
#[must_use]
pub fn estimate_run(protocol: &ProtocolPlan, self_refine: Option<&SelfRefinePlan>, members: usize) -> Estimate {
    let protocol = protocol.estimate(members);
    match self_refine {
        None => protocol,
        Some(plan) => {
            let pass = estimate_critique(&plan.critique);
            protocol.and(Estimate::of_phases(pass.phases_of(SELF_REFINE)))
        }
    }
}

impl RunPlan {
    /// The most calls that this plan can take.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let members = self.participants.len().saturating_sub(self.auxiliary.len());
        estimate_run(&self.protocol, self.self_refine.as_ref(), members)
    }

    /// The protocol of this plan, before its first question. The same plan makes the same one.
    ///
    /// # Errors
    /// Question and files are too long for a participant, or the plan does not hold together; nothing
    /// was called.
    pub fn machine(&self) -> Result<Box<dyn Protocol>, Error> {
        self.machine_with(Brought::default())
    }

    /// The same with what a caller brings.
    ///
    /// # Errors
    /// As [`Self::machine`].
    pub fn machine_with(&self, brought: Brought) -> Result<Box<dyn Protocol>, Error> {
        let (members, auxiliary) = self.members_and_auxiliary();
        let material = self.material.clone();
        let (machine, mut misfits): (Box<dyn Protocol>, Vec<Misfit>) = match &self.protocol {
            ProtocolPlan::Consensus(plan) => {
                let usual = || plan.strategy.rule(plan.threshold, plan.stability_rounds);
                let strategy = brought.strategy.unwrap_or_else(usual);
                let machine = Consensus::new(plan.clone(), members, material, strategy);
                let machine = machine.with_first_round(brought.first_round);
                let misfits = machine.misfits();
                (Box::new(machine), misfits)
            }
            ProtocolPlan::Debate(plan) => {
                let judge = plan.judge.as_ref().and_then(|judge| Some(self.participant(&judge.participant)?.member()));
                if plan.personas.len() != members.len() || plan.judge.is_some() != judge.is_some() {
                    return Err(Error::config("the plan is damaged: personas and participants do not match"));
                }
                let machine = Debate::new((**plan).clone(), members, judge, material);
                let misfits = machine.misfits();
                (Box::new(machine), misfits)
            }
            ProtocolPlan::Sample(plan) => {
                let machine = Sampling::new(plan.clone(), members, material);
                let misfits = machine.misfits();
                (Box::new(machine), misfits)
            }
            ProtocolPlan::Refine(plan) => {
                let evaluator = brought.evaluator.filter(|_| plan.judge.is_none());
                let machine = Refine::new(plan.clone(), self.members(), material, None).with_evaluator(evaluator);
                let misfits = machine.misfits();
                (Box::new(machine), misfits)
            }
            ProtocolPlan::Pipe(plan) => {
                let fits = |step: &StepPlan| match &step.kind {
                    StepKind::Debate(plan) => plan.personas.len() == members.len(),
                    _ => true,
                };
                if !plan.steps.iter().all(fits) {
                    return Err(Error::config("the plan is damaged: personas and participants do not match"));
                }
                let machine =
                    Pipeline::new(plan.clone(), members, auxiliary, material).with_evaluator(brought.evaluator);
                let misfits = machine.misfits();
                (Box::new(machine), misfits)
            }
        };
        let machine = match &self.self_refine {
            None => machine,
            Some(plan) => {
                let wrapped = SelfRefine::new(machine, plan.clone(), self.members(), self.material.clone());
                for misfit in wrapped.misfits() {
                    if !misfits.iter().any(|known| known.participant == misfit.participant) {
                        misfits.push(misfit);
                    }
                }
                Box::new(wrapped)
            }
        };
        let too_long = misfits.into_iter().map(|misfit| {
            let over = misfit.needs.saturating_sub(misfit.limit);
            Error::config(format!(
                "question and files are too long for {}: {} bytes, {over} more than it takes",
                misfit.participant, misfit.needs
            ))
            .hint("send fewer or smaller files, or leave that participant out")
        });
        Error::all(too_long).map_or(Ok(machine), Err)
    }
}
