//! What the engine must know of a plan.

use crate::adapter::PoolKind;
use crate::engine::{Briefing, Registered};
use crate::event::Announced;
use crate::plan::{Participant, RunPlan};

/// What the engine must know of a plan.
#[must_use]
pub fn briefing(plan: &RunPlan) -> Briefing {
    Briefing {
        run: plan.run_id.clone(),
        protocol: plan.protocol.name().to_owned(),
        seed: plan.material.seed,
        max_calls: plan.estimate().total,
        participants: plan.participants.iter().map(|one| (announced(one), registered(one))).collect(),
    }
}

/// A participant, as it is announced before the first call.
#[must_use]
pub fn announced(one: &Participant) -> Announced {
    Announced {
        participant: one.id.clone(),
        model_id: one.model_id.clone(),
        effort: one.effort.map(|effort| effort.to_string()),
        pays: one.pool.words.clone(),
    }
}

fn registered(one: &Participant) -> Registered {
    Registered {
        participant: one.id.clone(),
        adapter: one.adapter.clone(),
        model_id: one.model_id.clone(),
        effort: one.effort.map(|effort| effort.to_string()),
        pool: pool(one.pool.kind).to_owned(),
        metered: one.pool.metered,
        prices: one.prices,
    }
}

fn pool(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Subscription => "subscription",
        PoolKind::Login => "login",
        PoolKind::ApiKey => "api_key",
        PoolKind::None => "none",
    }
}
