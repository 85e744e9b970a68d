//! The critique pass over the final answer of any run, and what it has in common with refining in
//! critique mode.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::error::Error;
use crate::protocol::refine::{CritiquePlan, SelfRefinePlan};

/// The critique pass over the answer, where the settings ask for one.
///
/// # Errors
/// A refiner that cannot be.
pub fn plan(roster: &mut RosterBuilder<'_>) -> Result<Option<SelfRefinePlan>, Error> {
    let settings = &roster.settings.refine;
    if !settings.enabled {
        // In the configuration they may stand for later runs.
        if !settings.flags.is_empty() {
            let flags = settings.flags.join(", ");
            roster.warnings.push(format!("{flags}: ignored without `--self-refine`"));
        }
        return Ok(None);
    }
    let mut options = Options::default();
    let critique = critique(&mut options, roster);
    let tuning = roster.tuning(&mut options);
    options.finish("`--self-refine`")?;
    Ok(Some(SelfRefinePlan { critique, judge: None, peer_judge: true, wrote: None, tuning }))
}

/// How a text is critiqued and rewritten: what is said of it, else what the settings say; wrong values
/// stay with `options`.
pub fn critique(options: &mut Options, roster: &mut RosterBuilder<'_>) -> CritiquePlan {
    let mut plan = roster.settings.refine.critique.clone();
    options.fill(&mut plan);
    options.fill_roles(&mut plan, roster);
    let configured = roster.settings.refine.refiner.clone().filter(|_| plan.refiner.is_none());
    let named = configured.and_then(|one| options.take(roster.assign_with_effort(&one.word, &one.place)));
    if let Some(named) = named {
        plan.appoint(named);
    }
    plan
}
