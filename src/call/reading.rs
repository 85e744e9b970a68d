//! One attempt's output, line by line: what it shows while it comes, and what it was in the end.

use super::backend::{Attempt, CallEvent};
use super::secrets::{Redactor, Secrets};
use crate::adapter::{Codec, End, Progress};
use crate::event::EventKind;
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Exit, Flow, Line};
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often the bytes of an answer that is coming are reported.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Reads the output of one attempt.
pub(super) struct Reading {
    attempt: Attempt,
    /// Gone once it has said what the output was.
    codec: Option<Box<dyn Codec>>,
    redactor: Redactor,
    secrets: Arc<Secrets>,
    /// What was to be said before the start.
    warnings: Vec<String>,
    /// What the attempt had already cost.
    pub(super) spent: Box<Usage>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    began: Instant,
    /// Of the answer, as far as it came.
    bytes: u64,
    told: Option<Instant>,
}

impl Reading {
    pub(super) fn new(
        attempt: Attempt,
        codec: Box<dyn Codec>,
        secrets: Arc<Secrets>,
        warnings: Vec<String>,
        now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Self {
        let redactor = Redactor::new(Arc::clone(&secrets));
        Self {
            attempt,
            codec: Some(codec),
            redactor,
            secrets,
            warnings,
            spent: Box::default(),
            now,
            began: Instant::now(),
            bytes: 0,
            told: None,
        }
    }

    /// Takes a line in.
    pub(super) fn line(&mut self, line: &Line) -> Flow {
        let Some(codec) = &mut self.codec else { return Flow::Done };
        let step = codec.line(line);
        if let Some(progress) = step.progress {
            self.show(progress);
        }
        step.flow
    }

    /// Whether it is answered, whatever becomes of the child.
    pub(super) fn is_complete(&self) -> bool {
        self.codec.as_ref().is_some_and(|codec| codec.is_complete())
    }

    /// How long it has been read.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// What the output was, without secrets. Asked once.
    pub(super) fn end(&mut self, exit: &Exit) -> Result<Reply, CallFailure> {
        self.show_rest();
        let codec = self.codec.take();
        let codec = codec.ok_or_else(|| CallFailure::new(FailureClass::Internal, "its output was not read"))?;
        let ended = codec.end(&End { exit, now: (self.now)() });
        let failed = |failure| {
            let failure = self.secrets.clean_failure(failure);
            CallFailure { usage: failure.usage.plus(*self.spent), ..failure }
        };
        let mut reply = self.secrets.clean(ended.map_err(failed)?);
        reply.usage = reply.usage.plus(*self.spent);
        reply.warnings.splice(0..0, self.warnings.iter().cloned());
        Ok(reply)
    }

    /// Turns a codec's progress into live events, not too many of them.
    fn show(&mut self, progress: Progress) {
        if let (Some(leader), Progress::Thinking | Progress::Text(_)) = (&self.attempt.leader, &progress) {
            leader.release();
        }
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
            let call = self.attempt.spec.id.clone();
            let progress = EventKind::Progress { call, doing: doing.to_owned(), bytes: self.bytes };
            let _ = self.attempt.events.send(CallEvent::Live(progress));
        }
    }

    /// Shows what was held back.
    fn show_rest(&mut self) {
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
