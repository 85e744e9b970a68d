//! What is safe when, and timers.

use super::*;
use crate::call::{Backoff, CallLimit, Endpoints};
use crate::engine::{JournalEntry, replay, stop_channel};
use crate::event::EventKind;
use crate::ids::{RunId, TimerId};
use crate::journal::Chain;
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

fn world(journal: Option<Writer>) -> RunDeps {
    let room = Endpoints { by_name: BTreeMap::new(), limit: CallLimit::new(0), backoff: Backoff::default() };
    // Without its sender, a stop never comes.
    let stop = stop_channel().1;
    RunDeps { caller: Caller::new(room), stop, clock: Arc::new(|| Timestamp(0)), journal, bounds: Bounds::default() }
}

fn meta() -> RunMeta {
    let (run, protocol) = (RunId::new("run"), "brief".to_owned());
    RunMeta { run, protocol, seed: 1, max_calls: 0, participants: Vec::new(), told: Vec::new() }
}

#[tokio::test]
async fn nobody_hears_of_the_end_before_it_is_safe() {
    let at_risk = Arc::new(AtomicUsize::new(0));
    let disk = Unsafe(Arc::clone(&at_risk));
    let made_safe = Arc::clone(&at_risk);
    let sync = move || {
        made_safe.store(0, Ordering::SeqCst);
        Ok(())
    };
    let journal = Some(Writer::start(disk, sync, Chain::default()).unwrap());
    let mut ends = Vec::new();
    let hear = &mut |event: &crate::event::Event| {
        if let EventKind::RunEnded { .. } = event.kind {
            ends.push(at_risk.load(Ordering::SeqCst));
        }
    };
    drive(Box::new(Brief), meta(), Timestamp(0), world(journal), hear).await;
    assert_eq!(ends, [0]);
}

/// Waits for a while, then ends.
struct Patient;

const WHILE: Duration = Duration::from_secs(3600);

impl Protocol for Patient {
    fn start(&mut self, out: &mut Outbox) {
        out.timer(TimerId::new("grace"), WHILE);
    }
    fn on(&mut self, input: Input, out: &mut Outbox) {
        assert_eq!(input, Input::Elapsed(TimerId::new("grace")));
        out.finish(Outcome::new(Status::Converged, None, Body::Consensus(ConsensusBody::default())));
    }
    fn conclude(&self) -> Option<Outcome> {
        None
    }
}

/// A disk that can be read again.
#[derive(Clone, Default)]
struct Kept(Arc<std::sync::Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_runs_out_once_is_recorded_and_is_set_again_by_a_resume() {
    let disk = Kept::default();
    let began = tokio::time::Instant::now();
    let journal = Some(Writer::start(disk.clone(), || Ok(()), Chain::default()).unwrap());
    let finished = drive(Box::new(Patient), meta(), Timestamp(0), world(journal), &mut |_| {}).await;
    assert_eq!((finished.outcome.status, began.elapsed() >= WHILE), (Status::Converged, true));
    let lines = String::from_utf8(disk.0.lock().unwrap().clone()).unwrap();
    let entries: Vec<JournalEntry> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [elapsed, closed] = &entries[..] else { panic!("{lines}") };
    assert_eq!(elapsed.record, Record::Told { input: Input::Elapsed(TimerId::new("grace")) });
    assert!(matches!(&closed.record, Record::Closed { finished: Some(printed), .. } if **printed == finished));
    let again = |entries: &[&JournalEntry]| {
        let entries = entries.iter().map(|entry| (*entry).clone()).collect::<Vec<_>>();
        let mut listener = |_: &crate::event::Event| {};
        let replayed = replay(Box::new(Patient), meta(), Timestamp(0), entries, &mut listener).unwrap();
        (replayed.fold.is_over(), replayed.outstanding.len(), replayed.ignored)
    };
    assert_eq!(again(&[]), (false, 1, 0), "it is set again");
    assert_eq!(again(&[elapsed]), (true, 0, 0));
    assert_eq!(again(&[elapsed, elapsed]), (true, 0, 1), "one that was not set is left out");
}
