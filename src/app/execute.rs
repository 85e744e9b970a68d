//! From a run that is ready to a run that is finished.

use crate::app::endpoints::endpoints;
use crate::app::prepare::Ready;
use crate::call::Caller;
use crate::engine::{self, Bounds, Briefing, Clock, Header, Listener, Recorded, RunDeps, begin_journal, refold};
use crate::error::Error;
use crate::invocation::StopLevel;
use crate::journal::{Retention, Store, Writer};
use crate::outcome::Finished;
use crate::plan::RunLimits;
use crate::process::Supervisor;
use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;
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
    /// Takes the lines of runs that show their CLI calls.
    pub debug: Arc<dyn Fn(&str) + Send + Sync>,
}

/// Where a run begins.
pub enum Begin {
    /// With its first question.
    Anew,
    /// Where its journal ends; the file is locked.
    GoOn(Box<Recorded>, File),
}

/// Makes the calls, on the tokio runtime that polls it; any number of runs may be executed at once.
/// `listener` takes every event, in order; of a run that is resumed, those from there on. Dropping the future
/// ends every child.
///
/// # Errors
/// The run could not begin; a run that began is always finished, with its status.
pub async fn execute(ready: &Ready, begin: Begin, env: &ProgramEnv, listener: Listener<'_>) -> Result<Finished, Error> {
    let protocol = ready.plan.machine()?;
    let caller = Caller::new(endpoints(ready, env)?);
    let RunLimits { budget, max_wall, on_limit, .. } = ready.plan.limits.clone();
    let bounds = Bounds { budget, max_wall, on_limit };
    let (stop, clock) = (env.stop.clone(), Arc::clone(&env.clock));
    let deps = |journal| RunDeps { caller, stop, clock, journal, bounds };
    match begin {
        Begin::Anew => {
            let header = Header::new(ready.plan.clone(), ready.warnings.clone(), (env.clock)());
            let journal = journal(ready, &header).await?;
            Ok(engine::drive(protocol, Briefing::of(&ready.plan), header.at, deps(journal), listener).await)
        }
        Begin::GoOn(recorded, file) => {
            let writer = recorded.writer(file).map_err(|error| {
                Error::failed(format!("the journal of {} cannot be written: {error}", ready.plan.run_id))
            })?;
            let limits = Some(&ready.plan.limits).filter(|limits| *limits != recorded.limits()).cloned();
            let Recorded { header, entries, .. } = *recorded;
            // What was heard before is not told again.
            let heard = &mut |_: &_| {};
            let refolded = refold(protocol, Briefing::of(&ready.plan), header.at, entries, heard)
                .map_err(|unfit| Error::failed(format!("{}: {unfit}", ready.plan.run_id)))?;
            Ok(engine::go_on(refolded.with_listener(listener), limits, deps(Some(writer))).await)
        }
    }
}

/// The journal of a new run, after making room for it; nothing, if the person wants none.
async fn journal(ready: &Ready, header: &Header) -> Result<Option<Writer>, Error> {
    if ready.settings.no_journal {
        return Ok(None);
    }
    let without = "`--no-journal` does not save the run: it can then be neither resumed nor replayed";
    let state = ready.state_dir.as_ref().ok_or_else(|| {
        Error::config("no directory for saved runs").hint("set HOME, or name one with `--state-dir`").hint(without)
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
