//! The live loop: calls, timers and the stop, one happening at a time, each turned into a record.

use super::drive::{Bounds, Clock, RunDeps};
use super::fold::{Effect, Fold};
use super::limit::{Case, decide, told};
use super::record::{JournalEntry, Record};
use super::stop::{raise, stop_channel};
use crate::call::{Answered, AtLimit, CallContext, CallEvent, Caller};
use crate::exchange::Reply;
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, TimerId};
use crate::invocation::StopLevel;
use crate::journal::Writer;
use crate::outcome::{Finished, Status};
use crate::plan::{OnLimit, budget_gate, overshoot};
use crate::protocol::{Input, RoundOverrides, RoundReport, Settled};
use crate::time::duration;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// How long a CLI may take to leave after the last answer of a run before it is asked to: most need less.
const FAREWELL: Duration = Duration::from_millis(100);

/// A run while it happens. Dropping it ends every call.
pub(super) struct Live<'a> {
    fold: Fold<'a>,
    caller: Caller,
    clock: Clock,
    stop: watch::Receiver<StopLevel>,
    journal: Option<Writer>,
    bounds: Bounds,
    /// When the longest time is over.
    wall: Option<Instant>,
    /// Why the run ends before the protocol has come to its end, other than by the person's stop.
    ending: Option<Status>,
    calls: JoinSet<Answered>,
    stops: BTreeMap<CallId, watch::Sender<StopLevel>>,
    /// Calls with an attempt that has not answered; the others wait, rest or leave.
    attempting: BTreeSet<CallId>,
    tasks: HashMap<Id, CallId>,
    timers: JoinSet<TimerId>,
    /// A protocol that waits for the caller's word.
    pause: Option<RoundReport>,
    sender: mpsc::UnboundedSender<CallEvent>,
    call_events: mpsc::UnboundedReceiver<CallEvent>,
}

impl<'a> Live<'a> {
    pub fn new(fold: Fold<'a>, world: RunDeps) -> Self {
        let RunDeps { caller, stop, clock, journal, bounds } = world;
        let (sender, call_events) = mpsc::unbounded_channel();
        Self {
            fold,
            caller,
            clock,
            stop,
            journal,
            bounds,
            wall: bounds.max_wall.map(|longest| Instant::now() + longest),
            ending: None,
            calls: JoinSet::new(),
            stops: BTreeMap::new(),
            attempting: BTreeSet::new(),
            tasks: HashMap::new(),
            timers: JoinSet::new(),
            pause: None,
            sender,
            call_events,
        }
    }

    /// Runs to the end. Nobody steps through a run that was handed over whole.
    pub async fn run(mut self, effects: Vec<Effect>) -> Finished {
        self.put_into_effect(effects);
        self.watch().await;
        while self.pause.is_some() && !self.fold.is_over() && !self.stopping() {
            self.advance(RoundOverrides::default()).await;
            self.watch().await;
        }
        for text in overshoot(&self.bounds.budget, &self.fold.spent()) {
            self.record(Record::Warned { text }).await;
        }
        let status = self.status();
        self.record(Record::Closed { status, finished: None }).await;
        let written = self.journal.is_some();
        let mut finished = self.fold.finish();
        finished.totals.resumable &= written;
        finished
    }

    /// Gives the caller's word to a protocol that waits for it.
    pub async fn advance(&mut self, overrides: RoundOverrides) {
        self.pause = None;
        self.record(Record::Told { input: Input::Advance(overrides) }).await;
    }

    /// What the protocol shows while it waits for the caller's word.
    pub fn take_pause(&mut self) -> Option<RoundReport> {
        self.pause.take()
    }

    /// The run itself.
    pub fn fold(&self) -> &Fold<'a> {
        &self.fold
    }

    /// Whether something is in flight, or came to an end that nobody has looked at.
    pub fn is_busy(&self) -> bool {
        self.pause.is_some() || !self.calls.is_empty()
    }

    /// Whether nothing more will be asked, whatever anybody says.
    pub fn is_over(&self) -> bool {
        self.fold.is_over() || self.stopping()
    }

    /// Ends it here and now: calls that are still out are ended, and count as of unknown cost. What
    /// was written down before stays, without an end, so that a resume can go on with it.
    pub fn leave(mut self, status: Status) -> Finished {
        let now = (self.clock)();
        for text in overshoot(&self.bounds.budget, &self.fold.spent()) {
            self.fold.apply(now, Record::Warned { text });
        }
        let status = self.status().or(Some(status)).filter(|_| !self.fold.is_over());
        self.fold.apply(now, Record::Closed { status, finished: None });
        let mut finished = self.fold.finish();
        finished.totals.resumable &= self.journal.is_some();
        finished
    }

    /// How it ends other than as the protocol says.
    pub fn status(&self) -> Option<Status> {
        let cancelled = (*self.stop.borrow() > StopLevel::Run).then_some(Status::Cancelled);
        cancelled.or(self.ending).filter(|_| !self.fold.is_over())
    }

    /// Goes on until nothing is in flight and nothing is waited for but the caller's word. Dropping
    /// the future drops nothing that happened: its calls go on.
    pub async fn watch(&mut self) {
        let mut watching = true;
        let (mut farewell, mut dismissed) = (None, false);
        loop {
            if self.fold.is_over() && farewell.is_none() {
                farewell = Some(Instant::now() + FAREWELL);
            }
            let waiting_for_timer = !(self.timers.is_empty() || self.fold.is_over() || self.stopping());
            if self.calls.is_empty() && !waiting_for_timer {
                break;
            }
            tokio::select! {
                biased;
                change = self.stop.changed(), if watching => {
                    watching = change.is_ok();
                    let level = *self.stop.borrow();
                    tracing::debug!(?level, "the run is told to stop");
                    self.stops.values().for_each(|stop| raise(stop, level));
                }
                // Before any attempt begins: what came may make it needless.
                Some(ended) = self.calls.join_next_with_id() => self.settle(ended).await,
                Some(event) = self.call_events.recv() => {
                    for begins in self.take_call_events(Some(event)).await {
                        self.on_call_event(begins).await;
                    }
                }
                () = until(farewell), if !dismissed => {
                    dismissed = true;
                    self.stops.values().for_each(|stop| raise(stop, StopLevel::Wind));
                }
                () = until(self.wall), if !self.stopping() => {
                    let longest = duration::show(self.bounds.max_wall.unwrap_or_default());
                    self.end(Status::BudgetExhausted, format!("the run's longest time of {longest} is over")).await;
                }
                Some(Ok(timer)) = self.timers.join_next() => {
                    if !self.stopping() {
                        self.record(Record::Told { input: Input::Elapsed(timer) }).await;
                    }
                }
            }
        }
        for begins in self.take_call_events(None).await {
            self.on_call_event(begins).await;
        }
    }

    /// Whether nothing new is begun any more.
    fn stopping(&self) -> bool {
        self.ending.is_some() || *self.stop.borrow() > StopLevel::Run
    }

    /// Begins nothing new any more; what is in flight settles and counts.
    async fn end(&mut self, status: Status, why: String) {
        if self.ending.is_none() {
            self.ending = Some(status);
            // Who only waits is not waited for.
            let idle = self.stops.iter().filter(|(id, _)| !self.attempting.contains(id));
            idle.for_each(|(_, stop)| raise(stop, StopLevel::Wind));
            self.record(Record::Warned { text: why }).await;
        }
    }

    /// Writes a record down, then acts on it. The disk is waited for once: the last record is safe, and with it
    /// all others, before anybody hears of the end. What is lost with the machine before that can be bought again.
    pub async fn record(&mut self, record: Record) {
        let entry = JournalEntry { at: (self.clock)(), record };
        if let Some(journal) = &mut self.journal {
            let body = Self::line(&self.fold, &entry).map_err(|error| error.to_string());
            let written = body.and_then(|body| journal.append(&body).map_err(|failed| failed.to_string()));
            self.keep_or_drop_journal(written);
        }
        if let Record::Closed { .. } = entry.record {
            self.sync().await;
        }
        let effects = self.fold.apply(entry.at, entry.record);
        self.put_into_effect(effects);
    }

    /// A record as the journal holds it: the last one with the outcome that is about to be printed.
    fn line(fold: &Fold<'_>, entry: &JournalEntry) -> serde_json::Result<String> {
        let &JournalEntry { at, record: Record::Closed { status, .. } } = entry else {
            return serde_json::to_string(entry);
        };
        let finished = Some(Box::new(fold.conclude(at, status)));
        serde_json::to_string(&JournalEntry { at, record: Record::Closed { status, finished } })
    }

    /// Makes everything recorded safe.
    async fn sync(&mut self) {
        if let Some(journal) = &self.journal {
            let synced = journal.sync().await.map_err(|failed| failed.to_string());
            self.keep_or_drop_journal(synced);
        }
    }

    /// A journal that failed is given up: the answers that are paid for matter more.
    fn keep_or_drop_journal(&mut self, result: Result<(), String>) {
        if let Err(reason) = result {
            self.journal = None;
            let text = format!("the journal failed ({reason}): this run goes on, but it cannot be resumed or replayed");
            self.fold.apply((self.clock)(), Record::Warned { text });
        }
    }

    pub fn put_into_effect(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(_) if self.stopping() => {}
                Effect::Ask(spec) => {
                    let id = spec.id.clone();
                    let (sender, stop) = stop_channel();
                    let context = CallContext { stop, events: self.sender.clone() };
                    let caller = self.caller.clone();
                    let task = self.calls.spawn(async move { caller.call(spec, context).await });
                    self.tasks.insert(task.id(), id.clone());
                    self.stops.insert(id, sender);
                }
                // Its answer is worth nothing any more, so it gets no grace.
                Effect::Abandon(id) => {
                    if let Some(stop) = self.stops.get(&id) {
                        raise(stop, StopLevel::Kill);
                    }
                }
                Effect::Pause(report) => self.pause = Some(report),
                Effect::Arm(id, after) => {
                    self.timers.spawn(async move {
                        tokio::time::sleep(after).await;
                        id
                    });
                }
            }
        }
    }

    async fn settle(&mut self, ended: Result<(Id, Answered), JoinError>) {
        // What the call told before it ended comes first, and what wants to begin last.
        let waiting = self.take_call_events(None).await;
        match ended {
            Ok((task, answered)) => self.take_in(task, answered.result).await,
            Err(error) => {
                let words = format!("the backend panicked: {error}");
                self.take_in(error.id(), Err(CallFailure::new(FailureClass::Internal, words))).await;
            }
        }
        for begins in waiting {
            self.on_call_event(begins).await;
        }
    }

    async fn take_in(&mut self, task: Id, result: Result<Reply, CallFailure>) {
        let Some(id) = self.tasks.remove(&task) else { return };
        self.stops.remove(&id);
        // A call that ends because the run stops, or was never let go, says nothing about its
        // participant: it is not settled, and a resume asks it again.
        let unsettled = [FailureClass::Stopped, FailureClass::OverBudget];
        let stopped = matches!(&result, Err(failure) if unsettled.contains(&failure.class));
        if !stopped {
            self.tell(id, result).await;
        }
    }

    /// Tells the protocol what a call came to, unless it knows or does not wait for it.
    async fn tell(&mut self, id: CallId, result: Result<Reply, CallFailure>) {
        if self.fold.is_open(&id) {
            self.record(Record::Told { input: Input::Settled(Settled { id, result }) }).await;
        }
    }

    async fn on_call_event(&mut self, event: CallEvent) {
        match event {
            CallEvent::Replied { call, reply } => self.tell(call, Ok(reply)).await,
            CallEvent::Live(kind) => self.fold.live((self.clock)(), kind),
            CallEvent::Begun { call, attempt, go } => {
                let word = self.admit(call, attempt).await;
                // A call that was dropped meanwhile needs no word.
                let _ = go.send(word);
            }
            CallEvent::Limited { call, failure, answer } => {
                let then = self.at_limit(call, &failure).await;
                let _ = answer.send(then);
            }
            CallEvent::Ended { call, attempt, failure, usage, served, elapsed } => {
                self.attempting.remove(&call);
                let (failure, message) = failure.map(|failure| (failure.class, failure.message)).unzip();
                let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                self.record(Record::Ended { call, attempt, failure, message, usage, served, elapsed_ms }).await;
            }
            CallEvent::Retrying { call, pause, failure } => {
                if let Some(stop) = self.stops.get(&call).filter(|_| self.stopping()) {
                    raise(stop, StopLevel::Wind);
                }
                self.record(Record::Retrying { call, pause, failure }).await;
            }
            CallEvent::Warning(text) if self.fold.has_warned_alike(&text) => {}
            CallEvent::Warning(text) => self.record(Record::Warned { text }).await,
        }
    }

    /// Lets an attempt begin, if its answer is still waited for, the run begins any and the budget allows it.
    async fn admit(&mut self, call: CallId, attempt: u32) -> Result<(), CallFailure> {
        if !self.fold.is_open(&call) {
            return Err(CallFailure::new(FailureClass::Stopped, format!("{call}: its answer is not needed any more")));
        }
        if self.stopping() {
            return Err(CallFailure::new(FailureClass::Stopped, format!("{call}: the run begins nothing new")));
        }
        let exhausted = budget_gate(&self.bounds.budget, &self.fold.spent()).err();
        if let Some(exhausted) = exhausted.filter(|_| self.fold.is_charged(&call)) {
            let failure = CallFailure::new(FailureClass::OverBudget, exhausted.to_string());
            self.end(Status::BudgetExhausted, exhausted.to_string()).await;
            return Err(failure);
        }
        self.attempting.insert(call.clone());
        self.record(Record::Begun { call, attempt }).await;
        Ok(())
    }

    /// What follows from a usage limit.
    async fn at_limit(&mut self, call: CallId, failure: &CallFailure) -> AtLimit {
        let now = (self.clock)();
        let at_limit = decide(Case {
            policy: self.bounds.on_limit,
            resets_in: failure.resets_at.map(|at| at.since(now)),
            wall_left: self.wall.map(|wall| wall.saturating_duration_since(Instant::now())),
            others: self.fold.others(&call),
        });
        let resets_at = failure.resets_at;
        self.record(Record::Limited { call: call.clone(), resets_at, then: told(at_limit) }).await;
        if at_limit == AtLimit::Stop {
            let status = if self.bounds.on_limit == OnLimit::Fail { Status::Error } else { Status::Parked };
            let when = resets_at.map_or_else(String::new, |at| format!("; it resets at {at}"));
            let who = self.fold.asked(&call).map_or_else(|| call.to_string(), ToString::to_string);
            self.end(status, format!("stopped at a usage limit of {who}: {}{when}", failure.message)).await;
        }
        at_limit
    }

    /// Takes in what calls told, from this on; attempts that want to begin are left: a reply may make them needless.
    async fn take_call_events(&mut self, mut first: Option<CallEvent>) -> Vec<CallEvent> {
        let mut begins = Vec::new();
        while let Some(event) = first.take().or_else(|| self.call_events.try_recv().ok()) {
            match event {
                CallEvent::Begun { .. } => begins.push(event),
                other => self.on_call_event(other).await,
            }
        }
        begins
    }
}

/// Waits until a moment; for ever if there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
