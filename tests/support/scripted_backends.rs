//! A toy protocol and backends that answer by script: for the loop alone, without a process.

use refinery_core::call::{
    AdapterQueue, Attempt, AttemptError, Backend, Backoff, BoxFuture, CallLimit, Caller, Endpoint, Endpoints,
};
use refinery_core::engine::{Bounds, Clock, Registered, RunDeps, RunMeta, drive};
use refinery_core::event::{Announced, Event, EventKind};
use refinery_core::exchange::{CallSpec, Prompt, Reply, Role, Tuning, Usage};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::{AdapterId, CallId, ParticipantId, Round, RunId};
use refinery_core::invocation::StopLevel;
use refinery_core::outcome::{Body, ConsensusBody, Finished, Outcome, Status};
use refinery_core::protocol::{Input, Outbox, Protocol, Settled};
use refinery_core::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Asks each name once, all at once; ends when all are settled, or at the first answer.
pub struct AskAll {
    names: Vec<&'static str>,
    first_wins: bool,
    heard: Vec<String>,
    open: usize,
}

impl AskAll {
    pub fn new(names: &[&'static str], first_wins: bool) -> Box<Self> {
        Box::new(Self { names: names.to_vec(), first_wins, heard: Vec::new(), open: names.len() })
    }

    fn outcome(&self, status: Status) -> Outcome {
        Outcome::new(status, Some(self.heard.join(" ")), Body::Consensus(ConsensusBody::default()))
    }
}

impl Protocol for AskAll {
    fn start(&mut self, out: &mut Outbox) {
        for name in &self.names {
            out.call(CallSpec {
                id: CallId::new(format!("r1/answer/{name}")),
                to: ParticipantId::new(*name),
                role: Role::Answer,
                round: Round::FIRST,
                system: "".into(),
                prompt: Prompt::new(vec!["q".into()], Vec::new()),
                shape: None,
                tuning: Tuning::default(),
            });
        }
    }

    fn on(&mut self, input: Input, out: &mut Outbox) {
        let Input::Settled(Settled { result, .. }) = input else { return };
        self.open -= 1;
        self.heard.push(match result {
            Ok(reply) => reply.text.to_string(),
            Err(failure) => failure.class.to_string(),
        });
        if self.open == 0 || self.first_wins {
            out.finish(self.outcome(Status::Converged));
        }
    }

    fn conclude(&self) -> Option<Outcome> {
        Some(self.outcome(Status::MaxRoundsExceeded))
    }
}

pub type Script = Arc<dyn Fn(u32) -> Action + Send + Sync>;

pub enum Action {
    Say(&'static str),
    /// The same, with so many output tokens and so much money.
    Costly(&'static str, u64, f64),
    Fail(FailureClass),
    /// A usage limit that resets so long after the run's clock, which stands at 0.
    Limit(Duration),
    Exhausted,
    Hang,
    Panic,
}

struct Scripted(Script);

impl Backend for Scripted {
    fn attempt(&self, mut attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        let action = (self.0)(attempt.number);
        Box::pin(async move {
            match action {
                Action::Say(text) => Ok(Reply { text: text.into(), ..Reply::default() }),
                Action::Costly(text, tokens, cost) => {
                    let usage = Usage { output_tokens: Some(tokens), cost_usd: Some(cost), ..Usage::default() };
                    Ok(Reply { text: text.into(), usage, ..Reply::default() })
                }
                Action::Limit(after) => {
                    let mut failure = CallFailure::new(FailureClass::UsageLimit, "as told");
                    failure.resets_at = Some(Timestamp(0).plus(after));
                    Err(failure.into())
                }
                Action::Fail(class) => Err(CallFailure::new(class, "as told").into()),
                Action::Exhausted => Err(AttemptError::Exhausted("too many open files".to_owned())),
                Action::Hang => {
                    let _ = attempt.stop.wait_for(|level| *level > StopLevel::Run).await;
                    Err(CallFailure::new(FailureClass::Stopped, "stopped").into())
                }
                Action::Panic => panic!("as told"),
            }
        })
    }
}

pub struct Ran {
    pub finished: Finished,
    pub events: Vec<Event>,
}

impl Ran {
    pub fn count(&self, test: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|event| test(&event.kind)).count()
    }
}

pub async fn run(protocol: Box<AskAll>, scripts: Vec<(&'static str, Script)>, stop: watch::Receiver<StopLevel>) -> Ran {
    bounded(protocol, scripts, stop, Bounds::default()).await
}

/// The same within bounds.
pub async fn bounded(
    protocol: Box<dyn Protocol>,
    scripts: Vec<(&'static str, Script)>,
    stop: watch::Receiver<StopLevel>,
    bounds: Bounds,
) -> Ran {
    // `a-1` and `a-2` are two participants of the adapter `a`.
    let adapter = |name: &str| name.split('-').next().unwrap_or(name).to_owned();
    let queues: BTreeMap<_, _> = scripts.iter().map(|(name, _)| (adapter(name), AdapterQueue::new(0))).collect();
    let endpoints: BTreeMap<_, _> = scripts
        .iter()
        .map(|(name, script)| {
            let backend: Arc<dyn Backend> = Arc::new(Scripted(Arc::clone(script)));
            (
                ParticipantId::new(*name),
                Endpoint { backend, queue: queues[&adapter(name)].clone(), own: AdapterQueue::new(0) },
            )
        })
        .collect();
    let participants = scripts
        .iter()
        .map(|(name, _)| {
            let participant = ParticipantId::new(*name);
            let registered = Registered {
                participant: participant.clone(),
                adapter: AdapterId::new(adapter(name)),
                model_id: (*name).to_owned(),
                effort: None,
                pool: "none".to_owned(),
                metered: true,
                prices: None,
            };
            let announced =
                Announced { participant, model_id: (*name).to_owned(), effort: None, pays: "nobody".to_owned() };
            (announced, registered)
        })
        .collect();
    let meta = RunMeta {
        run: RunId::new("run"),
        protocol: "toy".to_owned(),
        seed: 1,
        max_calls: 9,
        participants,
        told: Vec::new(),
    };
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let mut listener = move |event: &Event| seen.lock().unwrap().push(event.clone());
    let clock: Clock = Arc::new(|| Timestamp(0));
    let caller = Caller::new(Endpoints { by_name: endpoints, limit: CallLimit::new(0), backoff: Backoff::default() });
    let finished =
        drive(protocol, meta, Timestamp(0), RunDeps { caller, stop, clock, journal: None, bounds }, &mut listener)
            .await;
    let events = events.lock().unwrap().clone();
    Ran { finished, events }
}

pub fn always(make: impl Fn(u32) -> Action + Send + Sync + 'static) -> Script {
    Arc::new(make)
}
