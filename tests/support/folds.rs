//! Plays a protocol through the engine's fold, from an empty record or from one that was cut.

use super::simulate::Answers;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;
use refinery_core::engine::{Effect, JournalEntry, Record, Replayed, RunMeta, replay};
use refinery_core::event::Event;
use refinery_core::ids::RunId;
use refinery_core::outcome::Outcome;
use refinery_core::protocol::{Input, Protocol, Settled};
use refinery_core::time::Timestamp;
use std::collections::VecDeque;

/// What came to be written, to what end, and what was heard.
pub struct Folded {
    pub written: Vec<JournalEntry>,
    pub outcome: Outcome,
    pub heard: Vec<Event>,
}

fn meta() -> RunMeta {
    let (run, protocol) = (RunId::new("run"), "any".to_owned());
    RunMeta { run, protocol, seed: 1, max_calls: 9, participants: Vec::new(), told: Vec::new() }
}

/// Goes on to the end from what is outstanding; returns what was written down on the way.
fn go_on(mut replayed: Replayed<'_>, answer: Answers<'_>) -> (Vec<JournalEntry>, Outcome) {
    let mut written = Vec::new();
    let mut open: VecDeque<Effect> = replayed.outstanding.into();
    while let Some(effect) = open.pop_front() {
        let Effect::Ask(spec) = effect else { panic!("nobody here asks for {effect:?}") };
        let input = Input::Settled(Settled { id: spec.id.clone(), result: answer(&spec) });
        let entry = JournalEntry { at: Timestamp(0), record: Record::Told { input } };
        written.push(entry.clone());
        for effect in replayed.fold.apply(entry.at, entry.record) {
            match effect {
                Effect::Abandon(id) => open.retain(|one| !matches!(one, Effect::Ask(spec) if spec.id == id)),
                other => open.push_back(other),
            }
        }
    }
    assert!(replayed.fold.is_over(), "wedged");
    let close = JournalEntry { at: Timestamp(0), record: Record::Closed { status: None, finished: None } };
    written.push(close.clone());
    replayed.fold.apply(close.at, close.record);
    (written, replayed.fold.finish().outcome)
}

/// Folds what was written down, as it would be read from a journal, and goes on from there.
pub fn fold(protocol: Box<dyn Protocol>, before: &[JournalEntry], answer: Answers<'_>) -> Folded {
    let lines = before.iter().map(|entry| serde_json::to_string(entry).unwrap());
    let read: Vec<JournalEntry> = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
    let mut heard = Vec::new();
    let mut listener = |event: &Event| heard.push(event.clone());
    let replayed = replay(protocol, meta(), Timestamp(0), read, &mut listener).unwrap();
    let (written, outcome) = go_on(replayed, answer);
    Folded { written, outcome, heard }
}

/// Plays a run whole, and again from a cut of its record. A call that was in flight at the cut is asked
/// again, so that what is asked at once may come in another order after it.
pub fn cut_anywhere(
    make: &dyn Fn() -> Box<dyn Protocol>,
    answer: Answers<'_>,
    cut: Index,
) -> Result<(Folded, Folded), TestCaseError> {
    let whole = fold(make(), &[], answer);
    let again = fold(make(), &whole.written[..cut.index(whole.written.len())], answer);
    let seqs: Vec<_> = again.heard.iter().map(|event| event.seq).collect();
    prop_assert_eq!(seqs, (0..again.heard.len() as u64).map(Some).collect::<Vec<_>>());
    // Everything that is written, told once more: bit for bit.
    prop_assert_eq!(&told(make(), &whole.written), &whole.heard);
    Ok((whole, again))
}

/// The same, of a protocol whose end does not depend on the order of what comes at all.
pub fn cut_to_the_same_end(
    make: &dyn Fn() -> Box<dyn Protocol>,
    answer: Answers<'_>,
    cut: Index,
) -> Result<(), TestCaseError> {
    let (whole, again) = cut_anywhere(make, answer, cut)?;
    prop_assert_eq!(&again.outcome, &whole.outcome);
    prop_assert_eq!(again.written.len(), whole.written.len() - cut.index(whole.written.len()));
    prop_assert_eq!(again.heard.len(), whole.heard.len());
    Ok(())
}

/// What is heard when a whole record is told once more.
fn told(protocol: Box<dyn Protocol>, entries: &[JournalEntry]) -> Vec<Event> {
    let mut heard = Vec::new();
    let mut listener = |event: &Event| heard.push(event.clone());
    let replayed = replay(protocol, meta(), Timestamp(0), entries.to_vec(), &mut listener).unwrap();
    assert!(replayed.closed && replayed.outstanding.is_empty());
    drop(replayed);
    heard
}
