//! The loop: everything that happens to a run passes here, one thing at a time.

use super::desk::Desk;
use super::ledger::{Ledger, Registered};
use super::stop::{raise, stop_channel};
use crate::call::{Answered, CallContext, Caller};
use crate::event::{Announced, EventKind};
use crate::exchange::CallSpec;
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, RunId, TimerId};
use crate::invocation::StopLevel;
use crate::outcome::{Body, ConsensusBody, Finished, Outcome, Status, Totals};
use crate::protocol::{Command, Input, Outbox, Protocol, RoundOverrides, Settled};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

/// What the loop must know of the plan.
#[derive(Debug, Clone)]
pub struct Briefing {
    /// Name of the run.
    pub run: RunId,
    /// Name of the protocol.
    pub protocol: String,
    /// The seed, for the record.
    pub seed: u64,
    /// At most this many calls without repairs, for the announcement.
    pub max_calls: u64,
    /// Who takes part, in plan order, as announced and as accounted.
    pub participants: Vec<(Announced, Registered)>,
}

/// Drives a protocol to its end, or to the stop.
///
/// Dropping the future ends every child.
pub async fn drive(
    protocol: Box<dyn Protocol>,
    caller: Caller,
    briefing: Briefing,
    stop: watch::Receiver<StopLevel>,
    mut desk: Desk<'_>,
) -> Finished {
    let (announced, registered): (Vec<_>, Vec<_>) = briefing.participants.into_iter().unzip();
    desk.emit(EventKind::RunStarted {
        run: briefing.run.clone(),
        protocol: briefing.protocol,
        participants: announced,
        max_calls: briefing.max_calls,
    });
    let (tell, told) = mpsc::unbounded_channel();
    let mut run = Loop {
        protocol,
        caller,
        desk,
        ledger: Ledger::new(registered),
        calls: JoinSet::new(),
        live: BTreeMap::new(),
        tasks: HashMap::new(),
        timers: JoinSet::new(),
        tell,
        told,
        stop,
        outcome: None,
    };
    let began = Instant::now();
    let mut outcome = run.to_the_end().await;
    if run.outcome.is_none() && *run.stop.borrow() > StopLevel::Run {
        outcome.status = Status::Cancelled;
    }
    let (total_calls, total_attempts) = (run.ledger.calls(), run.ledger.attempts());
    run.desk.emit(EventKind::RunEnded { status: outcome.status });
    let (participants, warnings) = run.ledger.close();
    let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let totals = Totals {
        run_id: briefing.run,
        total_calls,
        total_attempts,
        elapsed_ms,
        seed: briefing.seed,
        participants,
        warnings,
    };
    Finished { outcome, totals }
}

/// A call in flight.
struct InFlight {
    spec: Arc<CallSpec>,
    stop: watch::Sender<StopLevel>,
    since: Instant,
    abandoned: bool,
}

struct Loop<'a> {
    protocol: Box<dyn Protocol>,
    caller: Caller,
    desk: Desk<'a>,
    ledger: Ledger,
    calls: JoinSet<Answered>,
    live: BTreeMap<CallId, InFlight>,
    tasks: HashMap<Id, CallId>,
    timers: JoinSet<TimerId>,
    tell: mpsc::UnboundedSender<EventKind>,
    told: mpsc::UnboundedReceiver<EventKind>,
    stop: watch::Receiver<StopLevel>,
    outcome: Option<Outcome>,
}

impl Loop<'_> {
    async fn to_the_end(&mut self) -> Outcome {
        let mut out = Outbox::default();
        if *self.stop.borrow() == StopLevel::Run {
            self.protocol.start(&mut out);
            self.obey(&mut out);
        }
        let mut watching = true;
        loop {
            if self.calls.is_empty() && (self.outcome.is_some() || self.stopping() || self.timers.is_empty()) {
                break;
            }
            tokio::select! {
                biased;
                change = self.stop.changed(), if watching => {
                    watching = change.is_ok();
                    let level = *self.stop.borrow();
                    self.live.values().for_each(|call| raise(&call.stop, level));
                }
                Some(kind) = self.told.recv() => self.happened(kind),
                Some(ended) = self.calls.join_next_with_id() => self.settle(ended, &mut out),
                Some(Ok(timer)) = self.timers.join_next() => {
                    if self.outcome.is_none() && !self.stopping() {
                        self.protocol.on(Input::Elapsed(timer), &mut out);
                        self.obey(&mut out);
                    }
                }
            }
        }
        self.hear_all();
        self.outcome.clone().or_else(|| self.protocol.conclude()).unwrap_or_else(nothing)
    }

    fn stopping(&self) -> bool {
        *self.stop.borrow() > StopLevel::Run
    }

    /// Does what the protocol asked for.
    fn obey(&mut self, out: &mut Outbox) {
        let mut commands = std::collections::VecDeque::from(out.drain());
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Note(kind) => self.happened(kind),
                Command::Call(spec) if self.outcome.is_none() && !self.stopping() => self.begin(spec),
                Command::Call(_) => {}
                Command::Abandon(id) => self.abandon(&id),
                Command::Timer(id, after) => {
                    self.timers.spawn(async move {
                        tokio::time::sleep(after).await;
                        id
                    });
                }
                Command::Pause(_) => {
                    // Nobody steps through a run that was handed over whole.
                    self.protocol.on(Input::Advance(RoundOverrides::default()), out);
                    commands.extend(out.drain());
                }
                Command::Finish(outcome) => {
                    self.outcome.get_or_insert(outcome);
                    for call in self.live.keys().cloned().collect::<Vec<_>>() {
                        self.abandon(&call);
                    }
                }
            }
        }
    }

    fn begin(&mut self, spec: CallSpec) {
        let spec = Arc::new(spec);
        let (id, to) = (spec.id.clone(), spec.to.clone());
        self.ledger.begin(&id, &to);
        self.happened(EventKind::CallQueued { call: id.clone(), participant: to, role: spec.role, round: spec.round });
        let (sender, receiver) = stop_channel();
        let context = CallContext { stop: receiver, tell: self.tell.clone() };
        let (caller, asked) = (self.caller.clone(), Arc::clone(&spec));
        let task = self.calls.spawn(async move { caller.call(asked, context).await });
        self.tasks.insert(task.id(), id.clone());
        self.live.insert(id, InFlight { spec, stop: sender, since: Instant::now(), abandoned: false });
    }

    fn abandon(&mut self, id: &CallId) {
        if let Some(call) = self.live.get_mut(id).filter(|call| !call.abandoned) {
            call.abandoned = true;
            // Its answer is worth nothing any more, so it gets no grace.
            raise(&call.stop, StopLevel::Kill);
            self.happened(EventKind::CallAbandoned { call: id.clone() });
        }
    }

    fn settle(&mut self, ended: Result<(Id, Answered), JoinError>, out: &mut Outbox) {
        // What the call told before it ended comes first.
        self.hear_all();
        let (task, answered) = match ended {
            Ok((task, answered)) => (task, answered),
            Err(error) => {
                let failure = CallFailure::new(FailureClass::Internal, format!("the backend panicked: {error}"));
                (error.id(), Answered { result: Err(failure), attempts: 0 })
            }
        };
        let Some(call) = self.tasks.remove(&task).and_then(|id| self.live.remove(&id)) else { return };
        let Answered { result, attempts } = answered;
        if let Ok(reply) = &result
            && let Some(model) = &reply.served
        {
            self.ledger.served(&call.spec.to, model);
        }
        if call.abandoned {
            return;
        }
        self.happened(EventKind::CallSettled {
            call: call.spec.id.clone(),
            participant: call.spec.to.clone(),
            failure: result.as_ref().err().map(|failure| failure.class),
            attempts,
            elapsed_ms: u64::try_from(call.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
        // A call that ends because the run stops says nothing about its participant.
        let stopped = matches!(&result, Err(failure) if failure.class == FailureClass::Stopped);
        if self.outcome.is_none() && !stopped {
            self.protocol.on(Input::Settled(Settled { id: call.spec.id.clone(), result }), out);
            self.obey(out);
        }
    }

    fn happened(&mut self, kind: EventKind) {
        self.ledger.observe(&kind);
        self.desk.emit(kind);
    }

    fn hear_all(&mut self) {
        while let Ok(kind) = self.told.try_recv() {
            self.happened(kind);
        }
    }
}

/// The outcome of a run that was stopped before anybody said anything.
fn nothing() -> Outcome {
    Outcome { status: Status::Error, answer: None, body: Body::Consensus(ConsensusBody::default()) }
}
