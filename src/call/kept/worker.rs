//! One worker: a CLI process that is kept, and the calls that it answers.

use crate::adapter::manifest::KeptSpec;
use crate::adapter::{Ask, TurnId, WorkerCodec, WorkerEvent};
use crate::call::backend::AttemptError;
use crate::call::caller::stopped;
use crate::call::launch::Launch;
use crate::call::reading::Reading;
use crate::exchange::Reply;
use crate::failure::{CallFailure, FailureClass};
use crate::ids::AdapterId;
use crate::invocation::{Ending, Exit, Flow, Invocation, Limits, Line, Piece, StopLevel, Stream, Turn};
use crate::process::Clocks;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// How long a worker may take to confirm that nothing is left of a call.
const RESET: Duration = Duration::from_secs(5);

/// What came of a call.
pub(in crate::call) type Result = std::result::Result<Reply, NoAnswer>;

/// Why no answer came of a call.
pub(in crate::call) enum NoAnswer {
    /// The attempt failed.
    Failed(AttemptError),
    /// The worker says that there is none, lives, and does not say why.
    Unclear(CallFailure),
}

impl<T: Into<AttemptError>> From<T> for NoAnswer {
    fn from(error: T) -> Self {
        Self::Failed(error.into())
    }
}

/// What makes two workers the same: all that is fixed when the process starts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::call) struct Key {
    pub(in crate::call) adapter: AdapterId,
    /// Program, arguments, environment and files, as they are in a place that is the same for all.
    pub(in crate::call) invocation: Invocation,
}

/// A worker.
pub(super) struct Worker {
    /// What `--debug` calls it.
    name: String,
    pub(super) key: Key,
    spec: KeptSpec,
    began: Instant,
    state: Mutex<State>,
    stop: watch::Sender<StopLevel>,
    /// A place became free, or the worker is gone.
    changed: Arc<Notify>,
    /// There is a further moment to keep.
    leaving: Notify,
}

struct State {
    codec: Box<dyn WorkerCodec>,
    /// `None` once no call is taken any more: then it leaves when the last one is over.
    input: Option<mpsc::UnboundedSender<Turn>>,
    running: BTreeMap<TurnId, Running>,
    /// Calls that are over, but of which something may be left in the worker: until when that is waited for.
    leaving: BTreeMap<TurnId, Instant>,
    asked: u32,
}

/// A call that a worker answers.
struct Running {
    reading: Reading,
    clocks: Clocks,
    bytes: u64,
    ended: oneshot::Sender<Result>,
}

impl Worker {
    /// A worker, and the end of its input for [`Self::run`].
    pub(super) fn new(
        name: String,
        key: Key,
        spec: KeptSpec,
        mut codec: Box<dyn WorkerCodec>,
        changed: Arc<Notify>,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Turn>) {
        let (input, turns) = mpsc::unbounded_channel();
        let greeting = codec.greet();
        let state = State { codec, input: Some(input), running: BTreeMap::new(), leaving: BTreeMap::new(), asked: 0 };
        state.write(greeting);
        let (stop, began, state) = (watch::Sender::default(), Instant::now(), Mutex::new(state));
        (Arc::new(Self { name, key, spec, began, state, stop, changed, leaving: Notify::new() }), turns)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a call; the reading comes back if there is no place for it.
    pub(super) fn ask(
        self: &Arc<Self>,
        ask: &Ask,
        reading: Reading,
        limits: Limits,
    ) -> std::result::Result<Asked, Reading> {
        let mut state = self.lock();
        if self.is_worn(&state) && state.is_idle() {
            state.input = None;
        }
        if state.input.is_none() || state.taken() >= self.spec.parallel {
            return Err(reading);
        }
        let turn = state.asked;
        state.asked += 1;
        let pieces = state.codec.ask(turn, ask);
        state.write(pieces);
        let (ended, result) = oneshot::channel();
        let clocks = Clocks::start(limits, Instant::now());
        state.running.insert(turn, Running { reading, clocks, bytes: 0, ended });
        Ok(Asked { worker: Arc::clone(self), turn, result })
    }

    fn is_worn(&self, state: &State) -> bool {
        state.asked >= self.spec.calls || self.began.elapsed() >= Duration::from_secs(self.spec.age_s)
    }

    /// Whether it takes calls; one that does not is on its way out.
    pub(super) fn is_open(&self) -> bool {
        self.lock().input.is_some()
    }

    /// Whether a call is over of which something may still be left.
    pub(super) fn is_leaving(&self) -> bool {
        !self.lock().leaving.is_empty()
    }

    /// Lets it go if it has nothing to do; whether it did.
    pub(super) fn dismiss(&self) -> bool {
        let mut state = self.lock();
        let idle = state.input.is_some() && state.is_idle();
        if idle {
            state.input = None;
        }
        idle
    }

    /// Ends it: it may leave by itself, until the level rises.
    pub(super) fn end(&self, level: StopLevel) {
        self.lock().input = None;
        self.stop.send_if_modified(|now| {
            let rises = level > *now;
            *now = level.max(*now);
            rises
        });
    }

    /// Runs its process to the end. What it was running then ends as the process did.
    pub(super) async fn run(
        self: Arc<Self>,
        launch: Launch,
        mut turns: mpsc::UnboundedReceiver<Turn>,
        warn: impl Fn(String) + Sync,
    ) {
        launch.show(&self.peek(&mut turns));
        let mut lines = |line: Line| self.take(line);
        let mut supervised = std::pin::pin!(launch.run(turns, self.stop.subscribe(), &mut lines, &warn));
        let exit = loop {
            let next = self.lock().leaving.values().min().copied();
            tokio::select! {
                exit = &mut supervised => break exit,
                () = self.leaving.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => self.kill_if_overdue(),
            }
        };
        let mut state = self.lock();
        state.input = None;
        let running = std::mem::take(&mut state.running);
        drop(state);
        for (_, running) in running {
            running.died(&exit);
        }
        self.changed.notify_waiters();
    }

    /// Kills it if it has not confirmed in time that nothing is left of a call.
    fn kill_if_overdue(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        if state.leaving.values().any(|until| *until <= now) {
            tracing::debug!(name = self.name, "a call is not confirmed to be over: killed");
            state.input = None;
            state.leaving.clear();
            drop(state);
            self.end(StopLevel::Kill);
        }
    }

    /// What is to be written first. It is still to be written.
    fn peek(&self, turns: &mut mpsc::UnboundedReceiver<Turn>) -> Turn {
        let state = self.lock();
        let input: Vec<_> = std::iter::from_fn(|| turns.try_recv().ok()).flat_map(|turn| turn.input).collect();
        state.write(input.clone());
        Turn { input, limits: None }
    }

    /// Takes a line in.
    fn take(&self, line: Line) -> Flow {
        let mut state = self.lock();
        let taken = state.taken();
        let flow = match line.stream {
            Stream::Stderr => {
                state.heard(&line);
                Flow::More
            }
            Stream::Stdout => {
                let events = state.codec.line(line);
                events
                    .into_iter()
                    .map(|event| state.follow(event))
                    .find(|flow| *flow == Flow::Done)
                    .unwrap_or(Flow::More)
            }
        };
        if self.is_worn(&state) && state.is_idle() {
            state.input = None;
        }
        if !state.leaving.is_empty() {
            self.leaving.notify_one();
        }
        if state.taken() != taken || state.input.is_none() {
            self.changed.notify_waiters();
        }
        flow
    }

    /// When the next clock of a call runs out, and which one that is; `None` once it is over.
    fn clock(&self, turn: TurnId) -> Option<(Instant, Ending)> {
        self.lock().running.get(&turn).map(|running| running.clocks.next())
    }

    /// Ends a call before its time; `None` if it is over already.
    fn give_up(&self, turn: TurnId, ending: Ending) -> Option<Result> {
        let mut state = self.lock();
        let mut running = state.running.remove(&turn)?;
        state.leave(turn);
        self.leaving.notify_one();
        drop(state);
        let exit = running.exit(ending);
        Some(running.reading.end(&exit).map_err(NoAnswer::from))
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.taken() == 0
    }

    /// Places that are not free.
    fn taken(&self) -> usize {
        self.running.len() + self.leaving.len()
    }

    fn write(&self, input: Vec<Piece>) {
        if let Some(to) = self.input.as_ref().filter(|_| !input.is_empty()) {
            // It may be gone: then every call hears of that.
            let _ = to.send(Turn { input, limits: None });
        }
    }

    /// A call has ended for its caller.
    fn leave(&mut self, turn: TurnId) {
        let pieces = self.codec.cancel(turn);
        self.write(pieces);
        self.leaving.insert(turn, Instant::now() + RESET);
    }

    /// Standard error belongs to all that runs.
    fn heard(&mut self, line: &Line) {
        let all: Vec<_> = self.running.keys().copied().collect();
        all.into_iter().for_each(|turn| self.read(turn, line));
    }

    fn read(&mut self, turn: TurnId, line: &Line) {
        let Some(running) = self.running.get_mut(&turn) else { return };
        running.clocks.life(Instant::now());
        running.bytes += line.text.len() as u64 + 1;
        if running.reading.line(line) == Flow::Done {
            self.over(turn);
        }
    }

    fn over(&mut self, turn: TurnId) {
        if let Some(running) = self.running.remove(&turn) {
            self.leave(turn);
            running.answered();
        }
    }

    fn follow(&mut self, event: WorkerEvent) -> Flow {
        match event {
            WorkerEvent::Write(pieces) => self.write(pieces),
            WorkerEvent::Line(turn, line) => self.read(turn, &line),
            WorkerEvent::Free(turn) => {
                self.over(turn);
                self.leaving.remove(&turn);
            }
            WorkerEvent::Unusable(why) => {
                tracing::debug!(why, "a worker is given up");
                self.input = None;
                return Flow::Done;
            }
        }
        Flow::More
    }
}

impl Running {
    /// What is known of the process: it goes on.
    fn exit(&self, ending: Ending) -> Exit {
        Exit { ending, stdout_bytes: self.bytes, ..Exit::at_answer(self.reading.elapsed()) }
    }

    fn answered(mut self) {
        let exit = self.exit(Ending::Done);
        let result = self.reading.end(&exit).map_err(|failure| match failure.class {
            FailureClass::Crashed => NoAnswer::Unclear(failure),
            _ => failure.into(),
        });
        let _ = self.ended.send(result);
    }

    fn died(mut self, exit: &Exit) {
        let ending = match &exit.ending {
            Ending::NotStarted { message, exhausted: true } => {
                let _ = self.ended.send(Err(AttemptError::Exhausted(message.clone()).into()));
                return;
            }
            // The call was not stopped: its worker was ended for another reason.
            Ending::Stopped | Ending::Done => Ending::Left,
            other => other.clone(),
        };
        let exit = Exit { ending, stdout_bytes: self.bytes, elapsed: self.reading.elapsed(), ..exit.clone() };
        let result = self.reading.end(&exit).map_err(NoAnswer::from);
        let _ = self.ended.send(result);
    }
}

/// A call that was asked. Dropped, it is cancelled.
pub(in crate::call) struct Asked {
    worker: Arc<Worker>,
    turn: TurnId,
    result: oneshot::Receiver<Result>,
}

impl Asked {
    /// Waits for what comes of it, within its clocks.
    pub(in crate::call) async fn result(mut self, stop: &mut watch::Receiver<StopLevel>) -> Result {
        loop {
            let clock = self.worker.clock(self.turn);
            let ending = tokio::select! {
                biased;
                result = &mut self.result => return result.unwrap_or_else(|_| gone()),
                () = stopped(stop) => Ending::Stopped,
                () = sleep_until(clock.as_ref().map_or_else(Instant::now, |clock| clock.0)), if clock.is_some() => {
                    // Whatever came meanwhile moved it on.
                    match self.worker.clock(self.turn) {
                        Some((at, ending)) if at <= Instant::now() => ending,
                        _ => continue,
                    }
                }
            };
            if let Some(result) = self.worker.give_up(self.turn, ending) {
                return result;
            }
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "turn {} of {}", self.turn + 1, self.worker.name)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        drop(self.worker.give_up(self.turn, Ending::Stopped));
    }
}

fn gone() -> Result {
    Err(CallFailure::new(FailureClass::Internal, "its worker is gone").into())
}
