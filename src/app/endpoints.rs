//! How each participant of a run is asked: through its CLI, in the queue of its adapter.

use crate::adapter::{self, Host, RunNeeds};
use crate::app::execute::ProgramEnv;
use crate::app::prepare::Ready;
use crate::app::resolve::ReadyParticipant;
use crate::call::{
    self, AdapterQueue, Backend, Backoff, CallLimit, CliBackend, CliEndpoint, CliSettings, Echo, Endpoints, Keep,
    NeedsRefresh, WorkerPool,
};
use crate::error::Error;
use crate::ids::AdapterId;
use crate::invocation::Limits;
use crate::plan::Ceiling;
use crate::process::Supervisor;
use crate::process::scratch::temp_dir;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// All participants who can be asked: those of one adapter share its queue, and all of them `workers`.
pub(super) fn endpoints(ready: &Ready, env: &ProgramEnv, workers: &WorkerPool) -> Result<Endpoints, Error> {
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
                .map(|participant| needs_refresh(participant, &host, env));
            let queue = login.into_iter().fold(AdapterQueue::new(*limit), AdapterQueue::with_login);
            (name, lock_path(ready, name).into_iter().fold(queue, AdapterQueue::with_lock))
        })
        .collect();
    let echo = ready.settings.debug.then(|| echo(ready, env)).transpose()?;
    check_scratch(&env.supervisor, echo.as_deref())?;
    let settings = CliSettings {
        supervisor: env.supervisor.clone(),
        host,
        limits: ready.limits(),
        scratch_root: None,
        echo,
        now: Arc::clone(&env.clock),
        workers: workers.clone(),
    };
    let keeps = keeps(ready, env);
    let participants = ready.participants.iter().map(|participant| {
        let keep = keeps.get(&participant.manifest.id).copied();
        let endpoint = CliEndpoint { keep, ..participant.into() };
        let backend: Arc<dyn Backend> = Arc::new(CliBackend::new(settings.clone(), endpoint));
        let queue = queues.get(&participant.manifest.id).cloned().unwrap_or_else(|| AdapterQueue::new(1));
        (participant.id.clone(), call::Endpoint { backend, queue, own: AdapterQueue::new(0) })
    });
    let backoff = Backoff { retries: limits.retries, seed: ready.plan.material.seed, ..Backoff::default() };
    Ok(Endpoints { by_name: participants.collect(), limit: CallLimit::new(limits.concurrency.global), backoff })
}

/// The adapters whose processes are kept. Why others have one process per call is said with `-v`, once for each.
fn keeps(ready: &Ready, env: &ProgramEnv) -> BTreeMap<AdapterId, Keep> {
    let (settings, budget) = (&ready.settings, &ready.plan.limits.budget);
    let counts_output = budget.usd.is_some() || budget.output_tokens != Ceiling::Unlimited;
    let needs = RunNeeds { debug: settings.debug, counts_output };
    let mut keeps = BTreeMap::new();
    for (adapter, limit) in &ready.plan.limits.concurrency.adapters {
        let Some(one) = ready.participants.iter().find(|one| one.manifest.id == *adapter) else { continue };
        let spec = one.manifest.keeps(settings.transport, one.program.version.as_deref(), needs);
        match spec {
            Ok(spec) => drop(keeps.insert(adapter.clone(), Keep { spec, most: *limit })),
            Err(why) if settings.verbose => (env.notice)(&format!("{adapter}: one process per call: {why}")),
            Err(_) => {}
        }
    }
    keeps
}

/// When a call through a participant may have to refresh the login that pays for it. What the file says is
/// that of the run's beginning; a vendor that has answered since has a fresh one.
fn needs_refresh(participant: &ReadyParticipant, host: &Arc<Host>, env: &ProgramEnv) -> NeedsRefresh {
    let (manifest, pool) = (Arc::clone(&participant.manifest), participant.pool.clone());
    let (host, clock) = (Arc::clone(host), Arc::clone(&env.clock));
    Arc::new(move || adapter::may_refresh(&manifest, &host, &pool, clock()))
}

/// The file at which all runs of this person wait where a login may have to be refreshed.
fn lock_path(ready: &Ready, adapter: &AdapterId) -> Option<PathBuf> {
    Some(ready.state_dir.as_ref()?.join("locks").join(adapter.as_str()))
}

/// Makes a folder where every call will need one, so that a want of it is told before the first call.
fn check_scratch(supervisor: &Supervisor, echo: Option<&Echo>) -> Result<(), Error> {
    let (root, hint) = match echo {
        Some(echo) => (echo.folder().to_owned(), "choose another one with `--state-dir`"),
        None => (temp_dir(), "set TMPDIR to a writable folder"),
    };
    let made = supervisor.scratch(echo.map(|_| root.as_path()), "refinery-");
    made.map(drop).map_err(|error| {
        Error::config(format!("cannot create a working folder in {}: {error}", root.display())).hint(hint)
    })
}

/// Where raw invocations are shown, and their folders kept.
fn echo(ready: &Ready, env: &ProgramEnv) -> Result<Arc<Echo>, Error> {
    let state = ready.state_dir.as_ref().ok_or_else(|| {
        Error::config("no directory for debug files").hint("set HOME, or name one with `--state-dir`")
    })?;
    let folder = state.join("debug").join(ready.plan.run_id.as_str());
    let show = Arc::clone(&env.notice);
    Ok(Arc::new(Echo::new(folder, move |line| show(line))))
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
            keep: None,
        }
    }
}
