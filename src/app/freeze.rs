//! Everything that decides what a run does, in one place: its plan, with what is drawn for it.

use crate::adapter::{Manifest, ResolvedModel};
use crate::app::draft::{Draft, Drawn};
use crate::app::input::Input;
use crate::app::prices::price_of;
use crate::app::resolve::{self, ReadyParticipant};
use crate::config::Settings;
use crate::exchange::Effort;
use crate::host::{Machine, machine};
use crate::ids::{AdapterId, ParticipantId};
use crate::plan::{Concurrency, Participant, Pool, RunLimits, RunPlan};
use crate::protocol::material::Material;
use std::collections::BTreeMap;

/// The plan of a run whose participants are ready.
pub fn freeze(
    participants: &[ReadyParticipant],
    drawn: Drawn,
    input: Input,
    settings: &Settings,
    machine: &Machine,
) -> RunPlan {
    let parts = participants.iter().map(|one| Parts {
        id: &one.id,
        manifest: &one.manifest,
        model: &one.model,
        effort: one.effort,
        pool: Pool::from(&one.pool),
    });
    plan(parts.collect(), drawn, input, settings, machine)
}

impl Draft {
    /// The plan as it stands. Accounts are those that are found here, where one is: they are looked for anew
    /// when the plan is run.
    #[must_use]
    pub fn plan(&self, machine: &Machine) -> RunPlan {
        let Self { drawn, input, settings, .. } = self;
        let all: Vec<_> = drawn.members.iter().chain(&drawn.auxiliary).collect();
        let host = resolve::host(all.iter().map(|one| one.manifest.as_ref()), machine);
        let parts = all.iter().map(|one| {
            let billing = settings.adapter(one.manifest.id.as_str()).billing.unwrap_or_default();
            let pool = resolve::credential(&one.manifest, &host, billing).map(|pool| Pool::from(&pool));
            let (model, pool) = (&one.model, pool.unwrap_or_else(|_| Pool::unknown()));
            Parts { id: &one.id, manifest: &one.manifest, model, effort: one.effort, pool }
        });
        plan(parts.collect(), drawn.clone(), input.clone(), settings, machine)
    }
}

/// What a participant of a plan is made from.
struct Parts<'a> {
    id: &'a ParticipantId,
    manifest: &'a Manifest,
    model: &'a ResolvedModel,
    effort: Option<Effort>,
    pool: Pool,
}

fn plan(parts: Vec<Parts<'_>>, drawn: Drawn, input: Input, settings: &Settings, machine: &Machine) -> RunPlan {
    let adapters: BTreeMap<AdapterId, usize> =
        parts.iter().map(|one| (one.manifest.id.clone(), concurrency(one.manifest, settings))).collect();
    RunPlan {
        run_id: machine::run_id(machine.now),
        created_at: machine.now,
        protocol: drawn.protocol,
        participants: parts.into_iter().map(|one| participant(one, settings)).collect(),
        auxiliary: drawn.auxiliary.into_iter().map(|one| one.id).collect(),
        self_refine: drawn.self_refine,
        material: Material {
            question: input.question,
            files: input.files,
            nonce_root: machine::draw_nonce(),
            seed: settings.seed.unwrap_or_else(machine::draw_seed),
        },
        limits: RunLimits {
            timeout: settings.timeout,
            first_byte_timeout: settings.first_byte_timeout,
            idle_timeout: settings.idle_timeout,
            retries: settings.retries,
            concurrency: Concurrency { global: settings.max_concurrent, adapters },
            budget: settings.budget,
            max_wall: settings.max_wall,
            on_limit: settings.on_limit,
        },
    }
}

/// How many calls through an adapter may run at once.
pub(super) fn concurrency(manifest: &Manifest, settings: &Settings) -> usize {
    let said = settings.adapter(manifest.id.as_str()).concurrency;
    said.unwrap_or_else(|| manifest.default_concurrency())
}

fn participant(one: Parts<'_>, settings: &Settings) -> Participant {
    Participant {
        id: one.id.clone(),
        adapter: one.manifest.id.clone(),
        model: one.model.argument.clone(),
        model_id: one.model.model_id.clone(),
        effort: one.effort,
        pool: one.pool,
        prices: price_of(&one.manifest.id, one.model, settings),
        vendor_words: one.manifest.vendor_words(),
        prompt_bytes: one.manifest.prompt_bytes(),
    }
}
