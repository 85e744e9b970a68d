//! What the engine must know of a plan.

use super::fold::Briefing;
use super::ledger::Registered;
use crate::event::Announced;
use crate::plan::{Participant, RunPlan};

impl Briefing {
    /// What it must know of this plan.
    #[must_use]
    pub fn of(plan: &RunPlan) -> Self {
        Self {
            run: plan.run_id.clone(),
            protocol: plan.protocol.name().to_owned(),
            seed: plan.material.seed,
            max_calls: plan.estimate().total,
            participants: plan.participants.iter().map(|one| (one.into(), one.into())).collect(),
        }
    }
}

impl From<&Participant> for Announced {
    /// A participant, as it is announced before the first call.
    fn from(one: &Participant) -> Self {
        Self {
            participant: one.id.clone(),
            model_id: one.model_id.clone(),
            effort: one.effort.map(|effort| effort.to_string()),
            pays: one.pool.words.clone(),
        }
    }
}

impl From<&Participant> for Registered {
    fn from(one: &Participant) -> Self {
        Self {
            participant: one.id.clone(),
            adapter: one.adapter.clone(),
            model_id: one.model_id.clone(),
            effort: one.effort.map(|effort| effort.to_string()),
            pool: one.pool.kind_name().to_owned(),
            metered: one.pool.metered,
            prices: one.prices,
        }
    }
}
