//! From a journal back to the state of a run: what a replay shows, and what a resume continues.

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
    /// Whether the journal ends with the run's end.
    pub closed: bool,
    /// Recorded inputs that were left out, since the rules of this version do not ask for them.
    pub ignored: usize,
}

impl<'a> Replayed<'a> {
    /// The same run, whose events go to another listener from here on.
    #[must_use]
    pub fn with_listener<'b>(self, listener: Listener<'b>) -> Replayed<'b>
    where
        'a: 'b,
    {
        let Self { fold, outstanding, closed, ignored } = self;
        Replayed { fold: fold.with_listener(listener), outstanding, closed, ignored }
    }
}

impl Replayed<'_> {
    /// What a person should know of the inputs that were left out; nothing if there are none.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let count = match self.ignored {
            0 => return None,
            1 => "1 recorded reply was".to_owned(),
            many => format!("{many} recorded replies were"),
        };
        Some(format!("{count} ignored: the rules of this version do not ask for it"))
    }
}

/// A record after the run's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {0} comes after the end of the run")]
pub struct Unfit(
    /// Its number, from 1.
    pub usize,
);

/// Folds a journal by the rules of this version. The listener hears every event again, live ones excepted.
///
/// An input that these rules do not ask for is left out and counted: another version wrote it, or somebody
/// edited the file. What it would have answered is asked again by a resume.
///
/// # Errors
/// A record after the end.
pub fn replay<'a>(
    protocol: Box<dyn Protocol>,
    meta: RunMeta,
    began: Timestamp,
    entries: impl IntoIterator<Item = JournalEntry>,
    listener: Listener<'a>,
) -> Result<Replayed<'a>, Unfit> {
    let (mut fold, effects) = Fold::begin(protocol, meta, began, Box::new(listener));
    let mut asked = Asked::default();
    asked.note(effects);
    let (mut closed, mut ignored) = (false, 0);
    for (number, JournalEntry { at, record }) in entries.into_iter().enumerate() {
        match &record {
            Record::Resumed { .. } => closed = false,
            _ if closed => return Err(Unfit(number + 1)),
            Record::Closed { .. } => closed = true,
            Record::Told { input } if !asked.take(input, &fold) => {
                ignored += 1;
                continue;
            }
            _ => {}
        }
        asked.note(fold.apply(at, record));
    }
    let outstanding = asked.outstanding(&fold);
    Ok(Replayed { fold, outstanding, closed, ignored })
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

    /// Whether an input was asked for; it counts as given then.
    fn take(&mut self, input: &Input, fold: &Fold<'_>) -> bool {
        match input {
            Input::Settled(settled) => fold.is_open(&settled.id),
            Input::Elapsed(timer) => {
                let before = self.timers.len();
                self.timers.retain(|(id, _)| id != timer);
                self.timers.len() < before
            }
            Input::Advance(_) => self.pause.take().is_some(),
        }
    }

    fn outstanding(self, fold: &Fold<'_>) -> Vec<Effect> {
        let open = self.calls.into_values().filter(|spec| fold.is_open(&spec.id)).map(Effect::Ask);
        let timers = self.timers.into_iter().map(|(id, after)| Effect::Arm(id, after));
        open.chain(timers).chain(self.pause.map(Effect::Pause)).collect()
    }
}
