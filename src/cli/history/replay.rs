//! `refinery replay`: a run once more, from its journal alone.

use crate::app::again::{find, store};
use crate::app::settings;
use crate::cli::console::Console;
use crate::cli::history::journal_args::ReplayArgs;
use crate::engine::{Record, Recorded};
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
    let stored = find(&store(&settings, machine)?, args.run.as_deref())?;
    let recorded = Recorded::read(&stored.path)?;
    let mut reporters = console.reporters(args.verbose || settings.verbose, false);
    let finished = retell(&recorded, &mut |event| reporters.report(event))?;
    reporters.finish(&finished).context("standard output cannot be written")?;
    Ok(finished.outcome.status.exit_code())
}

/// Replays a journal; of a run that was cut off, what it had come to by then. A run that was closed is shown as
/// it was printed; without a printed outcome (an older format), the rules of this version work it out.
///
/// # Errors
/// The journal holds a record after its end, or its plan does not hold together.
pub fn retell(recorded: &Recorded, listener: &mut (dyn FnMut(&Event) + Send)) -> Result<Finished, Error> {
    let Recorded { header, end, .. } = recorded;
    let mut replayed = recorded.replay(listener)?;
    if end.is_none() {
        // It was killed, or still runs: what it has come to is shown as if it had been stopped here.
        let record = Record::Closed { status: Some(Status::Cancelled), finished: None };
        replayed.fold.apply(recorded.last_at, record);
    }
    let printed = end.is_some_and(|end| end.printed);
    let mut warnings = recorded.warnings.clone();
    if !printed && (end.is_some() || header.minor == 0) {
        let (version, now) = (&header.version, env!("CARGO_PKG_VERSION"));
        warnings.push(format!(
            "the journal of refinery {version} holds no outcome that this version can show: it was worked out by the \
             rules of refinery {now}"
        ));
    }
    // What was printed does not depend on what today's rules leave out.
    warnings.extend(replayed.warning().filter(|_| !printed));
    let mut finished = replayed.fold.finish();
    finished.totals.warnings.splice(0..0, header.warnings.iter().cloned().chain(warnings));
    Ok(finished)
}
