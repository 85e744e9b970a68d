//! From a plan to the protocol that it names.

use super::estimate::{Estimate, estimate};
use super::run::{ProtocolPlan, RunPlan};
use crate::error::Error;
use crate::protocol::Protocol;
use crate::protocol::consensus::{Consensus, VoteThreshold};

impl RunPlan {
    /// The most calls that this plan can take.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        match &self.protocol {
            ProtocolPlan::Consensus(plan) => estimate(plan, self.participants.len()),
        }
    }

    /// The protocol of this plan, before its first question. The same plan makes the same one.
    ///
    /// # Errors
    /// Question and files are too long for a participant; nothing was called.
    pub fn machine(&self) -> Result<Box<dyn Protocol>, Error> {
        match &self.protocol {
            ProtocolPlan::Consensus(plan) => {
                let strategy = Box::new(VoteThreshold::new(plan.threshold, plan.stability_rounds));
                let machine = Consensus::new(plan.clone(), self.members(), self.material.clone(), strategy);
                let too_long = machine.misfits().into_iter().map(|misfit| {
                    let over = misfit.needs.saturating_sub(misfit.limit);
                    Error::config(format!(
                        "question and files are too long for {}: {} bytes, {over} more than it takes",
                        misfit.participant, misfit.needs
                    ))
                    .hint("send fewer or smaller files, or leave that participant out")
                });
                Error::all(too_long).map_or_else(|| Ok(Box::new(machine) as Box<dyn Protocol>), Err)
            }
        }
    }
}
