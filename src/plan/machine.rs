//! From a plan to the protocol that it names.

use super::estimate::{Estimate, estimate, estimate_debate};
use super::run::{ProtocolPlan, RunPlan};
use crate::error::Error;
use crate::protocol::Protocol;
use crate::protocol::consensus::{Consensus, Misfit, VoteThreshold};
use crate::protocol::debate::Debate;

impl RunPlan {
    /// The most calls that this plan can take.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        match &self.protocol {
            ProtocolPlan::Consensus(plan) => estimate(plan, self.participants.len()),
            ProtocolPlan::Debate(plan) => estimate_debate(plan),
        }
    }

    /// The protocol of this plan, before its first question. The same plan makes the same one.
    ///
    /// # Errors
    /// Question and files are too long for a participant, or the plan does not hold together; nothing
    /// was called.
    pub fn machine(&self) -> Result<Box<dyn Protocol>, Error> {
        match &self.protocol {
            ProtocolPlan::Consensus(plan) => {
                let strategy = Box::new(VoteThreshold::new(plan.threshold, plan.stability_rounds));
                let machine = Consensus::new(plan.clone(), self.members(), self.material.clone(), strategy);
                fitting(machine.misfits())?;
                Ok(Box::new(machine))
            }
            ProtocolPlan::Debate(plan) => {
                let (seats, there) = (plan.seats(), self.participants.len());
                if seats != there {
                    return Err(Error::config(format!(
                        "the plan is damaged: {seats} personas for {there} participants"
                    )));
                }
                let machine = Debate::new((**plan).clone(), self.members(), self.material.clone());
                fitting(machine.misfits())?;
                Ok(Box::new(machine))
            }
        }
    }
}

fn fitting(misfits: Vec<Misfit>) -> Result<(), Error> {
    let too_long = misfits.into_iter().map(|misfit| {
        let over = misfit.needs.saturating_sub(misfit.limit);
        Error::config(format!(
            "question and files are too long for {}: {} bytes, {over} more than it takes",
            misfit.participant, misfit.needs
        ))
        .hint("send fewer or smaller files, or leave that participant out")
    });
    Error::all(too_long).map_or(Ok(()), Err)
}
