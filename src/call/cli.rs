//! The backend that drives a vendor's CLI: here the adapter's text meets the operating system.

use super::backend::{Attempt, AttemptError, Backend, BoxFuture, CallEvent};
use super::echo::Echo;
use super::kept_output::KeptOutput;
use super::secrets::{Redactor, Secrets};
use crate::adapter::{self, ChosenPool, End, Host, Manifest, Prepared, Program, Progress, Request, ResolvedModel};
use crate::event::EventKind;
use crate::exchange::{Effort, Reply};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Ending, Exit, Flow, Limits, Turn};
use crate::process::{Scratch, Supervisor, is_shortage};
use crate::time::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How often the bytes of an answer that is coming are reported.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

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
        let mut scratch = self.scratch(&attempt)?;
        let result = self.run_in(&attempt, &mut scratch).await;
        // Broken guarantees are warnings of the run, whatever becomes of the attempt.
        let path = scratch.path().to_owned();
        if self.settings.echo.is_some() {
            let _kept = scratch.keep();
        } else if let Err(error) = scratch.remove() {
            let words = "its prompt and credentials may still be there";
            self.warn(&attempt, &format!("the scratch folder {} cannot be removed ({error}): {words}", path.display()));
        }
        if let Some(error) = self.settings.supervisor.take_watchdog_error() {
            let words = "if refinery is killed, its CLIs may go on running";
            self.warn(&attempt, &format!("the watchdog ended and cannot be replaced ({error}): {words}"));
        }
        result
    }

    async fn run_in(&self, attempt: &Attempt, scratch: &mut Scratch) -> Result<Reply, AttemptError> {
        let prepared = adapter::prepare(&self.request(attempt, scratch))?;
        let Prepared { invocation, input, codec, streams, warnings, registry } = prepared;
        if let Some(registry) = registry {
            self.settings.supervisor.registers(scratch, registry);
        }
        let secrets = Secrets::of_child(&invocation, &self.settings.host);
        scratch.materialise(&invocation).map_err(|error| no_scratch("fill the", &error))?;
        let mut limits = self.settings.limits;
        if !streams {
            (limits.first_byte, limits.idle) = (None, None);
        }
        let turn = Turn { input, limits };
        if let Some(echo) = &self.settings.echo {
            echo.show(attempt, &invocation, &turn, scratch);
        }
        let (turns, receiver) = mpsc::channel(1);
        // The channel holds one turn and its receiver lives: this cannot fail.
        let _ = turns.try_send(turn);
        drop(turns);
        let mut gauge = Gauge::new(attempt, &secrets);
        let mut kept = self.settings.echo.as_ref().map(|_| KeptOutput::begin(&invocation, scratch.path(), &secrets));
        let mut codec = Some(codec);
        let mut answer = None;
        let began = Instant::now();
        let mut lines = |line: crate::invocation::Line| {
            if let Some(kept) = &mut kept {
                kept.line(&line);
            }
            let Some(reader) = &mut codec else { return Flow::Done };
            let step = reader.line(&line);
            if let Some(progress) = step.progress {
                gauge.show(progress);
            }
            if step.flow == Flow::Done
                && let Some(reader) = codec.take_if(|reader| reader.is_complete())
            {
                gauge.end();
                let exit = Exit::at_answer(began.elapsed());
                let ended = reader.end(&End { exit: &exit, now: (self.settings.now)() });
                let ended = finish(ended, &secrets, &warnings);
                if let Ok(reply) = &ended {
                    let _ = attempt.answered.try_send(reply.clone());
                }
                answer = Some(ended);
            }
            step.flow
        };
        tracing::debug!(call = %attempt.spec.id, attempt = attempt.number, program = %invocation.program.display(), "start");
        let exit = self.settings.supervisor.supervise(&invocation, receiver, attempt.stop.clone(), &mut lines).await;
        gauge.end();
        if let Some(kept) = kept {
            kept.end();
        }
        if let Some(echo) = &self.settings.echo {
            echo.ended(attempt, &exit);
        }
        tracing::debug!(call = %attempt.spec.id, ending = ?exit.ending, code = ?exit.code, "the CLI ended");
        if exit.leaked {
            self.warn(attempt, "its CLI left processes behind; they were ended");
        }
        if let Ending::NotStarted { message, exhausted: true } = &exit.ending {
            return Err(AttemptError::Exhausted(message.clone()));
        }
        let at_exit = || {
            let ended = codec?.end(&End { exit: &exit, now: (self.settings.now)() });
            Some(finish(ended, &secrets, &warnings))
        };
        let ended = answer.or_else(at_exit);
        Ok(ended.unwrap_or_else(|| Err(CallFailure::new(FailureClass::Internal, "its output was not read")))?)
    }

    /// Tells of something that the run should warn of.
    fn warn(&self, attempt: &Attempt, text: &str) {
        let _ = attempt.events.send(CallEvent::Warning(format!("{}: {text}", attempt.spec.to.unnumbered())));
    }

    /// A folder for this attempt alone; under the echo's folder and named for the call, if it stays.
    fn scratch(&self, attempt: &Attempt) -> Result<Scratch, AttemptError> {
        let made = match &self.settings.echo {
            Some(echo) => {
                let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
                let name: String = attempt.spec.id.as_str().chars().map(plain).collect();
                // Until it has been cleaned it goes with the program, as any other does.
                self.settings.supervisor.scratch(Some(echo.folder()), &format!("{name}.{}.", attempt.number))
            }
            None => self.settings.supervisor.scratch(self.settings.scratch_root.as_deref(), "refinery-"),
        };
        made.map_err(|error| no_scratch("make a", &error))
    }

    fn request<'a>(&'a self, attempt: &'a Attempt, scratch: &'a Scratch) -> Request<'a> {
        Request {
            manifest: &self.endpoint.manifest,
            program: &self.endpoint.program,
            pool: &self.endpoint.pool,
            host: &self.settings.host,
            model: &self.endpoint.model,
            effort: self.endpoint.effort,
            spec: &attempt.spec,
            scratch: scratch.path(),
            short: scratch.short(),
        }
    }
}

/// What the codec made of the output, without secrets, with the warnings that were there before the start.
fn finish(ended: Result<Reply, CallFailure>, secrets: &Secrets, warnings: &[String]) -> Result<Reply, CallFailure> {
    let mut reply = secrets.clean(ended.map_err(|failure| secrets.clean_failure(failure))?);
    reply.warnings.splice(0..0, warnings.iter().cloned());
    Ok(reply)
}

fn no_scratch(what: &str, error: &std::io::Error) -> AttemptError {
    let message = format!("cannot {what} scratch folder: {error}");
    if is_shortage(error) {
        AttemptError::Exhausted(message)
    } else {
        CallFailure::new(FailureClass::StartFailed, message).into()
    }
}

impl Backend for CliBackend {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        Box::pin(self.run(attempt))
    }
}

/// Turns a codec's progress into live events, not too many of them.
struct Gauge<'a> {
    attempt: &'a Attempt,
    bytes: u64,
    told: Option<Instant>,
    redactor: Redactor<'a>,
}

impl<'a> Gauge<'a> {
    fn new(attempt: &'a Attempt, secrets: &'a Secrets) -> Self {
        Self { attempt, bytes: 0, told: None, redactor: Redactor::new(secrets) }
    }

    fn show(&mut self, progress: Progress) {
        if let (Some(leader), Progress::Thinking | Progress::Text(_)) = (&self.attempt.leader, &progress) {
            leader.release();
        }
        let call = self.attempt.spec.id.clone();
        let doing = match progress {
            Progress::Thinking => "thinking",
            Progress::Retrying(_) => "retrying",
            Progress::Text(text) => {
                self.bytes += text.len() as u64;
                let text = self.redactor.push(&text);
                self.token(text);
                "answering"
            }
        };
        if self.told.is_none_or(|told| told.elapsed() >= PROGRESS_EVERY) {
            self.told = Some(Instant::now());
            let progress = EventKind::Progress { call, doing: doing.to_owned(), bytes: self.bytes };
            let _ = self.attempt.events.send(CallEvent::Live(progress));
        }
    }

    /// Shows what was held back.
    fn end(&mut self) {
        let text = self.redactor.finish();
        self.token(text);
    }

    fn token(&self, text: String) {
        if !text.is_empty() {
            let call = self.attempt.spec.id.clone();
            let _ = self.attempt.events.send(CallEvent::Live(EventKind::Token { call, text }));
        }
    }
}
