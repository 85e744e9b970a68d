//! From what was typed to a run that is ready: everything that can be wrong is found here, before
//! the first call.

use crate::adapter::{Catalog, Host};
use crate::app::advice::advice;
use crate::app::input::{self, Input, Sources};
use crate::app::persona_files;
use crate::app::resolve::{self, Found, ReadyParticipant, ResolvedParticipant};
use crate::app::roster::{Assignment, RosterBuilder};
use crate::app::settings::{self, Loaded};
use crate::cli::commands::planner::Planner;
use crate::cli::commands::self_refine;
use crate::config::Settings;
use crate::error::Error;
use crate::host::{Machine, machine, manifests};
use crate::ids::{AdapterId, ParticipantId};
use crate::plan::{
    self, Concurrency, Estimate, Participant, Pool, Prices, ProtocolPlan, RunLimits, RunPlan, parse_debaters,
    parse_participants,
};
use crate::protocol::consensus::Material;
use crate::protocol::debate::{Persona, built_in};
use crate::protocol::refine::SelfRefinePlan;
use std::collections::BTreeMap;
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
    /// Where runs and kept folders lie; nothing, if this machine has no such place.
    pub state_dir: Option<PathBuf>,
}

/// What a dry run tells.
#[derive(Debug)]
pub struct Dry {
    /// What would be done, and by whom.
    pub drawn: Drawn,
    /// The most calls that it can take.
    pub estimate: Estimate,
    /// Question and files.
    pub input: Input,
}

/// A plan that was drawn up: what is done, and by whom.
#[derive(Debug)]
pub struct Drawn {
    /// What is done with the question.
    pub protocol: ProtocolPlan,
    /// The critique pass over the answer, where one is asked for.
    pub self_refine: Option<SelfRefinePlan>,
    /// Who takes part in everything.
    pub room: Vec<ResolvedParticipant>,
    /// Who takes part only where it is named.
    pub aside: Vec<ResolvedParticipant>,
    /// Who has a part of its own.
    parts: Vec<Assignment>,
    warnings: Vec<String>,
}

impl Drawn {
    /// A protocol for nobody in particular.
    #[must_use]
    pub fn of(protocol: ProtocolPlan) -> Self {
        let (room, aside, parts, warnings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { protocol, self_refine: None, room, aside, parts, warnings }
    }
}

/// A run, or what it would be.
#[derive(Debug)]
pub enum Prepared {
    /// It can begin.
    Ready(Box<Ready>),
    /// Only asked for.
    Dry(Box<Dry>),
}

/// Checks everything: settings, input, participants, and, but for a dry run, programs and
/// credentials. `warnings` takes what a person should know, whatever becomes of it.
///
/// # Errors
/// Whatever is wrong with it; nothing was called.
pub fn prepare(
    planner: &dyn Planner,
    machine: &mut Machine,
    settings: Settings,
    warnings: &mut Vec<String>,
) -> Result<Prepared, Error> {
    let shared = planner.shared();
    let sources = Sources {
        prompt: shared.prompt.as_deref(),
        files: &shared.files,
        draft: planner.draft(),
        implied_question: planner.implied_question(),
    };
    let input = input::read(sources, &machine.cwd, &mut machine.stdin, warnings)?;
    let explicit: Vec<_> = shared.adapter.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    warnings.extend(strangers(&settings, &catalog));
    let personas =
        planner.personas().map(|files| persona_files::load(&machine.folders, &machine.cwd, files)).transpose()?;
    let resolved = resolve::resolve(wanted(planner, &settings, &catalog, personas.as_deref())?, &catalog, &settings)?;
    let listed: Vec<_> = resolved.iter().map(|one| one.id.clone()).collect();
    let draw = |room: Vec<ResolvedParticipant>| {
        let mut roster = RosterBuilder::new(&settings, &machine.cwd, &catalog, room, input.draft.clone());
        roster.listed.clone_from(&listed);
        roster.personas = personas.clone().unwrap_or_else(|| built_in().to_vec());
        draw_up(planner, roster)
    };
    let drawn = draw(resolved.clone())?;
    warnings.extend(drawn.warnings.iter().cloned());
    warnings.extend(advice(&drawn.protocol, &drawn.room, &drawn.aside));
    if shared.dry_run {
        let estimate = plan::estimate_run(&drawn.protocol, drawn.self_refine.as_ref(), drawn.room.len());
        return Ok(Prepared::Dry(Box::new(Dry { drawn, estimate, input })));
    }
    let named = drawn.room.len();
    let Equipped { drawn, found: Found { participants, host } } =
        equip(drawn, resolved, draw, &settings, machine, warnings)?;
    if let (ProtocolPlan::Consensus(_), [left], true) = (&drawn.protocol, drawn.room.as_slice(), named > 1) {
        warnings.push(format!("only {} is left: its bare answer, reviewed by nobody", left.id));
    }
    priced(&participants, &settings)?;
    let plan = freeze(&participants, drawn, input, &settings, machine);
    // Question and files are never cut: who cannot take them whole is found before anything is paid.
    drop(plan.machine()?);
    let state_dir = state_dir(&settings, machine);
    Ok(Prepared::Ready(Box::new(Ready { plan, participants, host, settings, warnings: warnings.clone(), state_dir })))
}

/// The plan for those in the room.
fn draw_up(planner: &dyn Planner, mut roster: RosterBuilder<'_>) -> Result<Drawn, Error> {
    let protocol = planner.plan(&mut roster)?;
    let self_refine = if planner.self_refines() { self_refine::plan(&mut roster)? } else { None };
    Ok(Drawn {
        protocol,
        self_refine,
        room: roster.room().to_vec(),
        aside: roster.aside().to_vec(),
        parts: roster.parts().to_vec(),
        warnings: roster.warnings,
    })
}

/// A plan whose participants are all there.
struct Equipped {
    drawn: Drawn,
    found: Found,
}

/// Finds everybody's program and credential. Whoever is missing and may be is left out, and the plan
/// drawn up again without it.
fn equip(
    mut drawn: Drawn,
    mut resolved: Vec<ResolvedParticipant>,
    draw: impl Fn(Vec<ResolvedParticipant>) -> Result<Drawn, Error>,
    settings: &Settings,
    machine: &Machine,
    warnings: &mut Vec<String>,
) -> Result<Equipped, Error> {
    loop {
        let everybody: Vec<ResolvedParticipant> = drawn.room.iter().chain(&drawn.aside).cloned().collect();
        let ids: Vec<ParticipantId> = everybody.iter().map(|one| one.id.clone()).collect();
        let mut told = Vec::new();
        let found = resolve::find(everybody, settings, machine, &mut told);
        for line in told {
            if !warnings.contains(&line) {
                warnings.push(line);
            }
        }
        let present: Vec<ParticipantId> =
            found.iter().flat_map(|found| &found.participants).map(|participant| participant.id.clone()).collect();
        let missing = |id: &ParticipantId| ids.contains(id) && !present.contains(id);
        let found = match found {
            Ok(found) if !ids.iter().any(missing) => return Ok(Equipped { drawn, found }),
            found => found,
        };
        let needed = drawn.parts.iter().filter(|part| missing(&part.id));
        let needed = needed.map(|part| Error::config(format!("{} is missing, and {} needs it", part.id, part.place)));
        resolved.retain(|one| !missing(&one.id));
        match (found, Error::all(needed)) {
            (Ok(_), None) if !resolved.is_empty() => {}
            // Those who were there for nothing else may stand in for those who are not.
            (Err(error), None) if settings.allow_missing && !resolved.is_empty() => {
                warnings
                    .extend(error.messages.into_iter().map(|message| format!("{message}; the run goes on without it")));
            }
            (Err(error), _) => return Err(error),
            (Ok(_), Some(error)) => return Err(error.hint("`refinery doctor` says what is missing")),
            (Ok(_), None) => {
                return Err(Error::config("nobody is left to ask").hint("`refinery doctor` says who can work here"));
            }
        }
        drawn = draw(resolved.clone())?;
    }
}

/// All layers of a run's settings.
///
/// # Errors
/// Those of [`settings::load`].
pub fn load(planner: &dyn Planner, machine: &Machine) -> Result<Loaded, Error> {
    settings::load(machine, planner.shared().config.as_deref(), planner.entries())
}

fn wanted(
    planner: &dyn Planner,
    settings: &Settings,
    catalog: &Catalog,
    personas: Option<&[Persona]>,
) -> Result<Vec<plan::Wanted>, Error> {
    if settings.models.iter().all(|list| list.trim().is_empty()) {
        return Err(Error::config("nobody is named to ask")
            .hint("refinery \"your question\" --models claude,codex,gemini")
            .hint("`refinery doctor` says who can work here; `models` in the configuration names the usual ones"));
    }
    let known: Vec<_> = catalog.iter().map(|manifest| manifest.id.as_str()).collect();
    match personas {
        None => parse_participants(&settings.models, &known, &planner.room()),
        Some(personas) => {
            let personas: Vec<_> = personas.iter().map(|persona| persona.id.as_str()).collect();
            parse_debaters(&settings.models, &known, &personas, &planner.room())
        }
    }
}

/// Sections of the configuration for adapters that there are not.
fn strangers(settings: &Settings, catalog: &Catalog) -> Vec<String> {
    let strange = settings.adapters.keys().filter(|name| catalog.get(name).is_none());
    strange.map(|name| format!("there are settings for an adapter `{name}`, but no such adapter")).collect()
}

/// Puts everything that decides what a run does in one place, with what is drawn for it.
pub(crate) fn freeze(
    participants: &[ReadyParticipant],
    drawn: Drawn,
    input: Input,
    settings: &Settings,
    machine: &Machine,
) -> RunPlan {
    let adapters: BTreeMap<_, _> = participants
        .iter()
        .map(|participant| {
            let said = settings.adapter(participant.manifest.id.as_str()).concurrency;
            (participant.manifest.id.clone(), said.unwrap_or_else(|| participant.manifest.default_concurrency()))
        })
        .collect::<BTreeMap<AdapterId, usize>>();
    RunPlan {
        run_id: machine::run_id(machine.now),
        created_at: machine.now,
        protocol: drawn.protocol,
        participants: participants.iter().map(|one| frozen(one, settings)).collect(),
        aside: drawn.aside.into_iter().map(|one| one.id).collect(),
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

fn frozen(participant: &ReadyParticipant, settings: &Settings) -> Participant {
    Participant {
        id: participant.id.clone(),
        adapter: participant.manifest.id.clone(),
        model: participant.model.argument.clone(),
        model_id: participant.model.model_id.clone(),
        effort: participant.effort,
        pool: Pool::from(&participant.pool),
        prices: prices(participant, settings),
        vendor_words: participant.manifest.vendor_words(),
        prompt_bytes: participant.manifest.prompt_bytes(),
    }
}

/// What an account that is paid per use is charged, if the configuration says both.
fn prices(participant: &ReadyParticipant, settings: &Settings) -> Option<Prices> {
    let said = settings.adapter(participant.manifest.id.as_str());
    said.input_price.zip(said.output_price).map(|(input, output)| Prices { input, output })
}

/// A budget in money needs to know what everybody costs who costs money.
fn priced(participants: &[ReadyParticipant], settings: &Settings) -> Result<(), Error> {
    if settings.budget.usd.is_none() {
        return Ok(());
    }
    let mut unknown: Vec<_> = participants
        .iter()
        .filter(|participant| {
            participant.pool.metered
                && !participant.manifest.output.reports_cost
                && prices(participant, settings).is_none()
        })
        .map(|participant| participant.manifest.id.as_str())
        .collect();
    unknown.dedup();
    Error::all(unknown.into_iter().map(|name| {
        Error::config(format!("--budget-usd: nobody says what a call of {name} costs"))
            .hint(format!("set input_price and output_price in [adapters.{name}] of the configuration"))
    }))
    .map_or(Ok(()), Err)
}

/// Where runs and kept folders lie; nothing, if this machine has no such place.
#[must_use]
pub fn state_dir(settings: &Settings, machine: &Machine) -> Option<PathBuf> {
    match &settings.state_dir {
        Some(folder) => Some(machine.cwd.join(machine.folders.expand(&folder.to_string_lossy()))),
        None => machine.folders.state.clone(),
    }
}
