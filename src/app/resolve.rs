//! From names to programs: where each participant's CLI is, which model it runs, what pays.

use crate::adapter::{Catalog, ChosenPool, Host, Manifest, Program, ResolvedModel};
use crate::config::{AdapterSettings, Settings};
use crate::error::{Error, ErrorKind};
use crate::exchange::Effort;
pub use crate::host::locate::{credential, refused};
use crate::host::{Machine, locate};
use crate::ids::ParticipantId;
use crate::plan::{ModelName, Wanted};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A participant with its model, before anything was looked for on the machine.
#[derive(Debug, Clone)]
pub struct ResolvedParticipant {
    /// Its unique name.
    pub id: ParticipantId,
    /// How its CLI is driven.
    pub manifest: Arc<Manifest>,
    /// Its model.
    pub model: ResolvedModel,
    /// How hard it thinks; `None` leaves the CLI's own default.
    pub effort: Option<Effort>,
    /// The id of the persona that was chosen for it in the list, if one was.
    pub persona: Option<String>,
}

/// A participant that can work: everything a call through its CLI needs.
#[derive(Debug, Clone)]
pub struct ReadyParticipant {
    /// Its unique name.
    pub id: ParticipantId,
    /// How its CLI is driven.
    pub manifest: Arc<Manifest>,
    /// Where it is.
    pub program: Program,
    /// What pays.
    pub pool: ChosenPool,
    /// Its model.
    pub model: ResolvedModel,
    /// How hard it thinks; `None` leaves the CLI's own default.
    pub effort: Option<Effort>,
}

/// Gives each participant its model: its own word, else the configuration's, else the adapter's.
///
/// # Errors
/// An adapter that is not in the catalogue.
pub fn resolve(wanted: Vec<Wanted>, catalog: &Catalog, settings: &Settings) -> Result<Vec<ResolvedParticipant>, Error> {
    wanted
        .into_iter()
        .map(|one| {
            let name = one.adapter.as_str();
            let manifest = catalog
                .get(name)
                .ok_or_else(|| Error::config(format!("unknown adapter `{name}`")).of_kind(ErrorKind::UnknownModel))?;
            let said = settings.adapter(name);
            let model = match &one.model {
                Some(ModelName::Word(word)) => manifest.resolve_model(Some(word)),
                Some(ModelName::Exact(id)) => manifest.resolve_exact(Some(id)),
                None => manifest.resolve_exact(said.model.as_deref()),
            };
            let effort = one.effort.or(said.effort).or(model.effort);
            Ok(ResolvedParticipant { id: one.id, manifest: Arc::clone(manifest), model, effort, persona: one.persona })
        })
        .collect()
}

/// What was found for those who take part.
#[derive(Debug)]
pub struct Found {
    /// Those who can work, in the order in which they were named.
    pub participants: Vec<ReadyParticipant>,
    /// The machine, as adapters see it.
    pub host: Host,
}

/// Looks for every participant's program and credential; `warnings` takes what a person should know.
///
/// # Errors
/// What is missing, for whom, and what to type; all of it at once. With `allow_missing` only if
/// no participant is left.
pub fn find(
    resolved: Vec<ResolvedParticipant>,
    settings: &Settings,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Result<Found, Error> {
    let host = host(resolved.iter().map(|one| one.manifest.as_ref()), machine);
    let mut looked: BTreeMap<String, Result<(Program, ChosenPool), Error>> = BTreeMap::new();
    let mut participants = Vec::new();
    for ResolvedParticipant { id, manifest, model, effort, .. } in resolved {
        let name = manifest.id.as_str();
        let found = looked.entry(name.to_owned()).or_insert_with(|| {
            let found = equip(&manifest, &settings.adapter(name), &host, machine)?;
            warnings.extend(reservations(&manifest, &found.0));
            Ok(found)
        });
        if let Ok((program, pool)) = found {
            let (program, pool) = (program.clone(), pool.clone());
            participants.push(ReadyParticipant { id, manifest, program, pool, model, effort });
        }
    }
    let missing = Error::all(looked.into_values().filter_map(Result::err));
    match missing {
        None => {}
        Some(error) if settings.allow_missing && !participants.is_empty() => {
            warnings.extend(error.messages.into_iter().map(|message| format!("{message}; continuing without it")));
        }
        Some(error) if settings.allow_missing => return Err(error),
        Some(error) => {
            return Err(error.hint("`--allow-missing` continues with the others; `refinery doctor` checks everything"));
        }
    }
    Ok(Found { participants, host })
}

/// The machine, as adapters see it.
pub fn host<'a>(manifests: impl Iterator<Item = &'a Manifest>, machine: &Machine) -> Host {
    Host { dotenv: machine.dotenv.clone(), ..locate::host(manifests, &machine.env, &machine.folders) }
}

/// Program and credential of one adapter.
fn equip(
    manifest: &Manifest,
    said: &AdapterSettings,
    host: &Host,
    machine: &Machine,
) -> Result<(Program, ChosenPool), Error> {
    // Who has not even the program is told to install it first.
    let program = locate(manifest, said, machine)?;
    Ok((program, credential(manifest, host, said.billing.unwrap_or_default())?))
}

/// The program of an adapter, with its version where a file beside it says so.
///
/// # Errors
/// Not found: what to type to install it.
pub fn locate(manifest: &Manifest, said: &AdapterSettings, machine: &Machine) -> Result<Program, Error> {
    locate::locate(manifest, said.program.as_deref(), &said.program_args, &machine.env, &machine.folders)
}

/// What should be known of a CLI before it is relied on.
fn reservations(manifest: &Manifest, program: &Program) -> Vec<String> {
    let name = &manifest.id;
    let mut all = Vec::new();
    if !manifest.verified() {
        all.push(format!("{name}: this adapter is not verified with the real CLI"));
    }
    if let (Some(version), Some(range)) = (&program.version, manifest.tested_range())
        && manifest.tested_with(version) == Some(false)
    {
        all.push(format!("{name}: version {version} is untested (tested: {range})"));
    }
    all
}
