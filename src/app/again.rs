//! Runs whose plan is there already: one that is resumed from its journal, or a plan in a file. Programs and
//! accounts are looked for anew.

use crate::adapter::{self, Catalog, Host};
use crate::app::draft::catalog;
use crate::app::execute::Begin;
use crate::app::freeze::concurrency;
use crate::app::prepare::{Ready, state_dir};
use crate::app::prices::check_prices;
use crate::app::request::RunRequest;
use crate::app::resolve::{self, ReadyParticipant};
use crate::config::{Key, Settings};
use crate::engine::{Recorded, is_finished};
use crate::error::{Error, ErrorKind};
use crate::host::{Machine, machine};
use crate::ids::AdapterId;
use crate::journal::{Store, Stored};
use crate::plan::{Concurrency, Participant, Pool, RunLimits, RunPlan};
use serde_json::Value;
use std::sync::Arc;

/// The run whose name is, or alone begins with, `asked`; the latest one without a name.
///
/// # Errors
/// There is none, or several fit.
pub fn find(store: &Store, asked: Option<&str>) -> Result<Stored, Error> {
    match asked {
        Some(asked) => store.find(asked).map_err(|error| Error::config(error.to_string())),
        None => latest(store, |one| is_finished(&one.path, &one.run).is_some(), "no run is saved"),
    }
}

fn latest(store: &Store, fits: impl Fn(&Stored) -> bool, none: &str) -> Result<Stored, Error> {
    let all = store.list().map_err(|error| Error::failed(error.to_string()))?;
    all.into_iter().find(fits).ok_or_else(|| Error::config(none).hint("`refinery runs` lists the saved runs"))
}

/// A saved run, ready to be resumed; the latest unfinished one without a name. Limits that the request sets take the place of the run's own; `force`
/// continues it although the prompts of its protocol changed.
///
/// # Errors
/// There is no such run, it is damaged, in use, of another format, of other prompts or finished, or a program or account that it
/// needs is not there any more. Nothing was called.
pub fn resume(
    run: Option<&str>,
    force: bool,
    request: &RunRequest,
    settings: Settings,
    machine: &Machine,
) -> Result<(Ready, Begin), Error> {
    let store = store(&settings, machine)?;
    let stored = match run {
        Some(_) => find(&store, run)?,
        None => latest(&store, |one| is_finished(&one.path, &one.run) == Some(false), "no unfinished run is saved")?,
    };
    let (mut recorded, file) = Recorded::open(&stored.path)?;
    let name = stored.run;
    if recorded.end.is_some_and(|end| end.status.is_none()) {
        return Err(Error::config(format!("run {name} is already finished"))
            .hint(format!("`refinery replay {name}` shows it again")));
    }
    let templates = recorded.check_templates(force)?;
    let catalog = catalog(request, &settings, machine, &mut Vec::new())?;
    let mut plan = recorded.header.plan.clone();
    plan.limits = recorded.limits().clone();
    set_limits(&mut plan.limits, request, &settings);
    let looked = Looked { catalog: &catalog, settings: &settings, machine };
    let (participants, host) = looked.all(&plan, Account::AsPlanned)?;
    let warnings = recorded.header.warnings.clone();
    recorded.warnings.extend(check_prices(&plan, &participants)?.into_iter().filter(|text| !warnings.contains(text)));
    let state_dir = state_dir(&settings, machine);
    let ready = Ready { plan, participants, host, settings, warnings, state_dir };
    Ok((ready, Begin::GoOn(Box::new(recorded), file, templates)))
}

/// A plan in a file, ready to begin as a new run: `text` is a whole plan, or a document of which one is the
/// member `plan`, as `--dry-run -o json` and `runs show -o json` write it; `shown` is the file's path.
/// `warnings` takes what is otherwise than planned.
///
/// # Errors
/// No such plan, one that cannot be, or a program or account that it needs is missing. Nothing was called.
pub fn from_plan(
    text: &str,
    shown: &str,
    request: &RunRequest,
    settings: Settings,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Result<Ready, Error> {
    let mut plan = read_plan(text, shown)?;
    plan.run_id = machine::run_id(machine.now);
    plan.created_at = machine.now;
    // Whoever has seen the file knows those of the plan.
    plan.material.nonce_root = machine::draw_nonce();
    if let Some(seed) = settings.seed.filter(|_| request.sets(Key::Seed)) {
        plan.material.seed = seed;
    }
    set_limits(&mut plan.limits, request, &settings);
    let catalog = catalog(request, &settings, machine, warnings)?;
    let looked = Looked { catalog: &catalog, settings: &settings, machine };
    let (participants, host) = looked.all(&plan, Account::OfToday)?;
    for (planned, found) in plan.participants.iter_mut().zip(&participants) {
        let pool = Pool::from(&found.pool);
        if planned.pool != Pool::unknown() && planned.pool.name != pool.name {
            warnings.push(format!("{}: planned with {}, charged to {}", planned.id, planned.pool.words, pool.words));
        }
        planned.pool = pool;
        let adapter = planned.adapter.clone();
        plan.limits.concurrency.adapters.entry(adapter).or_insert_with(|| concurrency(&found.manifest, &settings));
    }
    warnings.extend(check_prices(&plan, &participants)?);
    drop(plan.machine()?);
    let state_dir = state_dir(&settings, machine);
    Ok(Ready { plan, participants, host, settings, warnings: warnings.clone(), state_dir })
}

fn read_plan(text: &str, shown: &str) -> Result<RunPlan, Error> {
    let wrong = |why: String| {
        Error::config(format!("{shown}: {why}"))
            .hint("`refinery \"your question\" -m MODELS --dry-run -o json` writes a plan")
    };
    let document: Value = serde_json::from_str(text).map_err(|error| wrong(format!("not JSON: {error}")))?;
    let plan = document.get("plan").cloned().unwrap_or(document);
    let plan: RunPlan =
        serde_path_to_error::deserialize(plan).map_err(|error| wrong(format!("not a plan: {error}")))?;
    Error::all(plan.problems().into_iter().map(|error| Error {
        messages: error.messages.into_iter().map(|message| format!("{shown}: {message}")).collect(),
        ..error
    }))
    .map_or(Ok(plan), Err)
}

/// Limits that the request sets come before those that the plan has.
fn set_limits(limits: &mut RunLimits, request: &RunRequest, settings: &Settings) {
    let Settings { budget, max_concurrent, .. } = settings;
    let mut set = |key, limit: &dyn Fn(&mut RunLimits)| {
        if request.sets(key) {
            limit(limits);
        }
    };
    set(Key::BudgetCalls, &|to| to.budget.calls = budget.calls);
    set(Key::BudgetInputTokens, &|to| to.budget.input_tokens = budget.input_tokens);
    set(Key::BudgetOutputTokens, &|to| to.budget.output_tokens = budget.output_tokens);
    set(Key::BudgetUsd, &|to| to.budget.usd = budget.usd);
    set(Key::MaxWall, &|to| to.max_wall = settings.max_wall);
    set(Key::OnLimit, &|to| to.on_limit = settings.on_limit);
    set(Key::Timeout, &|to| to.timeout = settings.timeout);
    set(Key::FirstByteTimeout, &|to| to.first_byte_timeout = settings.first_byte_timeout);
    set(Key::IdleTimeout, &|to| to.idle_timeout = settings.idle_timeout);
    set(Key::Retries, &|to| to.retries = settings.retries);
    set(Key::MaxConcurrent, &|to| {
        // One number for all adapters, or `name=number` for one of them.
        let Concurrency { global, adapters } = &mut to.concurrency;
        let said = |adapter: &AdapterId| settings.adapters.get(adapter.as_str())?.concurrency;
        *global = *max_concurrent;
        adapters.iter_mut().for_each(|(adapter, limit)| *limit = said(adapter).unwrap_or(*limit));
    });
}

/// Which account is charged for a participant.
#[derive(Clone, Copy)]
enum Account {
    /// The one of the plan.
    AsPlanned,
    /// The one that a new run would take.
    OfToday,
}

/// Where participants of a plan are looked for.
struct Looked<'a> {
    catalog: &'a Catalog,
    settings: &'a Settings,
    machine: &'a Machine,
}

impl Looked<'_> {
    /// All participants of a plan, in its order.
    fn all(&self, plan: &RunPlan, account: Account) -> Result<(Vec<ReadyParticipant>, Host), Error> {
        let manifests: Vec<_> =
            plan.participants.iter().filter_map(|one| self.catalog.get(one.adapter.as_str())).collect();
        let host = resolve::host(manifests.iter().map(|manifest| manifest.as_ref()), self.machine);
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        for one in &plan.participants {
            match self.one(one, account, &host) {
                Ok(participant) => found.push(participant),
                Err(error) => errors.push(error),
            }
        }
        Error::all(errors).map_or(Ok((found, host)), Err)
    }

    fn one(&self, one: &Participant, account: Account, host: &Host) -> Result<ReadyParticipant, Error> {
        let name = one.adapter.as_str();
        let manifest = self.catalog.get(name).ok_or_else(|| {
            Error::config(format!("unknown adapter `{name}`"))
                .of_kind(ErrorKind::UnknownModel)
                .hint("add its manifest with `--adapter FILE`")
        })?;
        let said = self.settings.adapter(name);
        let program = resolve::locate(manifest, &said, self.machine)?;
        let pool = match account {
            Account::AsPlanned => adapter::named(manifest, host, &one.pool.name)
                .map_err(|problem| Error::config(problem.message).of_kind(ErrorKind::NotLoggedIn).hint(problem.hint))?,
            Account::OfToday => resolve::credential(manifest, host, said.billing.unwrap_or_default())?,
        };
        let (manifest, model) = (Arc::clone(manifest), one.resolved_model());
        Ok(ReadyParticipant { id: one.id.clone(), manifest, program, pool, model, effort: one.effort })
    }
}

/// The directory of saved runs.
///
/// # Errors
/// This machine has no place for it, or it cannot be used.
pub fn store(settings: &Settings, machine: &Machine) -> Result<Store, Error> {
    let state = state_dir(settings, machine)
        .ok_or_else(|| Error::config("no directory for saved runs").hint("set HOME, or name one with `--state-dir`"))?;
    Store::existing(&state).map_err(|error| Error::config(error.to_string()))
}
