//! Runs on the disk without a process: one that is stepped through, whose caller's words are records like all others,
//! and one whose disk is slow.

use crate::support::folder::TestFolder;
use crate::support::on_disk::{meta, world};
use crate::support::room::{consensus, plan};
use refinery_core::engine::{Effect, JournalEntry, Stepped, drive, replay};
use refinery_core::event::EventKind;
use refinery_core::journal::{self, Chain, Writer};
use refinery_core::outcome::Status;
use refinery_core::protocol::RoundOverrides;
use refinery_core::protocol::consensus::ConsensusPlan;
use refinery_core::time::Timestamp;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

#[tokio::test]
async fn words_are_written_down_and_a_fold_of_the_record_waits_where_the_run_did() {
    let folder = TestFolder::new("stepped-");
    let path = folder.path().join("run.jsonl");
    let plan = ConsensusPlan { stepped: true, threshold: 9.5, ..plan(4) };
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let listener = Box::new(move |event: &refinery_core::Event| heard.lock().unwrap().push(event.clone()));
    let protocol = Box::new(consensus(&plan, 2));
    let mut run =
        Stepped::begin(protocol, meta(), Timestamp(0), world(Writer::create(&path).unwrap(), Duration::ZERO), listener);

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

/// Memory that counts what is written to it, and lets a sync end once the run's last record is there.
struct Slow {
    written: Arc<AtomicUsize>,
    held: Option<mpsc::Sender<()>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.fetch_add(bytes.len(), Ordering::SeqCst);
        if bytes.windows(8).any(|part| part == b"\"closed\"") {
            self.held = None;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn calls_go_on_while_a_sync_is_pending_and_the_end_waits_for_all_of_it() {
    let (held, released) = mpsc::channel();
    let (begins, begun) = mpsc::channel();
    let (written, safe) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let disk = Slow { written: Arc::clone(&written), held: Some(held) };
    let (reached, made_safe) = (Arc::clone(&written), Arc::clone(&safe));
    let sync = move || {
        let reached = reached.load(Ordering::SeqCst);
        let _ = begins.send(());
        // For ever, if the run waits for it before its end.
        let _ = released.recv();
        made_safe.store(reached, Ordering::SeqCst);
        Ok(())
    };
    let (mut settled, mut at_the_end) = (0, None);
    let mut begun = Some(begun);
    let mut listener = |event: &refinery_core::Event| match event.kind {
        EventKind::AttemptStarted { .. } => {
            begun.take().into_iter().for_each(|begun| begun.recv_timeout(Duration::from_secs(60)).unwrap());
        }
        EventKind::CallSettled { .. } => settled += 1,
        EventKind::RunEnded { .. } => at_the_end = Some(safe.load(Ordering::SeqCst)),
        _ => {}
    };
    let journal = Writer::start(disk, sync, Chain::default()).unwrap();
    let protocol = Box::new(consensus(&ConsensusPlan { threshold: 9.5, ..plan(3) }, 2));
    let run = drive(protocol, meta(), Timestamp(0), world(journal, Duration::ZERO), &mut listener);
    let finished = tokio::time::timeout(Duration::from_secs(60), run).await.expect("the run waits for the disk");
    assert_eq!(finished.outcome.status, Status::MaxRoundsExceeded);
    assert_eq!(settled, 12, "three rounds of two answers and two reviews, with one sync pending");
    assert_eq!(at_the_end, Some(written.load(Ordering::SeqCst)), "the end was told before it was safe");
}
