//! From a plan to the protocol that it names.

use super::run::{ProtocolPlan, RunPlan};
use crate::error::Error;
use crate::outcome::SELF_REFINE;
use crate::protocol::refine::{SelfRefine, SelfRefinePlan};
use crate::protocol::{Brought, Estimate, Given, Protocol};
use std::sync::Arc;

impl ProtocolPlan {
    /// The most calls that this protocol can take with so many members.
    #[must_use]
    pub fn estimate(&self, members: usize) -> Estimate {
        self.settings().estimate(members)
    }
}

/// The most calls that a protocol with so many members can take, and the critique pass after it. For `room`, see
/// [`prompt_room`].
#[must_use]
pub fn estimate_run(
    protocol: &ProtocolPlan,
    self_refine: Option<&SelfRefinePlan>,
    members: usize,
    room: Option<usize>,
) -> Estimate {
    let mut whole = protocol.estimate(members);
    whole.total_with_repairs += protocol.settings().splits(members, room);
    match self_refine {
        None => whole,
        Some(plan) => whole.and(Estimate::of_phases(plan.critique.estimate().phases_of(SELF_REFINE))),
    }
}

/// How many bytes of what the members write have room in every prompt beside question and files, at least; `None`
/// where no participant has a limit.
#[must_use]
pub fn prompt_room(
    limits: impl Iterator<Item = Option<usize>>,
    question: &str,
    files: &[(String, Arc<str>)],
) -> Option<usize> {
    /// More than our own words and the reply in a repair take.
    const OWN_BYTES: usize = 40_000;
    /// More than the fence of a file takes.
    const FENCE_BYTES: usize = 200;
    let files = files.iter().map(|(path, text)| 2 * path.len() + text.len() + FENCE_BYTES).sum::<usize>();
    Some(limits.flatten().min()?.saturating_sub(question.len() + files + OWN_BYTES))
}

impl RunPlan {
    /// The most calls that this plan can take.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let members = self.participants.len().saturating_sub(self.auxiliary.len());
        let limits = self.participants.iter().map(|one| one.prompt_bytes);
        let room = prompt_room(limits, &self.material.question, &self.material.files);
        estimate_run(&self.protocol, self.self_refine.as_ref(), members, room)
    }

    /// The protocol of this plan, before its first question. The same plan makes the same one.
    ///
    /// # Errors
    /// Question and files are too long for a participant, or the plan does not hold together; nothing
    /// was called.
    pub fn machine(&self) -> Result<Box<dyn Protocol>, Error> {
        self.machine_with(Brought::default())
    }

    /// With what a caller brings.
    ///
    /// # Errors
    /// As [`Self::machine`].
    pub fn machine_with(&self, brought: Brought) -> Result<Box<dyn Protocol>, Error> {
        let (members, auxiliary) = self.members_and_auxiliary();
        let given = Given { members, auxiliary, material: self.material.clone(), draft: None, brought };
        let (machine, mut misfits) = self.protocol.settings().machine(given)?;
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
