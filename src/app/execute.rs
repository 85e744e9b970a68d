//! From a run that is ready to a run that is finished.

use crate::app::endpoints::{ProgramEnv, endpoints};
use crate::app::prepare::Ready;
use crate::call::Caller;
use crate::engine::{self, Bounds, Header, Listener, Record, Recorded, RunDeps, RunMeta, begin_journal, replay};
use crate::error::Error;
use crate::journal::{Retention, Store, Writer};
use crate::outcome::Finished;
use crate::plan::RunLimits;
use crate::process::{Marker, Supervisor, Watchdog};
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

/// Where a run begins.
pub enum Begin {
    /// With its first question.
    Anew,
    /// Where its journal ends; the file is locked.
    /// With these prompt templates from there on, if they changed.
    GoOn(Box<Recorded>, File, Option<BTreeMap<String, String>>),
}

/// Makes the calls. `listener` takes every event, in order; of a run that goes on, those from there
/// on.
///
/// # Errors
/// The run could not begin; a run that began is always finished, with its status.
pub fn execute(
    ready: &Ready,
    begin: Begin,
    surroundings: &ProgramEnv,
    listener: Listener<'_>,
) -> Result<Finished, Error> {
    let protocol = ready.plan.machine()?;
    // Before the first thread: the watchdog is a copy of this program as it is now.
    let marker = Marker::new(format!("{}-{}", ready.plan.run_id, std::process::id()));
    let watchdog = Watchdog::start(&surroundings.program, &["__watchdog"], &marker).map_err(|error| {
        Error::failed(format!("the watchdog over the CLIs cannot be started: {error}"))
            .hint("it is this same program: check that it can be executed")
    })?;
    let supervisor = Supervisor::new(marker).with_watchdog(watchdog);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::failed(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let stop = engine::signals().map_err(|error| Error::failed(format!("signals cannot be heard: {error}")))?;
        let caller = Caller::new(endpoints(ready, supervisor, surroundings)?);
        let clock = Arc::clone(&surroundings.clock);
        let RunLimits { budget, max_wall, on_limit, .. } = ready.plan.limits.clone();
        let bounds = Bounds { budget, max_wall, on_limit };
        let world = |journal| RunDeps { caller, stop, clock, journal, bounds };
        match begin {
            Begin::Anew => {
                let header = Header::new(ready.plan.clone(), ready.warnings.clone(), (surroundings.clock)());
                let journal = journal(ready, &header).await?;
                Ok(engine::drive(protocol, RunMeta::of(&ready.plan), header.at, world(journal), listener).await)
            }
            Begin::GoOn(recorded, file, templates) => {
                let writer = recorded.writer(file).map_err(|error| {
                    Error::failed(format!("the journal of {} cannot be written: {error}", ready.plan.run_id))
                })?;
                let limits =
                    Some(&ready.plan.limits).filter(|limits| *limits != recorded.limits()).cloned().map(Box::new);
                let Recorded { header, entries, mut warnings, .. } = *recorded;
                // What was heard before is not told again.
                let heard = &mut |_: &_| {};
                let replayed = replay(protocol, RunMeta::of(&ready.plan), header.at, entries, heard)
                    .map_err(|unfit| Error::failed(format!("{}: {unfit}", ready.plan.run_id)))?;
                warnings.extend(replayed.warning());
                let resumed = Record::Resumed { limits, templates };
                Ok(engine::resume(replayed.with_listener(listener), resumed, warnings, world(Some(writer))).await)
            }
        }
    })
}

/// The journal of a new run, after making room for it; nothing, if the person wants none.
async fn journal(ready: &Ready, header: &Header) -> Result<Option<Writer>, Error> {
    if ready.settings.no_journal {
        return Ok(None);
    }
    let without = "`--no-journal` goes on without one: the run can then be neither resumed nor replayed";
    let state = ready.state_dir.as_ref().ok_or_else(|| {
        Error::config("there is no place for the run's journal")
            .hint("set HOME, or name a folder with `--state-dir`")
            .hint(without)
    })?;
    let store = Store::open(state).map_err(|error| Error::config(error.to_string()).hint(without))?;
    let path = store.path(&ready.plan.run_id);
    let begun = begin_journal(&path, header).await;
    // With the new one among them, which is locked and stays. Tidying up never stops a run.
    let _ = store.tidy(&Retention::default(), SystemTime::now());
    match begun {
        Ok(writer) => Ok(Some(writer)),
        Err(error) => {
            Err(Error::config(format!("the journal {} cannot be written: {error}", path.display())).hint(without))
        }
    }
}
