//! From a request to a run that is ready: everything that can be wrong is found here, before the first call.

use crate::adapter::Host;
use crate::app::confidential;
use crate::app::draft::Draft;
use crate::app::freeze::freeze;
use crate::app::plans;
use crate::app::prices::check_prices;
use crate::app::request::RunRequest;
use crate::app::resolve::{self, Found, ReadyParticipant};
use crate::app::settings::{self, Loaded};
use crate::config::Settings;
use crate::error::Error;
use crate::host::Machine;
use crate::ids::ParticipantId;
use crate::plan::{ProtocolPlan, RunPlan};
use std::path::PathBuf;

/// A run that can begin.
#[derive(Debug)]
pub struct Ready {
    /// What the run will be.
    pub plan: RunPlan,
    /// For each participant of the plan, in the same order, what a call through its CLI needs.
    pub participants: Vec<ReadyParticipant>,
    /// The machine, as adapters see it.
    pub host: Host,
    /// All settings.
    pub settings: Settings,
    /// What a person was warned of.
    pub warnings: Vec<String>,
    /// The directory of saved runs and debug files; `None` if this machine has no such place.
    pub state_dir: Option<PathBuf>,
}

/// All settings of a request: its own on top of environment and configuration.
///
/// # Errors
/// Those of [`settings::load`]; with them, what is wrong with the values of options.
pub fn load(request: &RunRequest, machine: &Machine) -> Result<Loaded, Error> {
    settings::load(machine, request.config.as_deref(), request.settings.clone()).map_err(|error| {
        let all = [error.clone()].into_iter().chain(plans::wrong_values(request));
        Error::all(all).unwrap_or(error)
    })
}

/// Checks everything: input, participants, programs and credentials. `warnings` takes what a person should
/// know, whatever becomes of it.
///
/// # Errors
/// What is wrong with it; nothing was called.
pub fn prepare(
    request: RunRequest,
    settings: Settings,
    machine: &mut Machine,
    warnings: &mut Vec<String>,
) -> Result<Ready, Error> {
    let mut draft = Draft::of(request, settings, machine, warnings)?;
    let named = draft.drawn.members.len();
    let Found { participants, host } = equip(&mut draft, machine, warnings)?;
    if !draft.request.input.allow_secrets {
        confidential::check_texts(&draft.input, &draft.catalog, machine)?;
    }
    warnings.extend(confidential::destinations(&participants, &host));
    let Draft { drawn, input, settings, .. } = draft;
    if let (ProtocolPlan::Consensus(_), [left], true) = (&drawn.protocol, drawn.members.as_slice(), named > 1) {
        warnings.push(format!("only {} is left: one model only, not reviewed", left.id));
    }
    let plan = freeze(&participants, drawn, input, &settings, machine);
    warnings.extend(check_prices(&plan, &participants)?);
    // Question and files are never cut: a participant that cannot take them whole is found before anything
    // is paid.
    drop(plan.machine()?);
    let state_dir = state_dir(&settings, machine);
    Ok(Ready { plan, participants, host, settings, warnings: warnings.clone(), state_dir })
}

/// Finds every participant's program and credential. What is missing and may be is left out, and the plan
/// drawn up again without it.
fn equip(draft: &mut Draft, machine: &Machine, warnings: &mut Vec<String>) -> Result<Found, Error> {
    loop {
        let all: Vec<_> = draft.drawn.members.iter().chain(&draft.drawn.auxiliary).cloned().collect();
        let ids: Vec<ParticipantId> = all.iter().map(|one| one.id.clone()).collect();
        let mut told = Vec::new();
        let found = resolve::find(all, &draft.settings, machine, &mut told);
        for line in told {
            if !warnings.contains(&line) {
                warnings.push(line);
            }
        }
        let present: Vec<ParticipantId> =
            found.iter().flat_map(|found| &found.participants).map(|one| one.id.clone()).collect();
        let missing = |id: &ParticipantId| ids.contains(id) && !present.contains(id);
        let found = match found {
            Ok(found) if !ids.iter().any(missing) => return Ok(found),
            found => found,
        };
        let needed = draft.drawn.assignments.iter().filter(|one| missing(&one.id));
        let needed = needed.map(|one| Error::config(format!("{} is missing, and {} needs it", one.id, one.place)));
        draft.resolved.retain(|one| !missing(&one.id));
        let none_left = draft.resolved.is_empty();
        match (found, Error::all(needed)) {
            (Ok(_), None) if !none_left => {}
            // Those who were there for nothing else may stand in for those who are not.
            (Err(error), None) if draft.settings.allow_missing && !none_left => {
                warnings.extend(error.messages.into_iter().map(|message| format!("{message}; continuing without it")));
            }
            (Err(error), _) => return Err(error),
            (Ok(_), Some(error)) => return Err(error.hint("`refinery doctor` shows what is missing")),
            (Ok(_), None) => {
                return Err(
                    Error::config("no participant is left").hint("`refinery doctor` shows which ones work here")
                );
            }
        }
        draft.drawn = draft.draw()?;
    }
}

/// The directory of saved runs and debug files; `None` if this machine has no such place.
#[must_use]
pub fn state_dir(settings: &Settings, machine: &Machine) -> Option<PathBuf> {
    match &settings.state_dir {
        Some(folder) => Some(machine.cwd.join(machine.folders.expand(&folder.to_string_lossy()))),
        None => machine.folders.state.clone(),
    }
}
