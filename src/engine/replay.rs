//! From a record back to the state of a run: what a replay shows, and what a resume goes on with.

use super::fold::{Effect, Fold, Listener, RunMeta};
use super::record::{JournalEntry, Record};
use crate::exchange::CallSpec;
use crate::ids::{CallId, TimerId};
use crate::protocol::{Input, Protocol, RoundReport};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A run as its record left it.
pub struct Replayed<'a> {
    /// Its state.
    pub fold: Fold<'a>,
    /// What was asked for and has not come: calls in flight, timers that run, the caller's word.
    pub outstanding: Vec<Effect>,
    /// Whether the record ends with the run's end.
    pub closed: bool,
}

impl<'a> Replayed<'a> {
    /// The same run, whose events go to somebody else from here on.
    #[must_use]
    pub fn with_listener<'b>(self, listener: Listener<'b>) -> Replayed<'b>
    where
        'a: 'b,
    {
        let Self { fold, outstanding, closed } = self;
        Replayed { fold: fold.with_listener(listener), outstanding, closed }
    }
}

/// A record that does not follow from the plan and the records before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {0} does not follow from the plan and the records before it: this is not the run that was planned")]
pub struct Unfit(
    /// Its number, from 1.
    pub usize,
);

/// Folds a record anew. The listener hears every event once more, live ones excepted.
///
/// # Errors
/// A reply to a call that was not asked, a record after the end.
pub fn replay<'a>(
    protocol: Box<dyn Protocol>,
    meta: RunMeta,
    began: Timestamp,
    entries: impl IntoIterator<Item = JournalEntry>,
    listener: Listener<'a>,
) -> Result<Replayed<'a>, Unfit> {
    let (mut fold, effects) = Fold::begin(protocol, meta, began, listener);
    let mut asked = Asked::default();
    asked.note(effects);
    let mut closed = false;
    for (number, JournalEntry { at, record }) in entries.into_iter().enumerate() {
        let fits = match &record {
            Record::Told { input: Input::Settled(settled) } => !closed && fold.is_open(&settled.id),
            Record::Resumed { .. } => true,
            _ => !closed,
        };
        if !fits {
            return Err(Unfit(number + 1));
        }
        match &record {
            Record::Told { input: Input::Elapsed(timer) } => asked.timers.retain(|(id, _)| id != timer),
            Record::Told { input: Input::Advance(_) } => asked.pause = None,
            Record::Closed { .. } => closed = true,
            Record::Resumed { .. } => closed = false,
            _ => {}
        }
        asked.note(fold.apply(at, record));
    }
    let outstanding = asked.outstanding(&fold);
    Ok(Replayed { fold, outstanding, closed })
}

#[derive(Default)]
struct Asked {
    calls: BTreeMap<CallId, Arc<CallSpec>>,
    timers: Vec<(TimerId, Duration)>,
    pause: Option<RoundReport>,
}

impl Asked {
    fn note(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(spec) => {
                    self.calls.insert(spec.id.clone(), spec);
                }
                Effect::Abandon(id) => {
                    self.calls.remove(&id);
                }
                Effect::Arm(id, after) => self.timers.push((id, after)),
                Effect::Pause(report) => self.pause = Some(report),
            }
        }
    }

    fn outstanding(self, fold: &Fold<'_>) -> Vec<Effect> {
        let open = self.calls.into_values().filter(|spec| fold.is_open(&spec.id)).map(Effect::Ask);
        let timers = self.timers.into_iter().map(|(id, after)| Effect::Arm(id, after));
        open.chain(timers).chain(self.pause.map(Effect::Pause)).collect()
    }
}
