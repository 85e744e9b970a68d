//! The part of a plan that the engine reads.

use super::fold::RunMeta;
use super::ledger::Registered;
use crate::event::Announced;
use crate::plan::{Participant, RunPlan};

impl RunMeta {
    /// With warnings that were told before the run.
    #[must_use]
    pub fn with_told(self, told: &[String]) -> Self {
        Self { told: told.to_vec(), ..self }
    }

    /// The part of this plan that the engine reads.
    #[must_use]
    pub fn of(plan: &RunPlan) -> Self {
        Self {
            run: plan.run_id.clone(),
            protocol: plan.protocol.name().to_owned(),
            seed: plan.material.seed,
            max_calls: plan.estimate().total_with_repairs,
            participants: plan.participants.iter().map(|one| (one.into(), one.into())).collect(),
            told: Vec::new(),
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
