//! What is safe when.

use super::*;
use crate::call::{Backoff, CallLimit, Room};
use crate::engine::stop_channel;
use crate::event::EventKind;
use crate::ids::RunId;
use crate::journal::{Chain, Sink};
use crate::outcome::{Body, ConsensusBody, Outcome, Status};
use crate::protocol::{Input, Outbox};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Over before it begins.
struct Brief;

impl Protocol for Brief {
    fn start(&mut self, out: &mut Outbox) {
        out.finish(Outcome::new(Status::Converged, None, Body::Consensus(ConsensusBody::default())));
    }
    fn on(&mut self, _: Input, _: &mut Outbox) {}
    fn conclude(&self) -> Option<Outcome> {
        None
    }
}

/// A disk that counts what is written and not yet safe.
struct Unsafe(Arc<AtomicUsize>);

impl Write for Unsafe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::SeqCst);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Unsafe {
    fn sync(&mut self) -> io::Result<()> {
        self.0.store(0, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn nobody_hears_of_the_end_before_it_is_safe() {
    let at_risk = Arc::new(AtomicUsize::new(0));
    let journal = Some(Writer::start(Unsafe(Arc::clone(&at_risk)), Chain::default()).unwrap());
    let (_sender, stop) = stop_channel();
    let room = Room { seats: BTreeMap::new(), limit: CallLimit::new(0), backoff: Backoff::default() };
    let world =
        World { caller: Caller::new(room), stop, clock: Arc::new(|| Timestamp(0)), journal, bounds: Bounds::default() };
    let (run, protocol) = (RunId::new("run"), "brief".to_owned());
    let meta = RunMeta { run, protocol, seed: 1, max_calls: 0, participants: Vec::new() };
    let mut ends = Vec::new();
    let hear = &mut |event: &crate::event::Event| {
        if let EventKind::RunEnded { .. } = event.kind {
            ends.push(at_risk.load(Ordering::SeqCst));
        }
    };
    drive(Box::new(Brief), meta, Timestamp(0), world, hear).await;
    assert_eq!(ends, [0]);
}
