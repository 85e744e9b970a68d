//! A run that is stepped through, on the disk: the caller's words are records like all others.

use crate::support::folder::TestFolder;
use crate::support::room::{consensus, participant, plan};
use refinery_core::call::{
    AdapterQueue, Attempt, AttemptError, Backend, Backoff, BoxFuture, CallLimit, Caller, Endpoint, Endpoints,
};
use refinery_core::engine::{Bounds, Effect, JournalEntry, RunDeps, RunMeta, Stepped, replay, stop_channel};
use refinery_core::exchange::Reply;
use refinery_core::ids::{ParticipantId, RunId};
use refinery_core::journal::{self, Writer};
use refinery_core::outcome::Status;
use refinery_core::protocol::RoundOverrides;
use refinery_core::protocol::consensus::ConsensusPlan;
use refinery_core::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const NAMES: [&str; 2] = ["claude", "codex"];

struct Reviewer;

impl Backend for Reviewer {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        Box::pin(async move { participant(&attempt.spec, &|_, _, author| [7.0, 6.0][author]).map_err(Into::into) })
    }
}

fn world(journal: Writer) -> RunDeps {
    let endpoint = || Endpoint { backend: Arc::new(Reviewer), queue: AdapterQueue::new(0), own: AdapterQueue::new(0) };
    let endpoints: BTreeMap<_, _> = NAMES.map(|name| (ParticipantId::new(name), endpoint())).into();
    RunDeps {
        caller: Caller::new(Endpoints { by_name: endpoints, limit: CallLimit::new(0), backoff: Backoff::default() }),
        stop: stop_channel().1,
        clock: Arc::new(|| Timestamp(0)),
        journal: Some(journal),
        bounds: Bounds::default(),
    }
}

fn meta() -> RunMeta {
    let participants = Vec::new();
    RunMeta {
        run: RunId::new("run"),
        protocol: "consensus".to_owned(),
        seed: 7,
        max_calls: 9,
        participants,
        told: Vec::new(),
    }
}

#[tokio::test]
async fn words_are_written_down_and_a_fold_of_the_record_waits_where_the_run_did() {
    let folder = TestFolder::new("stepped-");
    let path = folder.path().join("run.jsonl");
    let plan = ConsensusPlan { stepped: true, threshold: 9.5, ..plan(4) };
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let listener = Box::new(move |event: &refinery_core::Event| heard.lock().unwrap().push(event.clone()));
    let protocol = Box::new(consensus(&plan, 2));
    let mut run = Stepped::begin(protocol, meta(), Timestamp(0), world(Writer::create(&path).unwrap()), listener);

    assert_eq!(run.step(RoundOverrides::default()).await.unwrap().record.round.get(), 1);
    let word = RoundOverrides { additional_context: Some("Mind the gap.".to_owned()), ..RoundOverrides::default() };
    let report = run.step(word).await.unwrap();
    assert!(report.record.round.get() == 2 && report.more && report.winner.is_none());
    let finished = run.finish(Status::MaxRoundsExceeded);
    assert!(finished.totals.resumable, "its record has no end");

    let bodies = journal::read(&path).unwrap().bodies;
    let entries: Vec<JournalEntry> = bodies.iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(bodies.iter().filter(|body| body.contains("Mind the gap.")).count(), 1);
    let mut again = Vec::new();
    let mut listener = |event: &refinery_core::Event| again.push(event.clone());
    let replayed = replay(Box::new(consensus(&plan, 2)), meta(), Timestamp(0), entries, &mut listener).unwrap();
    assert!(!replayed.closed);
    let [Effect::Pause(waiting)] = &replayed.outstanding[..] else { panic!("{:?}", replayed.outstanding) };
    assert_eq!(waiting, &report);
    drop(replayed);
    let mut events = events.lock().unwrap().clone();
    // The end that the caller made is no record.
    events.truncate(again.len());
    assert_eq!(events, again);
}
