//! From a run that is ready to a run that is finished.

use crate::app::endpoints::endpoints;
use crate::app::prepare::Ready;
use crate::call::{Caller, WorkerPool};
use crate::engine::{
    self, Bounds, Clock, Header, Listener, Record, Recorded, RunDeps, RunMeta, begin_journal, is_finished,
};
use crate::error::Error;
use crate::invocation::StopLevel;
use crate::journal::{Retention, Store, Writer};
use crate::outcome::Finished;
use crate::plan::RunLimits;
use crate::process::Supervisor;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// What all runs of a process share. A front end makes it once.
#[derive(Clone)]
pub struct ProgramEnv {
    /// Starts and ends the children, with the watchdog over them all.
    pub supervisor: Supervisor,
    /// Rises when the runs should stop.
    pub stop: watch::Receiver<StopLevel>,
    /// Tells the time, and never jumps.
    pub clock: Clock,
    /// Takes lines for the person beside the events: CLI calls of runs that show them, runs that were removed.
    pub notice: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Where a run begins.
pub enum Begin {
    /// With its first question.
    Anew,
    /// Where its journal ends; the file is locked. With these prompt templates from there on, if they changed.
    GoOn(Box<Recorded>, File, Option<BTreeMap<String, String>>),
}

/// Makes the calls, on the tokio runtime that polls it; any number of runs may be executed at once.
/// `listener` takes every event, in order; of a run that is resumed, those from there on. Dropping the future
/// ends every child.
///
/// # Errors
/// The run could not begin; a run that began is always finished, with its status.
pub async fn execute(ready: &Ready, begin: Begin, env: &ProgramEnv, listener: Listener<'_>) -> Result<Finished, Error> {
    let workers = WorkerPool::default();
    let caller = Caller::new(endpoints(ready, env, &workers)?);
    let RunLimits { budget, max_wall, on_limit, .. } = ready.plan.limits.clone();
    let bounds = Bounds { budget, max_wall, on_limit };
    let (stop, clock) = (env.stop.clone(), Arc::clone(&env.clock));
    let deps = |journal| RunDeps { caller, stop, clock, journal, bounds };
    let finished = match begin {
        Begin::Anew => {
            let header = Header::new(ready.plan.clone(), ready.warnings.clone(), (env.clock)());
            let protocol = ready.plan.machine()?;
            let meta = RunMeta::of(&ready.plan).with_told(&ready.warnings);
            let journal = journal(ready, &header, env)?;
            engine::drive(protocol, meta, header.at, deps(journal), listener).await
        }
        Begin::GoOn(recorded, file, templates) => {
            let writer = recorded.writer(file).map_err(|error| {
                Error::failed(format!("the journal of {} cannot be written: {error}", ready.plan.run_id))
            })?;
            let limits = Some(&ready.plan.limits).filter(|limits| *limits != recorded.limits()).cloned().map(Box::new);
            // What was heard before is not told again.
            let heard = &mut |_: &_| {};
            let replayed = recorded.replay(heard)?;
            let mut warnings = recorded.warnings;
            warnings.extend(replayed.warning());
            let resumed = Record::Resumed { limits, templates };
            engine::resume(replayed.with_listener(listener), resumed, warnings, deps(Some(writer))).await
        }
    };
    workers.close(env.stop.clone()).await.iter().for_each(|warning| (env.notice)(warning));
    Ok(finished)
}

/// The journal of a new run, after making room for it; nothing, if the person wants none.
fn journal(ready: &Ready, header: &Header, env: &ProgramEnv) -> Result<Option<Writer>, Error> {
    if ready.settings.no_journal {
        return Ok(None);
    }
    let without = "`--no-journal` does not save the run: it can then be neither resumed nor replayed";
    let state = ready.state_dir.as_ref().ok_or_else(|| {
        Error::config("no directory for saved runs").hint("set HOME, or name one with `--state-dir`").hint(without)
    })?;
    let store = Store::open(state).map_err(|error| Error::config(error.to_string()).hint(without))?;
    let path = store.path(&ready.plan.run_id);
    let begun = begin_journal(&path, header);
    tidy(&store, ready, env);
    match begun {
        Ok(writer) => Ok(Some(writer)),
        Err(error) => {
            Err(Error::config(format!("the journal {} cannot be written: {error}", path.display())).hint(without))
        }
    }
}

/// Removes the runs that the settings do not keep, and says so; a failure never stops a run.
fn tidy(store: &Store, ready: &Ready, env: &ProgramEnv) {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let settings = &ready.settings;
    let rules = Retention {
        age: settings.keep_days.map(|days| DAY * days),
        runs: settings.keep_runs,
        unfinished: !settings.keep_unfinished,
    };
    let gone = store.tidy(&rules, SystemTime::now(), |one| is_finished(&one.path, &one.run)).unwrap_or_default();
    if let Some(last) = gone.last() {
        let more = if gone.len() > 1 { format!(" and {} more", gone.len() - 1) } else { String::new() };
        let text = format!("removed old run {last}{more} (settings keep_runs and keep_days)");
        (env.notice)(&text);
    }
}
