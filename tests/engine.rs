//! The loop and the call layer, with a toy protocol and backends that answer by script: no process
//! and no real clock.

use refinery_core::call::{Attempt, AttemptError, Backend, Backoff, BoxFuture, Caller, Gate, Lane, Room, Seat};
use refinery_core::engine::{Briefing, Clock, Registered, World, drive, stop_channel};
use refinery_core::event::{Announced, Event, EventKind};
use refinery_core::exchange::{CallSpec, Prompt, Reply, Role, Tuning};
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
struct AskAll {
    names: Vec<&'static str>,
    first_wins: bool,
    heard: Vec<String>,
    open: usize,
}

impl AskAll {
    fn new(names: &[&'static str], first_wins: bool) -> Box<Self> {
        Box::new(Self { names: names.to_vec(), first_wins, heard: Vec::new(), open: names.len() })
    }

    fn outcome(&self, status: Status) -> Outcome {
        Outcome { status, answer: Some(self.heard.join(" ")), body: Body::Consensus(ConsensusBody::default()) }
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

type Script = Arc<dyn Fn(u32) -> Act + Send + Sync>;

enum Act {
    Say(&'static str),
    Fail(FailureClass),
    Exhausted,
    Hang,
    Panic,
}

struct Scripted(Script);

impl Backend for Scripted {
    fn attempt(&self, mut attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        let act = (self.0)(attempt.number);
        Box::pin(async move {
            match act {
                Act::Say(text) => Ok(Reply { text: text.into(), ..Reply::default() }),
                Act::Fail(class) => Err(CallFailure::new(class, "as told").into()),
                Act::Exhausted => Err(AttemptError::Exhausted("too many open files".to_owned())),
                Act::Hang => {
                    let _ = attempt.stop.wait_for(|level| *level > StopLevel::Run).await;
                    Err(CallFailure::new(FailureClass::Stopped, "stopped").into())
                }
                Act::Panic => panic!("as told"),
            }
        })
    }
}

struct Ran {
    finished: Finished,
    events: Vec<Event>,
}

impl Ran {
    fn count(&self, test: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|event| test(&event.kind)).count()
    }
}

async fn run(protocol: Box<AskAll>, scripts: Vec<(&'static str, Script)>, stop: watch::Receiver<StopLevel>) -> Ran {
    let lane = Lane::new(0);
    let seats: BTreeMap<_, _> = scripts
        .iter()
        .map(|(name, script)| {
            let backend: Arc<dyn Backend> = Arc::new(Scripted(Arc::clone(script)));
            (ParticipantId::new(*name), Seat { backend, lane: lane.clone(), own: Lane::new(0) })
        })
        .collect();
    let participants = scripts
        .iter()
        .map(|(name, _)| {
            let participant = ParticipantId::new(*name);
            let registered = Registered {
                participant: participant.clone(),
                adapter: AdapterId::new("toy"),
                model_id: (*name).to_owned(),
                effort: None,
                pool: "none".to_owned(),
            };
            let announced =
                Announced { participant, model_id: (*name).to_owned(), effort: None, pays: "nobody".to_owned() };
            (announced, registered)
        })
        .collect();
    let briefing = Briefing { run: RunId::new("run"), protocol: "toy".to_owned(), seed: 1, max_calls: 9, participants };
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let mut listener = move |event: &Event| seen.lock().unwrap().push(event.clone());
    let clock: Clock = Arc::new(|| Timestamp(0));
    let caller = Caller::new(Room { seats, gate: Gate::new(0), backoff: Backoff::default() });
    let finished = drive(protocol, briefing, World { caller, stop, clock, journal: None }, &mut listener).await;
    let events = events.lock().unwrap().clone();
    Ran { finished, events }
}

fn always(make: impl Fn(u32) -> Act + Send + Sync + 'static) -> Script {
    Arc::new(make)
}

#[tokio::test(start_paused = true)]
async fn events_are_numbered_without_gaps_and_end_with_the_status() {
    let (_sender, stop) = stop_channel();
    let ran = run(AskAll::new(&["a"], false), vec![("a", always(|_| Act::Say("yes")))], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("yes"));
    let numbers: Vec<_> = ran.events.iter().filter_map(|event| event.seq).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(ran.events.last().map(|event| &event.kind), Some(&EventKind::RunEnded { status: Status::Converged }));
    assert_eq!((ran.finished.totals.total_calls, ran.finished.totals.total_attempts), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_tried_again_and_counted() {
    let (_sender, stop) = stop_channel();
    let flaky = always(|number| if number < 3 { Act::Fail(FailureClass::Overloaded) } else { Act::Say("late") });
    let ran = run(AskAll::new(&["a"], false), vec![("a", flaky)], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("late"));
    assert_eq!((ran.finished.totals.total_calls, ran.finished.totals.total_attempts), (1, 3));
    assert_eq!(ran.count(|kind| matches!(kind, EventKind::Retrying { .. })), 2);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_failure_is_paid_for_once() {
    let (_sender, stop) = stop_channel();
    let bad = always(|_| Act::Fail(FailureClass::BadCredential));
    let ran = run(AskAll::new(&["a", "b"], false), vec![("a", Arc::clone(&bad)), ("b", bad)], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("bad_credential bad_credential"));
    assert!(ran.finished.totals.total_attempts <= 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_backend_is_one_failed_call() {
    let (_sender, stop) = stop_channel();
    let scripts = vec![("a", always(|_| Act::Panic)), ("b", always(|_| Act::Say("fine")))];
    let ran = run(AskAll::new(&["a", "b"], false), scripts, stop).await;
    let answer = ran.finished.outcome.answer.unwrap();
    assert!(answer.contains("internal") && answer.contains("fine"), "{answer}");
    assert_eq!(ran.finished.totals.participants[0].failed_calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_abandons_what_is_still_running() {
    let (_sender, stop) = stop_channel();
    let scripts = vec![("a", always(|_| Act::Hang)), ("b", always(|_| Act::Say("first")))];
    let ran = run(AskAll::new(&["a", "b"], true), scripts, stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("first"));
    assert_eq!(ran.count(|kind| matches!(kind, EventKind::CallAbandoned { .. })), 1);
    assert_eq!(ran.count(|kind| matches!(kind, EventKind::CallSettled { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_what_was_said_and_tells_the_protocol_nothing_false() {
    let (sender, stop) = stop_channel();
    let asked = Arc::new(tokio::sync::Notify::new());
    let ring = Arc::clone(&asked);
    let slow = always(move |_| {
        ring.notify_one();
        Act::Hang
    });
    let scripts = vec![("a", slow), ("b", always(|_| Act::Say("kept")))];
    let stopper = async {
        asked.notified().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        sender.send_replace(StopLevel::Wind);
    };
    let (ran, ()) = tokio::join!(run(AskAll::new(&["a", "b"], false), scripts, stop), stopper);
    assert_eq!(ran.finished.outcome.status, Status::Cancelled);
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("kept"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause_between_attempts() {
    let (sender, stop) = stop_channel();
    let tried = Arc::new(tokio::sync::Notify::new());
    let ring = Arc::clone(&tried);
    let flaky = always(move |_| {
        ring.notify_one();
        Act::Fail(FailureClass::Overloaded)
    });
    let stopper = async {
        tried.notified().await;
        sender.send_replace(StopLevel::Wind);
    };
    let (ran, ()) = tokio::join!(run(AskAll::new(&["a"], false), vec![("a", flaky)], stop), stopper);
    assert_eq!(ran.finished.outcome.status, Status::Cancelled);
    assert_eq!(ran.finished.totals.total_attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn want_of_descriptors_lowers_the_concurrency_instead_of_failing() {
    let (_sender, stop) = stop_channel();
    let tries = Arc::new(Mutex::new(0));
    let scarce = always(move |_| {
        let mut tries = tries.lock().unwrap();
        *tries += 1;
        if *tries <= 3 { Act::Exhausted } else { Act::Say("in the end") }
    });
    let ran = run(AskAll::new(&["a"], false), vec![("a", scarce)], stop).await;
    assert_eq!(ran.finished.outcome.answer.as_deref(), Some("in the end"));
    assert!(ran.finished.totals.warnings.iter().any(|text| text.contains("from here on at most 1 at once")));
}
