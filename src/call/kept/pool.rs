//! The workers of a run: who is asked next, when another one is started, and how all of them end.

use super::Keep;
use super::worker::{Asked, Key, Worker};
use crate::adapter::{Ask, WorkerCodec};
use crate::call::backend::AttemptError;
use crate::call::caller::stopped;
use crate::call::launch::Launch;
use crate::call::reading::Reading;
use crate::failure::{CallFailure, FailureClass};
use crate::ids::AdapterId;
use crate::invocation::{Limits, StopLevel};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How long workers may take to leave at the end of a run before they are asked to.
const FAREWELL: Duration = Duration::from_millis(100);

/// The workers of a run. Dropping the last clone kills them all.
#[derive(Clone, Default)]
pub struct WorkerPool {
    workers: Arc<Mutex<Workers>>,
    changed: Arc<Notify>,
}

#[derive(Default)]
struct Workers {
    all: Vec<Arc<Worker>>,
    tasks: JoinSet<()>,
    started: u32,
    /// What workers that are gone have left to be said.
    warnings: Arc<Mutex<Vec<String>>>,
    /// How long the last call of each adapter took its worker.
    took: BTreeMap<AdapterId, Duration>,
}

/// What a call needs of a worker.
pub(in crate::call) struct Wanted<'a> {
    pub key: &'a Key,
    pub keep: Keep,
    pub ask: &'a Ask,
    pub limits: Limits,
}

/// A process that is about to start.
pub(in crate::call) struct Started {
    /// What `--debug` calls it.
    pub name: String,
    /// What speaks with it.
    pub codec: Box<dyn WorkerCodec>,
    /// The process.
    pub launch: Launch,
}

/// Makes the process of a worker, by its number in the run, from 1.
type Start<'a> = &'a (dyn Fn(u32) -> Result<Started, AttemptError> + Sync);

impl WorkerPool {
    fn lock(&self) -> MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a worker that has a place, or a new one. A call waits no longer for a busy one than a start takes, and
    /// not at all where the calls before took longer than that.
    pub(in crate::call) async fn ask(
        &self,
        wanted: &Wanted<'_>,
        mut reading: Reading,
        stop: &mut watch::Receiver<StopLevel>,
        start: Start<'_>,
    ) -> Result<Asked, AttemptError> {
        let patience = Instant::now() + Duration::from_millis(wanted.keep.spec.start_ms);
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let patient = Instant::now() < patience;
            reading = match self.lock().ask(wanted, reading, patient, &self.changed, start)? {
                Ok(asked) => return Ok(asked),
                Err(reading) => reading,
            };
            tokio::select! {
                () = changed => {}
                () = sleep_until(patience), if patient => {}
                () = stopped(stop) => {
                    return Err(CallFailure::new(FailureClass::Stopped, "stopped before it was asked").into());
                }
            }
        }
    }

    /// Notes how long a call took its worker.
    pub(in crate::call) fn took(&self, adapter: &AdapterId, time: Duration) {
        self.lock().took.insert(adapter.clone(), time);
    }

    /// What a person should know of workers that are gone, once.
    pub(in crate::call) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock().warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends all workers; nothing is asked of them any more. What a person should know of them.
    pub async fn close(&self, mut stop: watch::Receiver<StopLevel>) -> Vec<String> {
        let (all, mut tasks) = self.lock().take();
        let end = |level| all.iter().for_each(|worker| worker.end(level));
        end(StopLevel::Run);
        let (farewell, mut asked, mut killed) = (Instant::now() + FAREWELL, false, false);
        loop {
            tokio::select! {
                ended = tasks.join_next() => if ended.is_none() { return self.take_warnings() },
                () = sleep_until(farewell), if !asked => {
                    asked = true;
                    end(StopLevel::Wind);
                }
                Ok(_) = stop.wait_for(|level| *level == StopLevel::Kill), if !killed => {
                    killed = true;
                    end(StopLevel::Kill);
                }
            }
        }
    }
}

impl Workers {
    fn take(&mut self) -> (Vec<Arc<Worker>>, JoinSet<()>) {
        (std::mem::take(&mut self.all), std::mem::take(&mut self.tasks))
    }

    fn ask(
        &mut self,
        wanted: &Wanted<'_>,
        mut reading: Reading,
        patient: bool,
        changed: &Arc<Notify>,
        start: Start<'_>,
    ) -> Result<Result<Asked, Reading>, AttemptError> {
        self.all.retain(|worker| worker.is_open());
        while self.tasks.try_join_next().is_some() {}
        let takes = Duration::from_millis(wanted.keep.spec.start_ms);
        let quick = self.took.get(&wanted.key.adapter).is_some_and(|took| *took < takes);
        let mut soon = false;
        for at in 0..self.all.len() {
            if self.all[at].key != *wanted.key {
                continue;
            }
            soon |= quick || self.all[at].is_leaving();
            reading = match self.all[at].ask(wanted.ask, reading, wanted.limits) {
                Ok(asked) => {
                    // The one that was asked longest ago stands first: it goes first, where another one needs room.
                    self.all[at..].rotate_left(1);
                    return Ok(Ok(asked));
                }
                Err(reading) => reading,
            };
        }
        if soon && patient || !self.has_room(wanted) {
            return Ok(Err(reading));
        }
        let Started { name, codec, launch } = start(self.started + 1)?;
        self.started += 1;
        let (worker, turns) = Worker::new(name, wanted.key.clone(), wanted.keep.spec, codec, Arc::clone(changed));
        let asked = worker.ask(wanted.ask, reading, wanted.limits);
        let (warnings, adapter) = (Arc::clone(&self.warnings), wanted.key.adapter.clone());
        let warn =
            move |text| warnings.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{adapter}: {text}"));
        let task = Arc::clone(&worker).run(launch, turns, warn);
        self.tasks.spawn(task);
        self.all.push(worker);
        Ok(asked)
    }

    /// Whether another worker of the adapter can be started, if need be in place of one that has nothing to do.
    fn has_room(&self, wanted: &Wanted<'_>) -> bool {
        let own = || self.all.iter().filter(|worker| worker.key.adapter == wanted.key.adapter);
        own().count() < wanted.keep.most || own().any(|worker| worker.dismiss())
    }
}
