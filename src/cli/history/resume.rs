//! `refinery resume`: from a journal back to a run that is ready to go on.

use crate::adapter::{self, Catalog, Host};
use crate::app::execute::Begin;
use crate::app::prepare::{Ready, state_dir};
use crate::app::resolve::{self, ReadyParticipant};
use crate::app::settings;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::history::journal_args::ResumeArgs;
use crate::config::Settings;
use crate::engine::{Record, Recorded};
use crate::error::Error;
use crate::host::{Machine, manifests};
use crate::journal::Store;
use crate::plan::{Participant, RunLimits, RunPlan};
use std::sync::Arc;

/// The run, ready to go on, and where it does.
///
/// # Errors
/// There is no such run, it is damaged, in use or of another format, it has come to its end, or a
/// program or credential that it needs is not there any more. Nothing was called.
pub fn prepare(args: &ResumeArgs, machine: &Machine) -> Result<(Ready, Begin), Error> {
    let flags = SharedArgs {
        verbose: args.verbose,
        debug: args.debug,
        budget_calls: args.budget_calls.clone(),
        budget_input_tokens: args.budget_input_tokens.clone(),
        budget_output_tokens: args.budget_output_tokens.clone(),
        budget_usd: args.budget_usd.clone(),
        max_wall: args.max_wall.clone(),
        on_limit: args.on_limit.clone(),
        ..args.place.as_run()
    };
    let settings = settings::load(machine, args.place.config.as_deref(), flags.entries())?.settings;
    let store = store(&settings, machine)?;
    let stored = store.find(&args.run).map_err(|error| Error::config(error.to_string()))?;
    let (mut recorded, file) = Recorded::open(&stored.path)?;
    let name = stored.run;
    if let Some(Record::Closed { status: None, .. }) = recorded.entries.last().map(|entry| &entry.record) {
        return Err(Error::config(format!("run {name} has come to its end: there is nothing to go on with"))
            .hint(format!("`refinery replay {name}` shows it once more")));
    }
    let templates = recorded.check_templates(args.force)?;
    let explicit: Vec<_> = args.adapter.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    let mut plan = recorded.header.plan.clone();
    plan.limits = recorded.limits().clone();
    raise_limits(&mut plan.limits, args, &settings);
    let (participants, host) = find_all_again(&plan, &catalog, &settings, machine)?;
    priced(&plan, &participants)?;
    let ready = Ready {
        warnings: recorded.header.warnings.clone(),
        state_dir: state_dir(&settings, machine),
        plan,
        participants,
        host,
        settings,
    };
    Ok((ready, Begin::GoOn(Box::new(recorded), file, templates)))
}

/// What is said now comes before what was said when the run began or last went on.
fn raise_limits(limits: &mut RunLimits, args: &ResumeArgs, settings: &Settings) {
    if args.budget_calls.is_some() {
        limits.budget.calls = settings.budget.calls;
    }
    if args.budget_input_tokens.is_some() {
        limits.budget.input_tokens = settings.budget.input_tokens;
    }
    if args.budget_output_tokens.is_some() {
        limits.budget.output_tokens = settings.budget.output_tokens;
    }
    if args.budget_usd.is_some() {
        limits.budget.usd = settings.budget.usd;
    }
    if args.max_wall.is_some() {
        limits.max_wall = settings.max_wall;
    }
    if args.on_limit.is_some() {
        limits.on_limit = settings.on_limit;
    }
}

/// A budget in money needs to know what everybody costs who costs money. Prices are those of the run's
/// beginning: what was charged by them is in its record.
fn priced(plan: &RunPlan, participants: &[ReadyParticipant]) -> Result<(), Error> {
    if plan.limits.budget.usd.is_none() {
        return Ok(());
    }
    let unknown = plan.participants.iter().zip(participants).filter(|(one, participant)| {
        one.pool.metered && one.prices.is_none() && !participant.manifest.output.reports_cost
    });
    let error = |(one, _): (&Participant, &ReadyParticipant)| {
        Error::config(format!(
            "--budget-usd: nobody says what a call of {} costs, and this run began without its prices",
            one.id
        ))
        .hint("leave --budget-usd out; --budget-calls and the token budgets count everybody")
    };
    Error::all(unknown.map(error)).map_or(Ok(()), Err)
}

/// The folder of journals.
///
/// # Errors
/// This machine has no place for it, or it cannot be used.
pub fn store(settings: &Settings, machine: &Machine) -> Result<Store, Error> {
    let state = state_dir(settings, machine).ok_or_else(|| {
        Error::config("there is no place for runs on this machine")
            .hint("set HOME, or name a folder with `--state-dir`")
    })?;
    Store::open(&state).map_err(|error| Error::config(error.to_string()))
}

/// Everybody at their places again, each paid for as it was.
fn find_all_again(
    plan: &RunPlan,
    catalog: &Catalog,
    settings: &Settings,
    machine: &Machine,
) -> Result<(Vec<ReadyParticipant>, Host), Error> {
    let manifests: Vec<_> = plan.participants.iter().filter_map(|one| catalog.get(one.adapter.as_str())).collect();
    let host = resolve::host(manifests.iter().map(|manifest| manifest.as_ref()), machine);
    let mut participants = Vec::new();
    let mut errors = Vec::new();
    for one in &plan.participants {
        match find_again(one, catalog, settings, &host, machine) {
            Ok(participant) => participants.push(participant),
            Err(error) => errors.push(error),
        }
    }
    Error::all(errors).map_or(Ok((participants, host)), Err)
}

fn find_again(
    one: &Participant,
    catalog: &Catalog,
    settings: &Settings,
    host: &Host,
    machine: &Machine,
) -> Result<ReadyParticipant, Error> {
    let name = one.adapter.as_str();
    let manifest = catalog.get(name).ok_or_else(|| {
        Error::config(format!("there is no adapter `{name}` any more")).hint("name its manifest with `--adapter FILE`")
    })?;
    let program = resolve::locate(manifest, &settings.adapter(name), machine)?;
    let pool = adapter::named(manifest, host, &one.pool.name)
        .map_err(|problem| Error::config(problem.message).hint(problem.hint))?;
    Ok(ReadyParticipant {
        id: one.id.clone(),
        manifest: Arc::clone(manifest),
        program,
        pool,
        model: one.resolved_model(),
        effort: one.effort,
    })
}
