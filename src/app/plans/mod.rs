//! What a request comes to with these participants: one file for each protocol's options.

pub mod consensus;
pub mod debate;
pub mod pipe;
pub mod refine;
pub mod sample;
pub mod self_refine;
pub mod steps;

use crate::app::options::Options;
use crate::app::request::{RunCommand, RunRequest};
use crate::app::roster::RosterBuilder;
use crate::error::Error;
use crate::plan::ProtocolPlan;
use crate::protocol::refine::RefinePlan;

/// The plan of a request. May be made more than once: with missing participants, again for those that are
/// left.
///
/// # Errors
/// Options that cannot be; all of them at once.
pub fn protocol(request: &RunRequest, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
    let mut options = Options::of(&request.options);
    let (plan, what) = match request.command {
        RunCommand::Pipe => {
            options.finish("`pipe`")?;
            return Ok(ProtocolPlan::Pipe(pipe::plan(&request.steps, roster)?));
        }
        RunCommand::Consensus => (ProtocolPlan::Consensus(consensus::plan(&mut options, roster)), "`consensus`"),
        RunCommand::Sample => (ProtocolPlan::Sample(sample::plan(&mut options, roster)), "`sample`"),
        RunCommand::Debate => {
            debate::enough(&mut options, roster);
            (ProtocolPlan::Debate(Box::new(debate::plan(&mut options, roster))), "`debate`")
        }
        RunCommand::Refine => {
            let plan = refine::plan(&mut options, roster);
            let what = refine::what(&plan);
            roster.first_alone();
            (ProtocolPlan::Refine(RefinePlan { draft: roster.draft.clone(), ..plan }), what)
        }
    };
    options.finish(what)?;
    Ok(plan)
}
