//! The backend that drives a vendor's CLI: here the adapter's text meets the operating system.

use super::backend::{Attempt, AttemptError, Backend, BoxFuture, CallEvent};
use super::echo::Echo;
use super::kept::{Keep, Key, NoAnswer, Started, Wanted, WorkerPool};
use super::launch::{Launch, scratch};
use super::reading::Reading;
use super::secrets::Secrets;
use crate::adapter::{self, ChosenPool, Codec, Host, Manifest, Prepared, Program, Request, ResolvedModel};
use crate::exchange::{Effort, Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Ending, Exit, Flow, Limits, Line, Turn};
use crate::process::Supervisor;
use crate::time::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What all CLI participants of a run share.
#[derive(Clone)]
pub struct CliSettings {
    /// Starts and ends the children.
    pub supervisor: Supervisor,
    /// The machine and the person's environment.
    pub host: Arc<Host>,
    /// The clocks of an attempt; first-byte and idle count only for CLIs that stream.
    pub limits: Limits,
    /// Where scratch folders are made; `None` for the system's place.
    pub scratch_root: Option<PathBuf>,
    /// Takes the raw invocations, if the person wants to see them.
    pub echo: Option<Arc<Echo>>,
    /// Reads the wall clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The processes that are kept.
    pub workers: WorkerPool,
}

/// One participant: a CLI, its model, and what pays.
#[derive(Debug, Clone)]
pub struct CliEndpoint {
    /// How the CLI is driven.
    pub manifest: Arc<Manifest>,
    /// Where it is.
    pub program: Program,
    /// What pays.
    pub pool: ChosenPool,
    /// Its model.
    pub model: ResolvedModel,
    /// How hard it thinks, unless a call says otherwise.
    pub effort: Option<Effort>,
    /// How its processes are kept; `None` for one process per call.
    pub keep: Option<Keep>,
}

/// Answers a participant's calls by running its CLI.
pub struct CliBackend {
    settings: CliSettings,
    endpoint: CliEndpoint,
}

impl CliBackend {
    /// A backend for a participant.
    #[must_use]
    pub fn new(settings: CliSettings, endpoint: CliEndpoint) -> Self {
        Self { settings, endpoint }
    }

    async fn run(&self, attempt: Attempt) -> Result<Reply, AttemptError> {
        let warn = |text: String| {
            let _ = attempt.events.send(CallEvent::Warning(format!("{}: {text}", attempt.spec.to.unnumbered())));
        };
        let result = match self.endpoint.keep.filter(|keep| keep.spec.takes(&attempt.spec.tuning)) {
            Some(keep) => match self.ask_worker(&attempt, keep).await {
                // A process of its own tells more.
                Err(NoAnswer::Unclear(failure)) => {
                    tracing::debug!(call = %attempt.spec.id, %failure, "asked once more, of another process");
                    let extra_requests = failure.usage.extra_requests.map(|more| more.saturating_add(1));
                    let spent = Usage { extra_requests, ..failure.usage };
                    self.run_once(&attempt, spent, &warn).await
                }
                Err(NoAnswer::Failed(error)) => Err(error),
                Ok(reply) => Ok(reply),
            },
            None => self.run_once(&attempt, Usage::default(), &warn).await,
        };
        self.settings.workers.take_warnings().into_iter().for_each(&warn);
        if let Some(error) = self.settings.supervisor.take_watchdog_error() {
            let words = "if refinery is killed, its CLIs may go on running";
            warn(format!("the watchdog ended and cannot be replaced ({error}): {words}"));
        }
        result
    }

    /// Asks a process that answers nothing else, after so much was spent.
    async fn run_once(
        &self,
        attempt: &Attempt,
        spent: Usage,
        warn: &(dyn Fn(String) + Sync),
    ) -> Result<Reply, AttemptError> {
        let id = &attempt.spec.id;
        let scratch = scratch(&self.settings, &format!("{id}.{}", attempt.number))?;
        let prepared = adapter::prepare(&self.request(attempt, scratch.path(), scratch.short(), false))?;
        let launch = Launch::new(&self.settings, scratch, &prepared, format!("{id} attempt {}", attempt.number))?;
        let Prepared { input, codec, streams, warnings, .. } = prepared;
        let mut reading = self.reading(attempt, codec, &launch.secrets, warnings);
        *reading.spent = spent;
        let turn = Turn { input, limits: Some(self.limits(streams)) };
        launch.show(&turn);
        let (turns, receiver) = mpsc::unbounded_channel();
        // The receiver lives: this cannot fail.
        let _ = turns.send(turn);
        drop(turns);
        let mut answer = None;
        let mut lines = |line: Line| {
            let flow = reading.line(&line);
            if flow == Flow::Done && reading.is_complete() {
                let ended = reading.end(&Exit::at_answer(reading.elapsed()));
                if let Ok(reply) = &ended {
                    let _ = attempt.answered.try_send(reply.clone());
                }
                answer = Some(ended);
            }
            flow
        };
        let exit = launch.run(receiver, attempt.stop.clone(), &mut lines, warn).await;
        if let Ending::NotStarted { message, exhausted: true } = &exit.ending {
            return Err(AttemptError::Exhausted(message.clone()));
        }
        Ok(answer.unwrap_or_else(|| reading.end(&exit))?)
    }

    /// Asks a process that is kept.
    async fn ask_worker(&self, attempt: &Attempt, keep: Keep) -> Result<Reply, NoAnswer> {
        let place = Path::new("/worker");
        let Prepared { invocation, ask, codec, streams, warnings, .. } =
            adapter::prepare(&self.request(attempt, place, place, true))?;
        let secrets = Arc::new(Secrets::of_child(&invocation, &self.settings.host));
        let reading = self.reading(attempt, codec, &secrets, warnings);
        let key = Key { adapter: self.endpoint.manifest.id.clone(), invocation };
        let wanted = Wanted { key: &key, keep, ask: &ask, limits: self.limits(streams) };
        let mut stop = attempt.stop.clone();
        let workers = &self.settings.workers;
        let asked = workers.ask(&wanted, reading, &mut stop, &|number| self.start(attempt, number)).await?;
        if let Some(echo) = &self.settings.echo {
            echo.turn(&format!("{} attempt {}", attempt.spec.id, attempt.number), &asked.to_string());
        }
        tracing::debug!(call = %attempt.spec.id, attempt = attempt.number, worker = %asked, "asked");
        let began = Instant::now();
        let result = asked.result(&mut stop).await;
        workers.took(&key.adapter, began.elapsed());
        result
    }

    /// A process that will answer this attempt first.
    fn start(&self, attempt: &Attempt, number: u32) -> Result<Started, AttemptError> {
        let manifest = &self.endpoint.manifest;
        let name = format!("worker {}.{number}", manifest.id);
        let scratch = scratch(&self.settings, &name)?;
        let prepared = adapter::prepare(&self.request(attempt, scratch.path(), scratch.short(), true))?;
        let codec = adapter::worker_codec(manifest)
            .ok_or_else(|| CallFailure::new(FailureClass::Internal, format!("{}: it cannot be kept", manifest.id)))?;
        let launch = Launch::new(&self.settings, scratch, &prepared, name.clone())?;
        Ok(Started { name, codec, launch })
    }

    fn reading(
        &self,
        attempt: &Attempt,
        codec: Box<dyn Codec>,
        secrets: &Arc<Secrets>,
        warnings: Vec<String>,
    ) -> Reading {
        Reading::new(attempt.clone(), codec, Arc::clone(secrets), warnings, Arc::clone(&self.settings.now))
    }

    /// The clocks of an attempt.
    fn limits(&self, streams: bool) -> Limits {
        let limits = self.settings.limits;
        if streams { limits } else { Limits { first_byte: None, idle: None, ..limits } }
    }

    fn request<'a>(&'a self, attempt: &'a Attempt, scratch: &'a Path, short: &'a Path, kept: bool) -> Request<'a> {
        Request {
            manifest: &self.endpoint.manifest,
            program: &self.endpoint.program,
            pool: &self.endpoint.pool,
            host: &self.settings.host,
            model: &self.endpoint.model,
            effort: self.endpoint.effort,
            spec: &attempt.spec,
            scratch,
            short,
            kept,
        }
    }
}

impl Backend for CliBackend {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        Box::pin(self.run(attempt))
    }
}
