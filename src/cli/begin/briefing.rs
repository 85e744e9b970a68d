//! What the engine must know of a plan.

use crate::engine::Briefing;
use crate::event::Announced;
use crate::plan::{Participant, RunPlan};

/// What the engine must know of a plan.
#[must_use]
pub fn briefing(plan: &RunPlan) -> Briefing {
    Briefing::of(plan)
}

/// A participant, as it is announced before the first call.
#[must_use]
pub fn announced(one: &Participant) -> Announced {
    one.into()
}
