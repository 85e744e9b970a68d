//! The life of a call: admission, attempts, pauses, and the one result.

use super::adapter_queue::AdapterQueue;
use super::backend::{AtLimit, Attempt, AttemptError, Backend, CallEvent};
use super::backoff::{Backoff, pause_before};
use super::call_limit::{CallLimit, Permit};
use super::health::Trial;
use super::login_refresh::RefreshLeader;
use crate::exchange::{CallSpec, Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::ParticipantId;
use crate::invocation::StopLevel;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

/// How often a call waits for descriptors or processes before it gives up.
const EXHAUSTED_TRIES: u32 = 20;
/// For how many of them a try counts while no other call runs, whose end would give anything back.
const ALONE: u32 = 5;

/// One participant's place in the room.
#[derive(Clone)]
pub struct Endpoint {
    /// What answers it.
    pub backend: Arc<dyn Backend>,
    /// The queue of its adapter and credential, shared with the other participants of both.
    pub queue: AdapterQueue,
    /// Closed when only this participant's model is at fault.
    pub own: AdapterQueue,
}

/// Everybody who can be asked.
#[derive(Clone)]
pub struct Endpoints {
    /// The participants, by name.
    pub by_name: BTreeMap<ParticipantId, Endpoint>,
    /// The bound over all of them.
    pub limit: CallLimit,
    /// How long to wait between attempts.
    pub backoff: Backoff,
}

/// What surrounds one call.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// Rises when the call should end.
    pub stop: watch::Receiver<StopLevel>,
    /// Takes what happens, in order.
    pub events: mpsc::UnboundedSender<CallEvent>,
}

/// How a call ended. While it is there its place is taken: what it came to may end a call that waits for that place.
#[derive(Debug)]
pub struct Answered {
    /// Its reply, or why there is none.
    pub result: Result<Reply, CallFailure>,
    /// How many attempts were made.
    pub attempts: u32,
    _place: Option<Permits>,
}

/// Asks calls, one attempt after the other.
#[derive(Clone)]
pub struct Caller {
    endpoints: Arc<Endpoints>,
}

impl Caller {
    /// A caller for a room.
    #[must_use]
    pub fn new(endpoints: Endpoints) -> Self {
        Self { endpoints: Arc::new(endpoints) }
    }

    /// Makes a call: waits for admission, makes attempts, pauses between them, settles.
    pub async fn call(&self, spec: Arc<CallSpec>, context: CallContext) -> Answered {
        let Some(endpoint) = self.endpoints.by_name.get(&spec.to).cloned() else {
            let failure = CallFailure::new(FailureClass::Internal, format!("no participant {}", spec.to));
            return Answered { result: Err(failure), attempts: 0, _place: None };
        };
        let mut live =
            LiveCall { endpoints: &self.endpoints, endpoint, spec, context, attempts: 0, tries: 0, place: None };
        let result = live.run().await;
        Answered { result, attempts: live.attempts, _place: live.place }
    }
}

struct LiveCall<'a> {
    endpoints: &'a Endpoints,
    endpoint: Endpoint,
    spec: Arc<CallSpec>,
    context: CallContext,
    /// Attempts that were begun.
    attempts: u32,
    /// Those of them that count against the retries: one that met a usage limit and waited does not.
    tries: u32,
    /// What its last attempt held, once there is no other.
    place: Option<Permits>,
}

impl LiveCall<'_> {
    async fn run(&mut self) -> Result<Reply, CallFailure> {
        let mut exhausted = 0;
        loop {
            let permits = self.admit().await?;
            let began = Instant::now();
            self.attempts += 1;
            self.tries += 1;
            let failure = match self.attempt(permits.leader.clone()).await {
                Ok(reply) => {
                    self.endpoint.own.health().answered();
                    self.place = Some(permits);
                    return Ok(reply);
                }
                Err(AttemptError::Failed(failure)) => failure,
                Err(AttemptError::Exhausted(message)) => {
                    // It never ran, so it is no attempt that a person should pay or wait for.
                    self.attempts -= 1;
                    self.tries -= 1;
                    exhausted += if self.endpoints.limit.running() == 1 { ALONE } else { 1 };
                    if exhausted > EXHAUSTED_TRIES {
                        return Err(CallFailure::new(FailureClass::StartFailed, message));
                    }
                    let limit = self.endpoints.limit.lower(permits.global);
                    drop(permits.adapter);
                    self.warn(format!("{message}; from here on at most {limit} at once"));
                    self.rest(Duration::from_millis(50 * u64::from(exhausted))).await?;
                    continue;
                }
            };
            let pause = self.pause_after(&failure, began);
            // Before any pause: one for a usage limit can last hours, and other calls can run meanwhile.
            drop(permits);
            if failure.class == FailureClass::UsageLimit && self.wait_at_limit(&failure).await? {
                continue;
            }
            self.close_if_lasting(&failure);
            let Some(pause) = pause else { return Err(failure) };
            self.notify(CallEvent::Retrying { call: self.spec.id.clone(), pause, failure: failure.class });
        }
    }

    /// The pause before the next attempt, if there is one. The participant's other calls keep it too; and where it
    /// failed as often in a row as one call may be tried, none of them is made any more.
    fn pause_after(&self, failure: &CallFailure, began: Instant) -> Option<Duration> {
        let Endpoint { own, .. } = &self.endpoint;
        let rules = &self.endpoints.backoff;
        let in_a_row = if failure.class.is_outage() { own.health().failed(began) } else { own.health().answered() };
        let after = |tries| pause_before(rules, self.spec.id.as_str(), tries, failure);
        let pause = after(self.tries.max(in_a_row));
        match pause {
            Some(pause) => own.rest_until(Instant::now() + pause),
            // Without retries, a failure says little of the next call.
            None if in_a_row > 1 && rules.retries > 0 && after(in_a_row).is_none() => own.close(failure.clone()),
            None => {}
        }
        pause
    }

    /// Asks what follows from a usage limit; true if the call is to be tried again after a rest.
    async fn wait_at_limit(&mut self, failure: &CallFailure) -> Result<bool, CallFailure> {
        let (answer, decided) = oneshot::channel();
        self.notify(CallEvent::Limited { call: self.spec.id.clone(), failure: failure.clone(), answer });
        match decided.await.unwrap_or(AtLimit::Stop) {
            AtLimit::GiveUp => Ok(false),
            AtLimit::Stop => Err(self.stopped_failure()),
            AtLimit::Wait(pause) => {
                self.tries -= 1;
                self.endpoint.queue.rest_until(Instant::now() + pause);
                self.notify(CallEvent::Retrying { call: self.spec.id.clone(), pause, failure: failure.class });
                Ok(true)
            }
        }
    }

    /// Waits for a permit of the adapter, then for one of the whole run.
    async fn admit(&mut self) -> Result<Permits, CallFailure> {
        let mut stop = self.context.stop.clone();
        let Endpoint { queue, own, .. } = &self.endpoint;
        let places = async {
            loop {
                let permits = self.permits().await;
                // It may have failed meanwhile, and then one attempt at a time is enough.
                if permits.trial.is_some() || !own.health().is_failing() {
                    return permits;
                }
            }
        };
        let permits = tokio::select! {
            biased;
            () = stopped(&mut stop) => return Err(self.stopped_failure()),
            // Before the permits: the attempt that held them before may have closed the queue.
            why = queue.until_closed() => return Err(why),
            why = own.until_closed() => return Err(why),
            permits = places => permits,
        };
        if let Some(text) = permits.leader.as_ref().and_then(|leader| leader.warning()) {
            self.caution(text);
        }
        Ok(permits)
    }

    async fn permits(&self) -> Permits {
        let Endpoint { queue, own, .. } = &self.endpoint;
        let trial = own.health().trial().await;
        // A rest may be prolonged while it lasts.
        let rests = || queue.rests_until().max(own.rests_until()).filter(|moment| *moment > Instant::now());
        while let Some(moment) = rests() {
            tokio::time::sleep_until(moment).await;
        }
        // Before the permits: at a limit of one, a call that held the permit and waited for the leader
        // would keep the leader from starting.
        let leader = queue.refresh_leader(&|text: &str| self.caution(text)).await.map(Arc::new);
        // A call that waits for a busy adapter must not hold one of the run's permits: others could use it.
        let adapter = queue.limit().acquire().await;
        let global = self.endpoints.limit.acquire().await;
        Permits { adapter, global, leader, trial }
    }

    async fn attempt(&self, leader: Option<Arc<RefreshLeader>>) -> Result<Reply, AttemptError> {
        let call = self.spec.id.clone();
        let (go, answer) = oneshot::channel();
        self.notify(CallEvent::Begun { call: call.clone(), attempt: self.attempts, go });
        answer.await.map_err(|_| self.stopped_failure())??;
        let began = Instant::now();
        let (answered, mut early) = mpsc::channel(1);
        let mut attempt = self.endpoint.backend.attempt(Attempt {
            spec: Arc::clone(&self.spec),
            number: self.attempts,
            stop: self.context.stop.clone(),
            events: self.context.events.clone(),
            answered,
            leader: leader.clone(),
        });
        let (mut result, leaving) = tokio::select! {
            biased;
            result = &mut attempt => (result, None),
            Some(reply) = early.recv() => (Ok(reply), Some(attempt)),
        };
        if let (Some(leader), Ok(_)) = (leader, &result) {
            leader.release();
        }
        if let Some(what) = check_usage(&mut result) {
            self.caution(&format!("an impossible {what} was reported; it counts as unknown"));
        }
        let (failure, usage, served) = match &result {
            Ok(reply) => (None, reply.usage, reply.served.clone()),
            Err(AttemptError::Failed(failure)) => (Some(failure.clone()), failure.usage, None),
            Err(AttemptError::Exhausted(message)) => {
                (Some(CallFailure::new(FailureClass::StartFailed, message)), Usage::default(), None)
            }
        };
        let elapsed = began.elapsed();
        self.notify(CallEvent::Ended { call, attempt: self.attempts, failure, usage, served, elapsed });
        for warning in result.iter().flat_map(|reply| &reply.warnings) {
            self.caution(warning);
        }
        if let (Some(leaving), Ok(reply)) = (leaving, &result) {
            self.notify(CallEvent::Replied { call: self.spec.id.clone(), reply: reply.clone() });
            // The reply counts, whatever becomes of the CLI that gave it.
            let _ = leaving.await;
        }
        result
    }

    fn close_if_lasting(&self, failure: &CallFailure) {
        if !failure.class.is_lasting() {
            return;
        }
        match failure.class {
            FailureClass::BadModel
            | FailureClass::ContextTooLong
            | FailureClass::Misconfigured
            | FailureClass::StartFailed => {
                self.endpoint.own.close(failure.clone());
            }
            _ => self.endpoint.queue.close(failure.clone()),
        }
    }

    async fn rest(&self, pause: Duration) -> Result<(), CallFailure> {
        let mut stop = self.context.stop.clone();
        tokio::select! {
            biased;
            () = stopped(&mut stop) => Err(self.stopped_failure()),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    fn stopped_failure(&self) -> CallFailure {
        CallFailure::new(FailureClass::Stopped, format!("{} was stopped", self.spec.id))
    }

    /// Says something that holds for every participant of the same model.
    fn caution(&self, text: &str) {
        self.warn(format!("{}: {text}", self.spec.to.unnumbered()));
    }

    fn warn(&self, text: String) {
        self.notify(CallEvent::Warning(text));
    }

    fn notify(&self, event: CallEvent) {
        // The receiver is gone once the run is over: there is nothing left to report to.
        let _ = self.context.events.send(event);
    }
}

/// What an attempt holds while it runs; a pause between attempts holds none of it.
#[derive(Debug)]
struct Permits {
    adapter: Permit,
    global: Permit,
    /// If it refreshes the login: the other attempts wait until this is released or dropped.
    leader: Option<Arc<RefreshLeader>>,
    /// If the participant's last attempt failed: its other calls wait until this is dropped.
    trial: Option<Trial>,
}

/// Makes unknown what cannot be true of the usage, and says what that was.
fn check_usage(result: &mut Result<Reply, AttemptError>) -> Option<&'static str> {
    let usage = match result {
        Ok(reply) => &mut reply.usage,
        Err(AttemptError::Failed(failure)) => &mut failure.usage,
        Err(AttemptError::Exhausted(_)) => return None,
    };
    let (checked, what) = usage.checked();
    *usage = checked;
    what
}

/// Waits until a stop is asked for; for ever, if nobody can ask any more.
pub(super) async fn stopped(stop: &mut watch::Receiver<StopLevel>) {
    if stop.wait_for(|level| *level > StopLevel::Run).await.is_err() {
        std::future::pending::<()>().await;
    }
}
