//! The live loop: calls, timers and the stop, one happening at a time, each turned into a record.

use super::fold::{Briefing, Effect, Fold, Listener};
use super::record::{Entry, Record};
use super::refold::Refolded;
use super::stop::{raise, stop_channel};
use crate::call::{Answered, CallContext, CallNews, Caller};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, TimerId};
use crate::invocation::StopLevel;
use crate::journal::Writer;
use crate::outcome::{Finished, Status};
use crate::protocol::{Input, Protocol, Settled};
use crate::time::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

/// Reads the wall clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a run needs of the world.
pub struct World {
    /// Makes the calls.
    pub caller: Caller,
    /// Rises when the run should stop.
    pub stop: watch::Receiver<StopLevel>,
    /// Tells the time.
    pub clock: Clock,
    /// Keeps the record, after its header; `None` keeps none.
    pub journal: Option<Writer>,
}

/// Drives a protocol to its end, or to the stop. `began` is the time in the journal's header.
///
/// Dropping the future ends every child.
pub async fn drive(
    protocol: Box<dyn Protocol>,
    briefing: Briefing,
    began: Timestamp,
    world: World,
    listener: Listener<'_>,
) -> Finished {
    let (fold, effects) = Fold::begin(protocol, briefing, began, listener);
    Live::new(fold, world).run(effects).await
}

/// Goes on with a run that its record left unfinished: what is outstanding is asked again.
///
/// Dropping the future ends every child.
pub async fn go_on(refolded: Refolded<'_>, world: World) -> Finished {
    let mut live = Live::new(refolded.fold, world);
    live.record(Record::Resumed).await;
    live.run(refolded.outstanding).await
}

struct Live<'a> {
    fold: Fold<'a>,
    caller: Caller,
    clock: Clock,
    stop: watch::Receiver<StopLevel>,
    journal: Option<Writer>,
    calls: JoinSet<Answered>,
    stops: BTreeMap<CallId, watch::Sender<StopLevel>>,
    tasks: HashMap<Id, CallId>,
    timers: JoinSet<TimerId>,
    tell: mpsc::UnboundedSender<CallNews>,
    news: mpsc::UnboundedReceiver<CallNews>,
}

impl<'a> Live<'a> {
    fn new(fold: Fold<'a>, world: World) -> Self {
        let World { caller, stop, clock, journal } = world;
        let (tell, news) = mpsc::unbounded_channel();
        Self {
            fold,
            caller,
            clock,
            stop,
            journal,
            calls: JoinSet::new(),
            stops: BTreeMap::new(),
            tasks: HashMap::new(),
            timers: JoinSet::new(),
            tell,
            news,
        }
    }

    async fn run(mut self, effects: Vec<Effect>) -> Finished {
        self.put_into_effect(effects);
        self.watch().await;
        let stopped = !self.fold.is_over() && self.stopping();
        self.record(Record::Closed { status: stopped.then_some(Status::Cancelled) }).await;
        self.sync().await;
        self.fold.finish()
    }

    async fn watch(&mut self) {
        let mut watching = true;
        loop {
            let waiting_for_timer = !(self.timers.is_empty() || self.fold.is_over() || self.stopping());
            if self.calls.is_empty() && !waiting_for_timer {
                break;
            }
            tokio::select! {
                biased;
                change = self.stop.changed(), if watching => {
                    watching = change.is_ok();
                    let level = *self.stop.borrow();
                    self.stops.values().for_each(|stop| raise(stop, level));
                }
                Some(news) = self.news.recv() => self.hear(news).await,
                Some(ended) = self.calls.join_next_with_id() => self.settle(ended).await,
                Some(Ok(timer)) = self.timers.join_next() => {
                    if !self.stopping() {
                        self.record(Record::Told { input: Input::Elapsed(timer) }).await;
                    }
                }
            }
        }
        self.hear_all().await;
    }

    fn stopping(&self) -> bool {
        *self.stop.borrow() > StopLevel::Run
    }

    /// Writes a record down, then acts on it.
    async fn record(&mut self, record: Record) {
        let entry = Entry { at: (self.clock)(), record };
        if let Some(journal) = &self.journal {
            let written = match serde_json::to_string(&entry) {
                Ok(body) => journal.append(body).await.map_err(|failed| failed.to_string()),
                Err(error) => Err(error.to_string()),
            };
            self.keep_or_drop_journal(written);
        }
        let effects = self.fold.apply(entry.at, entry.record);
        self.put_into_effect(effects);
    }

    /// Makes everything recorded safe, before anything is shown as final.
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

    fn put_into_effect(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(_) if self.stopping() => {}
                Effect::Ask(spec) => {
                    let id = spec.id.clone();
                    let (sender, stop) = stop_channel();
                    let context = CallContext { stop, tell: self.tell.clone() };
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
        // What the call told before it ended comes first.
        self.hear_all().await;
        let (task, result) = match ended {
            Ok((task, answered)) => (task, answered.result),
            Err(error) => {
                let words = format!("the backend panicked: {error}");
                (error.id(), Err(CallFailure::new(FailureClass::Internal, words)))
            }
        };
        let Some(id) = self.tasks.remove(&task) else { return };
        self.stops.remove(&id);
        // A call that ends because the run stops says nothing about its participant.
        let stopped = matches!(&result, Err(failure) if failure.class == FailureClass::Stopped);
        if !stopped && self.fold.is_open(&id) {
            self.record(Record::Told { input: Input::Settled(Settled { id, result }) }).await;
        }
    }

    async fn hear(&mut self, news: CallNews) {
        match news {
            CallNews::Live(kind) => self.fold.live((self.clock)(), kind),
            CallNews::Begun { call, attempt, go } => {
                self.record(Record::Begun { call, attempt }).await;
                // A call that was dropped meanwhile needs no word.
                let _ = go.send(Ok(()));
            }
            CallNews::Ended { call, attempt, failure, usage, served, elapsed } => {
                let (failure, message) = failure.map(|failure| (failure.class, failure.message)).unzip();
                let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                self.record(Record::Ended { call, attempt, failure, message, usage, served, elapsed_ms }).await;
            }
            CallNews::Retrying { call, pause, failure } => {
                self.record(Record::Retrying { call, pause, failure }).await;
            }
            CallNews::Warning(text) => self.record(Record::Warned { text }).await,
        }
    }

    async fn hear_all(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            self.hear(news).await;
        }
    }
}
