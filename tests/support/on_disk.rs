//! Consensus runs of two whose answers are made within this process, with a journal: no program, no account.

use super::room::participant;
use refinery_core::call::{
    AdapterQueue, Attempt, AttemptError, Backend, Backoff, BoxFuture, CallLimit, Caller, Endpoint, Endpoints,
};
use refinery_core::engine::{Bounds, RunDeps, RunMeta, stop_channel};
use refinery_core::exchange::Reply;
use refinery_core::ids::{ParticipantId, RunId};
use refinery_core::journal::Writer;
use refinery_core::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Answers after this time.
struct Reviewer(Duration);

impl Backend for Reviewer {
    fn attempt(&self, attempt: Attempt) -> BoxFuture<'_, Result<Reply, AttemptError>> {
        Box::pin(async move {
            tokio::time::sleep(self.0).await;
            participant(&attempt.spec, &|_, _, author| [7.0, 6.0][author]).map_err(Into::into)
        })
    }
}

/// Both participants, each of whose calls takes so long.
pub fn world(journal: Writer, takes: Duration) -> RunDeps {
    let endpoint =
        || Endpoint { backend: Arc::new(Reviewer(takes)), queue: AdapterQueue::new(0), own: AdapterQueue::new(0) };
    let endpoints: BTreeMap<_, _> = ["claude", "codex"].map(|name| (ParticipantId::new(name), endpoint())).into();
    RunDeps {
        caller: Caller::new(Endpoints { by_name: endpoints, limit: CallLimit::new(0), backoff: Backoff::default() }),
        stop: stop_channel().1,
        clock: Arc::new(|| Timestamp(0)),
        journal: Some(journal),
        bounds: Bounds::default(),
    }
}

/// The run.
pub fn meta() -> RunMeta {
    RunMeta {
        run: RunId::new("run"),
        protocol: "consensus".to_owned(),
        seed: 7,
        max_calls: 9,
        participants: Vec::new(),
        told: Vec::new(),
    }
}
