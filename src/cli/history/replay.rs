//! `refinery replay`: a run once more, from its journal alone.

use crate::app::again::store;
use crate::app::settings;
use crate::cli::console::Console;
use crate::cli::history::journal_args::ReplayArgs;
use crate::engine::{Briefing, Entry, Record, Recorded, refold};
use crate::error::Error;
use crate::event::Event;
use crate::host::Machine;
use crate::outcome::{Finished, Status};
use crate::report::Reporter;
use anyhow::Context as _;

/// Shows the run: every event that it recorded, then its outcome. Returns the run's own exit code.
///
/// # Errors
/// There is no such run, or its journal cannot be read as one.
pub fn run(args: &ReplayArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let settings = settings::load(machine, args.place.config.as_deref(), args.place.entries())?.settings;
    let console = Console { format: settings.output_format, ..console };
    let stored = store(&settings, machine)?.find(&args.run).map_err(|error| Error::config(error.to_string()))?;
    let recorded = Recorded::read(&stored.path)?;
    let mut reporters = console.reporters(args.verbose || settings.verbose, false);
    let finished = retell(recorded, &mut |event| reporters.report(event))?;
    reporters.finish(&finished).context("standard output cannot be written")?;
    Ok(finished.outcome.status.exit_code())
}

/// Folds a journal anew; of a run that was cut off, what it had come to by then.
///
/// # Errors
/// The journal does not fit its plan.
pub fn retell(recorded: Recorded, listener: &mut (dyn FnMut(&Event) + Send)) -> Result<Finished, Error> {
    let Recorded { header, mut entries, .. } = recorded;
    if !matches!(entries.last().map(|entry| &entry.record), Some(Record::Closed { .. })) {
        // It was killed, or still runs: what it has come to is shown as if it had been stopped here.
        let at = entries.last().map_or(header.at, |entry| entry.at);
        entries.push(Entry { at, record: Record::Closed { status: Some(Status::Cancelled) } });
    }
    let protocol = header.plan.machine()?;
    let refolded = refold(protocol, Briefing::of(&header.plan), header.at, entries, listener)
        .map_err(|unfit| Error::failed(format!("{}: {unfit}", header.plan.run_id)))?;
    let mut finished = refolded.fold.finish();
    finished.totals.warnings.splice(0..0, header.warnings);
    Ok(finished)
}
