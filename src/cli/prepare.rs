//! From what was typed to a run that is ready: everything that can be wrong is found here, before
//! the first call.

use super::args::RunArgs;
use super::input::{self, Input};
use super::seats::{self, Cast, Found, Seat};
use super::settings::{self, Loaded};
use crate::adapter::{Catalog, Host};
use crate::config::Settings;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::host::{Machine, machine, manifests};
use crate::ids::AdapterId;
use crate::plan::{
    self, Concurrency, Estimate, Participant, Pool, Prices, ProtocolPlan, RunLimits, RunPlan, parse_participants,
};
use crate::protocol::consensus::{ConsensusPlan, Material};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A run that can begin.
#[derive(Debug)]
pub struct Ready {
    /// What the run will be.
    pub plan: RunPlan,
    /// For each participant of the plan, in the same order, what a call through its CLI needs.
    pub seats: Vec<Seat>,
    /// The machine, as adapters see it.
    pub host: Host,
    /// All settings.
    pub settings: Settings,
    /// The most calls that it can take.
    pub estimate: Estimate,
    /// What a person was warned of.
    pub warnings: Vec<String>,
    /// Where runs and kept folders lie; nothing, if this machine has no such place.
    pub state_dir: Option<PathBuf>,
}

/// What a dry run tells.
#[derive(Debug)]
pub struct Dry {
    /// The protocol's settings.
    pub plan: ConsensusPlan,
    /// Who would take part.
    pub cast: Vec<Cast>,
    /// The most calls that it can take.
    pub estimate: Estimate,
    /// Question and files.
    pub input: Input,
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
    args: &RunArgs,
    machine: &mut Machine,
    settings: Settings,
    warnings: &mut Vec<String>,
) -> Result<Prepared, Error> {
    let input = input::read(args.prompt.as_deref(), &args.files, &machine.cwd, &mut machine.stdin, warnings)?;
    let explicit: Vec<_> = args.adapter.iter().map(|path| machine.cwd.join(path)).collect();
    let catalog = manifests::load(&machine.folders, &explicit)?;
    warnings.extend(strangers(&settings, &catalog));
    let cast = seats::cast(wanted(&settings, &catalog)?, &catalog, &settings)?;
    let protocol = consensus(&settings);
    warnings.extend(cautions(&protocol, &cast));
    if args.dry_run {
        let estimate = plan::estimate(&protocol, cast.len());
        return Ok(Prepared::Dry(Box::new(Dry { plan: protocol, cast, estimate, input })));
    }
    let named = cast.len();
    let Found { seats, host } = seats::find(cast, &settings, machine, warnings)?;
    if seats.len() == 1 && named > 1 {
        warnings.push(format!("only {} is left: its bare answer, reviewed by nobody", seats[0].id));
    }
    priced(&seats, &settings)?;
    let estimate = plan::estimate(&protocol, seats.len());
    let plan = freeze(&seats, protocol, input, &settings, machine);
    // Question and files are never cut: who cannot take them whole is found before anything is paid.
    drop(plan.machine()?);
    let state_dir = state_dir(&settings, machine);
    Ok(Prepared::Ready(Box::new(Ready {
        plan,
        seats,
        host,
        settings,
        estimate,
        warnings: warnings.clone(),
        state_dir,
    })))
}

/// All layers of a run's settings.
///
/// # Errors
/// Those of [`settings::load`].
pub fn load(args: &RunArgs, machine: &Machine) -> Result<Loaded, Error> {
    settings::load(machine, args.config.as_deref(), args.entries())
}

fn wanted(settings: &Settings, catalog: &Catalog) -> Result<Vec<plan::Wanted>, Error> {
    if settings.models.iter().all(|list| list.trim().is_empty()) {
        return Err(Error::config("nobody is named to ask")
            .hint("refinery \"your question\" --models claude,codex,gemini")
            .hint("`refinery doctor` says who can work here; `models` in the configuration names the usual ones"));
    }
    let known: Vec<_> = catalog.iter().map(|manifest| manifest.id.as_str()).collect();
    parse_participants(&settings.models, &known)
}

fn consensus(settings: &Settings) -> ConsensusPlan {
    ConsensusPlan {
        threshold: settings.threshold,
        max_rounds: settings.max_rounds,
        stability_rounds: settings.stability_rounds,
        review: settings.review,
        stepped: false,
        // The effort stands with each participant: here it would overrule `@effort`.
        tuning: Tuning { effort: None, temperature: settings.temperature, reply_tokens: settings.reply_tokens },
    }
}

/// What a person should know of these settings with these participants.
fn cautions(plan: &ConsensusPlan, cast: &[Cast]) -> Vec<String> {
    let mut all = Vec::new();
    if cast.len() > 1 && plan.stability_rounds > plan.max_rounds {
        all.push(format!(
            "--stability-rounds {} is above --max-rounds {}: the run can never converge",
            plan.stability_rounds, plan.max_rounds
        ));
    }
    if cast.len() > 5 {
        all.push(format!("{} participants: the number of reviews grows with their square", cast.len()));
    }
    let asked =
        [(plan.tuning.temperature.is_some(), "--temperature"), (plan.tuning.reply_tokens.is_some(), "--reply-tokens")];
    let mut told = Vec::new();
    for manifest in cast.iter().map(|one| &one.manifest) {
        let (temperature, reply_tokens) = manifest.takes_tuning();
        for ((asked, flag), taken) in asked.into_iter().zip([temperature, reply_tokens]) {
            let line = format!("{}: its CLI takes no {flag}", manifest.id);
            if asked && !taken && !told.contains(&line) {
                told.push(line);
            }
        }
    }
    all.extend(told);
    all
}

/// Sections of the configuration for adapters that there are not.
fn strangers(settings: &Settings, catalog: &Catalog) -> Vec<String> {
    let strange = settings.adapters.keys().filter(|name| catalog.get(name).is_none());
    strange.map(|name| format!("there are settings for an adapter `{name}`, but no such adapter")).collect()
}

/// Puts everything that decides what a run does in one place, with what is drawn for it.
pub(super) fn freeze(
    seats: &[Seat],
    protocol: ConsensusPlan,
    input: Input,
    settings: &Settings,
    machine: &Machine,
) -> RunPlan {
    let adapters: BTreeMap<_, _> = seats
        .iter()
        .map(|seat| {
            let said = settings.adapter(seat.manifest.id.as_str()).concurrency;
            (seat.manifest.id.clone(), said.unwrap_or_else(|| seat.manifest.default_concurrency()))
        })
        .collect::<BTreeMap<AdapterId, usize>>();
    RunPlan {
        run_id: machine::run_id(machine.now),
        created_at: machine.now,
        protocol: ProtocolPlan::Consensus(protocol),
        participants: seats.iter().map(|seat| participant(seat, settings)).collect(),
        aside: Vec::new(),
        self_refine: None,
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

fn participant(seat: &Seat, settings: &Settings) -> Participant {
    Participant {
        id: seat.id.clone(),
        adapter: seat.manifest.id.clone(),
        model: seat.model.argument.clone(),
        model_id: seat.model.model_id.clone(),
        effort: seat.effort,
        pool: Pool::from(&seat.pool),
        prices: prices(seat, settings),
        vendor_words: seat.manifest.vendor_words(),
        prompt_bytes: seat.manifest.prompt_bytes(),
    }
}

/// What an account that is paid per use is charged, if the configuration says both.
fn prices(seat: &Seat, settings: &Settings) -> Option<Prices> {
    let said = settings.adapter(seat.manifest.id.as_str());
    said.input_price.zip(said.output_price).map(|(input, output)| Prices { input, output })
}

/// A budget in money needs to know what everybody costs who costs money.
fn priced(seats: &[Seat], settings: &Settings) -> Result<(), Error> {
    if settings.budget.usd.is_none() {
        return Ok(());
    }
    let mut unknown: Vec<_> = seats
        .iter()
        .filter(|seat| seat.pool.metered && !seat.manifest.output.reports_cost && prices(seat, settings).is_none())
        .map(|seat| seat.manifest.id.as_str())
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
