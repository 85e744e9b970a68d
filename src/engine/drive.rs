//! A run in the world: what it needs, and the ways in which it is begun.

use super::fold::{Fold, Listener, RunMeta};
use super::live::Live;
use super::record::Record;
use super::replay::Replayed;
use crate::call::Caller;
use crate::invocation::StopLevel;
use crate::journal::Writer;
use crate::outcome::Finished;
use crate::plan::{Budget, OnLimit};
use crate::protocol::Protocol;
use crate::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Reads the wall clock.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a run needs of the world.
pub struct RunDeps {
    /// Makes the calls.
    pub caller: Caller,
    /// Rises when the run should stop.
    pub stop: watch::Receiver<StopLevel>,
    /// Tells the time.
    pub clock: Clock,
    /// Keeps the record, after its header; `None` keeps none.
    pub journal: Option<Writer>,
    /// What bounds the run.
    pub bounds: Bounds,
}

/// What bounds a run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    /// What may be spent.
    pub budget: Budget,
    /// Longest time; after it nothing new is begun, and what is in flight settles and counts.
    pub max_wall: Option<Duration>,
    /// What becomes of the run at a usage limit.
    pub on_limit: OnLimit,
}

/// Drives a protocol to its end, or to the stop. `began` is the time in the journal's header.
///
/// Dropping the future ends every child.
pub async fn drive(
    protocol: Box<dyn Protocol>,
    meta: RunMeta,
    began: Timestamp,
    world: RunDeps,
    listener: Listener<'_>,
) -> Finished {
    let (fold, effects) = Fold::begin(protocol, meta, began, Box::new(listener));
    Live::new(fold, world).run(effects).await
}

/// Continues a run that its journal left unfinished: what is outstanding is asked again. `resumed` is what
/// changes from here on, as a [`Record::Resumed`]; `warnings` become warnings of the run.
///
/// Dropping the future ends every child.
pub async fn resume(replayed: Replayed<'_>, resumed: Record, warnings: Vec<String>, world: RunDeps) -> Finished {
    let mut live = Live::new(replayed.fold, world);
    live.record(resumed).await;
    for text in warnings {
        live.record(Record::Warned { text }).await;
    }
    live.run(replayed.outstanding).await
}

#[cfg(test)]
mod tests;
