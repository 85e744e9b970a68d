//! What a run finds around it: this program, a clock that does not jump, the participants' queues.

use crate::adapter::{self, Host};
use crate::app::prepare::Ready;
use crate::app::resolve::ReadyParticipant;
use crate::call::{
    self, AdapterQueue, Backend, Backoff, CallLimit, CliBackend, CliEndpoint, CliSettings, Echo, Endpoints,
    NeedsRefresh,
};
use crate::engine::Clock;
use crate::error::Error;
use crate::host::machine;
use crate::ids::AdapterId;
use crate::invocation::Limits;
use crate::process::Supervisor;
use crate::report::OutputStream;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a run finds around it.
pub struct ProgramEnv {
    /// This program, to be started again as the watchdog.
    pub program: PathBuf,
    /// Tells the time.
    pub clock: Clock,
}

impl ProgramEnv {
    /// The real ones.
    ///
    /// # Errors
    /// The system does not say where this program is.
    pub fn real() -> Result<Self, Error> {
        let program = std::env::current_exe()
            .map_err(|error| Error::failed(format!("the system does not say where this program is: {error}")))?;
        Ok(Self { program, clock: Arc::new(machine::steady_clock()) })
    }
}

/// Everybody who can be asked: participants of one adapter share its queue.
pub(crate) fn endpoints(ready: &Ready, supervisor: Supervisor, world: &ProgramEnv) -> Result<Endpoints, Error> {
    let limits = &ready.plan.limits;
    let host = Arc::new(ready.host.clone());
    let queues: BTreeMap<_, _> = limits
        .concurrency
        .adapters
        .iter()
        .map(|(name, limit)| {
            let login = ready
                .participants
                .iter()
                .find(|participant| participant.manifest.id == *name)
                .map(|participant| needs_refresh(participant, &host, world));
            let queue = login.into_iter().fold(AdapterQueue::new(*limit), AdapterQueue::with_login);
            (name, lock_path(ready, name).into_iter().fold(queue, AdapterQueue::with_lock))
        })
        .collect();
    let echo = ready.settings.debug.then(|| echo(ready)).transpose()?;
    check_scratch(&supervisor, echo.as_deref())?;
    let settings = CliSettings {
        supervisor,
        host,
        limits: ready.limits(),
        scratch_root: None,
        echo,
        now: Arc::clone(&world.clock),
    };
    let participants = ready.participants.iter().map(|participant| {
        let backend: Arc<dyn Backend> = Arc::new(CliBackend::new(settings.clone(), participant.into()));
        let queue = queues.get(&participant.manifest.id).cloned().unwrap_or_else(|| AdapterQueue::new(1));
        (participant.id.clone(), call::Endpoint { backend, queue, own: AdapterQueue::new(0) })
    });
    let backoff = Backoff { retries: limits.retries, seed: ready.plan.material.seed, ..Backoff::default() };
    Ok(Endpoints { by_name: participants.collect(), limit: CallLimit::new(limits.concurrency.global), backoff })
}

/// When a call through a participant may have to refresh the login that pays for it. What the file says is
/// that of the run's beginning; a vendor that has answered since has a fresh one.
fn needs_refresh(participant: &ReadyParticipant, host: &Arc<Host>, world: &ProgramEnv) -> NeedsRefresh {
    let (manifest, pool) = (Arc::clone(&participant.manifest), participant.pool.clone());
    let (host, clock) = (Arc::clone(host), Arc::clone(&world.clock));
    Arc::new(move || adapter::may_refresh(&manifest, &host, &pool, clock()))
}

/// The file at which all runs of this person wait where a login may have to be refreshed.
fn lock_path(ready: &Ready, adapter: &AdapterId) -> Option<PathBuf> {
    Some(ready.state_dir.as_ref()?.join("locks").join(adapter.as_str()))
}

/// Makes a folder where every call will need one, so that a want of it is told before the first call.
fn check_scratch(supervisor: &Supervisor, echo: Option<&Echo>) -> Result<(), Error> {
    let (root, hint) = match echo {
        Some(echo) => (echo.folder().to_owned(), "name another place with `--state-dir`"),
        None => (std::env::temp_dir(), "set TMPDIR to a folder that you can write to"),
    };
    let made = supervisor.scratch(echo.map(|_| root.as_path()), "refinery-");
    made.map(drop).map_err(|error| {
        Error::config(format!("no folder for the CLIs' files can be made in {}: {error}", root.display())).hint(hint)
    })
}

/// Where raw invocations are shown, and their folders kept.
fn echo(ready: &Ready) -> Result<Arc<Echo>, Error> {
    let state = ready.state_dir.as_ref().ok_or_else(|| {
        Error::config("`--debug` keeps each call's folder, but there is no place for it")
            .hint("set HOME, or name a folder with `--state-dir`")
    })?;
    let folder = state.join("debug").join(ready.plan.run_id.as_str());
    Ok(Arc::new(Echo::new(folder, |line| OutputStream::stderr().line(line))))
}

impl Ready {
    /// The clocks of an attempt.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let limits = &self.plan.limits;
        Limits { hard: limits.timeout, first_byte: Some(limits.first_byte_timeout), idle: Some(limits.idle_timeout) }
    }
}

impl From<&ReadyParticipant> for CliEndpoint {
    fn from(participant: &ReadyParticipant) -> Self {
        Self {
            manifest: participant.manifest.clone(),
            program: participant.program.clone(),
            pool: participant.pool.clone(),
            model: participant.model.clone(),
            effort: participant.effort,
        }
    }
}
