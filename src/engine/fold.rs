//! A run as a fold over its records: no clock, no tasks, no disk. The live loop feeds it what
//! happens; a replay feeds it what happened.

use super::ledger::{Ledger, Registered};
use super::record::Record;
use super::steps::Steps;
use crate::event::{Announced, Event, EventKind, LimitThen};
use crate::exchange::{CallSpec, Usage};
use crate::failure::FailureClass;
use crate::ids::{CallId, ParticipantId, RunId, TimerId};
use crate::outcome::{Finished, Outcome, Status, Totals};
use crate::plan::Spent;
use crate::protocol::repeats::repeats_prompt;
use crate::protocol::{Command, Input, Outbox, Protocol, RoundReport, Settled};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The part of a plan that the engine reads.
#[derive(Debug, Clone)]
pub struct RunMeta {
    /// Name of the run.
    pub run: RunId,
    /// Name of the protocol.
    pub protocol: String,
    /// The seed, for the record.
    pub seed: u64,
    /// At most this many calls, repairs among them, for the announcement.
    pub max_calls: u64,
    /// Who takes part, in plan order, as announced and as accounted.
    pub participants: Vec<(Announced, Registered)>,
    /// Warnings that were told before the run, which it need not repeat.
    pub told: Vec<String>,
}

/// What the world must do now.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Make this call.
    Ask(Arc<CallSpec>),
    /// End that call: it is no longer needed.
    Abandon(CallId),
    /// Say so when this much time is over.
    Arm(TimerId, Duration),
    /// Nothing is asked until the caller's word ([`Input::Advance`]).
    Pause(RoundReport),
}

/// Takes events as they happen.
pub type Listener<'a> = &'a mut (dyn FnMut(&Event) + Send);

/// The same, owned by the run.
pub type OwnListener<'a> = Box<dyn FnMut(&Event) + Send + 'a>;

/// The state of a run.
pub struct Fold<'a> {
    protocol: Box<dyn Protocol>,
    listener: OwnListener<'a>,
    ledger: Ledger,
    steps: Steps,
    run: RunId,
    seed: u64,
    next: u64,
    began: Timestamp,
    now: Timestamp,
    open: BTreeMap<CallId, Open>,
    /// What the protocol came to.
    outcome: Option<Outcome>,
    /// When a run that stopped at a usage limit can go on.
    resume_at: Option<Timestamp>,
    /// The run as every output shows it, once it is closed.
    closed: Option<Finished>,
}

/// A call that is asked and not settled.
struct Open {
    spec: Arc<CallSpec>,
    since: Timestamp,
    attempts: u32,
}

impl<'a> Fold<'a> {
    /// Begins a run: announces it and asks the first questions.
    pub fn begin(
        protocol: Box<dyn Protocol>,
        meta: RunMeta,
        at: Timestamp,
        listener: OwnListener<'a>,
    ) -> (Self, Vec<Effect>) {
        let (participants, registered): (Vec<_>, Vec<_>) = meta.participants.into_iter().unzip();
        let mut fold = Self {
            protocol,
            listener,
            ledger: Ledger::new(registered, meta.told),
            steps: Steps::default(),
            run: meta.run.clone(),
            seed: meta.seed,
            next: 0,
            began: at,
            now: at,
            open: BTreeMap::new(),
            outcome: None,
            resume_at: None,
            closed: None,
        };
        fold.emit(EventKind::RunStarted {
            run: meta.run,
            protocol: meta.protocol,
            participants,
            max_calls: meta.max_calls,
        });
        let mut out = Outbox::default();
        fold.protocol.start(&mut out);
        let effects = fold.obey(&mut out);
        (fold, effects)
    }

    /// The same run, whose events go to another listener from here on.
    #[must_use]
    pub fn with_listener<'b>(self, listener: Listener<'b>) -> Fold<'b>
    where
        'a: 'b,
    {
        Fold { listener: Box::new(listener), ..self }
    }

    /// Takes one happening in, and says what the world must do now.
    pub fn apply(&mut self, at: Timestamp, record: Record) -> Vec<Effect> {
        let before = std::mem::replace(&mut self.now, at);
        match record {
            Record::Begun { call, attempt } => {
                if let Some(open) = self.open.get_mut(&call) {
                    open.attempts += 1;
                }
                self.emit(EventKind::AttemptStarted { call, attempt });
            }
            Record::Ended { call, attempt, failure, message, usage, served, elapsed_ms } => {
                if let Some(model) = &served {
                    self.ledger.served(&call, model);
                }
                // Runs of earlier versions have what vendors said in their records.
                let (usage, _) = usage.checked();
                self.emit(EventKind::AttemptEnded { call, attempt, failure, message, usage, elapsed_ms });
            }
            Record::Retrying { call, pause, failure } => self.emit(EventKind::Retrying { call, pause, failure }),
            Record::Limited { call, resets_at, then } => self.limited(&call, resets_at, then),
            Record::Warned { text } => self.emit(EventKind::Warning { text }),
            Record::Told { input } => return self.on_input(input),
            Record::Resumed { .. } => {
                self.closed = None;
                self.resume_at = None;
                // What is told as elapsed is the time in which the run ran.
                self.began = self.began.plus(at.since(before));
                self.emit(EventKind::RunResumed {});
            }
            Record::Closed { status, finished } => self.close(status, finished),
        }
        Vec::new()
    }

    /// Shows a live event, which is no record.
    pub fn live(&mut self, at: Timestamp, kind: EventKind) {
        let kind = match kind {
            EventKind::Token { call, text } => match self.open.get(&call) {
                Some(open) => EventKind::token(&open.spec, text),
                None => EventKind::Token { call, text },
            },
            other => other,
        };
        (self.listener)(&Event { seq: None, at, kind });
    }

    /// Whether the protocol has come to its end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    /// What it came to, if it has.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Calls and attempts that began so far, and what they used.
    #[must_use]
    pub fn cost(&self) -> (u64, u64, Usage) {
        (self.ledger.calls(), self.ledger.attempts(), self.ledger.usage())
    }

    /// Whether a call is asked, not settled and not abandoned.
    #[must_use]
    pub fn is_open(&self, call: &CallId) -> bool {
        self.open.contains_key(call)
    }

    /// The run as every output shows it, after [`Record::Closed`].
    #[must_use]
    pub fn finish(mut self) -> Finished {
        let closed = self.closed.take();
        closed.unwrap_or_else(|| self.conclude(self.now, Some(Status::Error)))
    }

    /// The run as every output would show it, if it were closed at this moment with this status.
    #[must_use]
    pub fn conclude(&self, at: Timestamp, status: Option<Status>) -> Finished {
        let mut outcome = self
            .outcome
            .clone()
            .or_else(|| self.protocol.conclude())
            .unwrap_or_else(|| Outcome::nothing(Status::Error));
        if let Some(status) = status {
            outcome.stop(status);
        }
        let (participants, warnings) = self.ledger.clone().close();
        let totals = Totals {
            run_id: self.run.clone(),
            total_calls: self.ledger.calls(),
            total_attempts: self.ledger.attempts(),
            elapsed_ms: millis(at.since(self.began)),
            seed: self.seed,
            resumable: status.is_some(),
            resume_at: self.resume_at,
            participants,
            steps: self.steps.clone().close(),
            warnings,
        };
        Finished { outcome, totals }
    }

    /// Whom an open call asks.
    #[must_use]
    pub fn asked(&self, call: &CallId) -> Option<&ParticipantId> {
        self.open.get(call).map(|open| &open.spec.to)
    }

    /// Whether a call is of a participant with an account: code of a caller's own costs nothing.
    #[must_use]
    pub fn is_charged(&self, call: &CallId) -> bool {
        self.ledger.is_charged(call)
    }

    /// Whether the same caution was told before, of whatever call.
    #[must_use]
    pub fn has_warned_alike(&self, text: &str) -> bool {
        self.ledger.has_warned_alike(text)
    }

    /// What was spent so far.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.ledger.spent()
    }

    /// How many participants are left whose vendors did not say that a limit is reached, with that
    /// of this call among those that did.
    #[must_use]
    pub fn others(&self, call: &CallId) -> usize {
        self.ledger.others(call)
    }

    fn limited(&mut self, call: &CallId, resets_at: Option<Timestamp>, then: LimitThen) {
        self.ledger.limited(call);
        if then == LimitThen::Stop {
            self.resume_at = self.resume_at.max(resets_at);
        }
        if let Some(open) = self.open.get(call) {
            let participant = open.spec.to.clone();
            self.emit(EventKind::LimitReached { call: call.clone(), participant, resets_at, then });
        }
    }

    fn on_input(&mut self, input: Input) -> Vec<Effect> {
        if self.outcome.is_some() {
            return Vec::new();
        }
        let mut asked = None;
        if let Input::Settled(settled) = &input {
            // A protocol is never told of a call that it did not ask for, or gave up.
            let Some(call) = self.open.remove(&settled.id) else { return Vec::new() };
            let failure = settled.result.as_ref().err().map(|failure| failure.class);
            self.settled(&call, failure);
            asked = Some(call.spec);
        }
        let input = input.without_thinking();
        if let (Some(spec), Input::Settled(Settled { result: Ok(reply), .. })) = (asked, &input)
            && repeats_prompt(&spec, &reply.text)
        {
            self.warn_once(format!("{}: an answer repeats instructions or codes of its prompt", spec.to));
        }
        let mut out = Outbox::default();
        self.protocol.on(input, &mut out);
        self.obey(&mut out)
    }

    fn warn_once(&mut self, text: String) {
        if !self.ledger.has_warned(&text) {
            self.emit(EventKind::Warning { text });
        }
    }

    fn settled(&mut self, call: &Open, failure: Option<FailureClass>) {
        self.emit(EventKind::CallSettled {
            call: call.spec.id.clone(),
            participant: call.spec.to.clone(),
            failure,
            attempts: call.attempts,
            elapsed_ms: millis(self.now.since(call.since)),
        });
    }

    /// Does what the protocol asked for, as far as the fold can; the rest are effects.
    fn obey(&mut self, out: &mut Outbox) -> Vec<Effect> {
        let mut effects = Vec::new();
        for command in out.drain() {
            match command {
                Command::Note(kind) => self.emit(kind),
                Command::Call(spec) if self.outcome.is_none() => effects.push(self.ask(spec)),
                Command::Call(_) => {}
                Command::Abandon(id) => effects.extend(self.abandon(id)),
                Command::Timer(id, after) => effects.push(Effect::Arm(id, after)),
                Command::Pause(report) => effects.push(Effect::Pause(report)),
                Command::Finish(outcome) => {
                    self.outcome.get_or_insert(outcome);
                    let open: Vec<_> = self.open.keys().cloned().collect();
                    effects.extend(open.into_iter().filter_map(|id| self.abandon(id)));
                }
            }
        }
        effects
    }

    fn ask(&mut self, spec: CallSpec) -> Effect {
        let spec = Arc::new(spec);
        let (call, participant) = (spec.id.clone(), spec.to.clone());
        self.ledger.queue(&call, &participant);
        self.emit(EventKind::CallQueued { call: call.clone(), participant, role: spec.role, round: spec.round });
        self.open.insert(call, Open { spec: Arc::clone(&spec), since: self.now, attempts: 0 });
        Effect::Ask(spec)
    }

    fn abandon(&mut self, call: CallId) -> Option<Effect> {
        self.open.remove(&call)?;
        self.emit(EventKind::CallAbandoned { call: call.clone() });
        Some(Effect::Abandon(call))
    }

    fn close(&mut self, status: Option<Status>, printed: Option<Box<Finished>>) {
        let finished = printed.map_or_else(|| self.conclude(self.now, status), |printed| *printed);
        // A protocol that came to its own end has told it.
        if self.outcome.is_none() {
            let outcome = &finished.outcome;
            outcome.body.explain().closing_events(outcome.status).into_iter().for_each(|kind| self.emit(kind));
        }
        self.emit(EventKind::RunEnded { status: finished.outcome.status });
        self.closed = Some(finished);
    }

    fn emit(&mut self, kind: EventKind) {
        // A warning is told once, whatever raised it.
        if matches!(&kind, EventKind::Warning { text } if self.ledger.has_warned(text)) {
            return;
        }
        self.ledger.observe(&kind);
        let ledger = &self.ledger;
        self.steps.observe(&kind, |call| ledger.is_charged(call));
        let event = Event { seq: Some(self.next), at: self.now, kind };
        self.next += 1;
        (self.listener)(&event);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
