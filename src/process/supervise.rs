//! The life of one child: `Running -> Leaving -> Terminating -> Draining`, then it is gone.
//!
//! Every clock of a call is here, and nowhere above: hard limit, first byte, idle, the graces of
//! leaving, terminating and draining.

use super::clocks::Clocks;
use super::command::Spawned;
use super::group::Group;
use super::input::Input;
use super::output::{Event, Output};
use super::reader::Reader;
use crate::invocation::{Ending, Exit, Flow, Invocation, Line, StopLevel, Turn};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(2);
/// From KILL to giving up: only a child that hangs within the system outlives it.
const UNKILLABLE: Duration = Duration::from_secs(5);
/// How long streams may stay open after the child is gone.
const DRAIN: Duration = Duration::from_millis(200);
/// How long they may after the group was killed as well: a process outside holds them.
const LAST_DRAIN: Duration = Duration::from_millis(50);
/// How long output may go on and on after the child is gone.
const DRAIN_BUSY: Duration = Duration::from_secs(10);

/// Where a child stands.
#[derive(Debug, Clone, Copy)]
enum State {
    /// It works, or waits for its next turn.
    Running,
    /// It has nothing more to do, and is given the time to leave by itself.
    Leaving { since: Instant },
    /// It was asked to leave, or killed; [`Child::ending`] says why.
    Terminating { since: Instant, killed: bool },
    /// It is gone, but its streams are still open.
    Draining { since: Instant, killed: bool },
    /// It is gone, and so is everything that it started, or nothing more can be done about it.
    Exited,
}

/// One child under supervision.
pub(super) struct Child<'a> {
    // Declared before `output`, which owns the process: dropped first, so that the group is killed first.
    group: Group,
    output: Output,
    input: Input,
    reader: Reader<'a>,
    turns: mpsc::UnboundedReceiver<Turn>,
    stop: watch::Receiver<StopLevel>,
    stopped: StopLevel,
    state: State,
    /// Those of the turn that is running.
    clocks: Option<Clocks>,
    ending: Ending,
    leaked: bool,
    began: Instant,
    leave: Duration,
}

impl<'a> Child<'a> {
    pub(super) fn new(
        mut spawned: Spawned,
        inv: &Invocation,
        turns: mpsc::UnboundedReceiver<Turn>,
        stop: watch::Receiver<StopLevel>,
        lines: &'a mut (dyn FnMut(Line) -> Flow + Send),
    ) -> Self {
        let stdin = spawned.child.stdin.take();
        Self {
            group: spawned.group,
            output: Output::new(spawned.child, spawned.followed),
            input: Input::new(stdin, inv.stdin),
            reader: Reader::new(lines),
            turns,
            stop,
            stopped: StopLevel::Run,
            state: State::Running,
            clocks: None,
            ending: Ending::Left,
            leaked: false,
            began: spawned.began,
            leave: inv.leave,
        }
    }

    /// Supervises the child until it is gone.
    pub(super) async fn run(mut self) -> Exit {
        while !matches!(self.state, State::Exited) {
            let limit = self.limit();
            let takes_turn = matches!(self.state, State::Running) && self.clocks.is_none();
            tokio::select! {
                biased;
                level = risen(&mut self.stop, self.stopped) => self.on_stop(level),
                () = self.input.step(), if self.input.is_busy() => {}
                turn = self.turns.recv(), if takes_turn => self.on_turn(turn),
                // Before the clock: an answer that is there counts, however late we look.
                event = self.output.next(&self.group) => self.on_event(event),
                () = until(limit) => self.on_limit(),
            }
        }
        self.finish()
    }

    /// When the present state has lasted long enough.
    fn limit(&self) -> Option<Instant> {
        match self.state {
            State::Running => self.clocks.map(|clocks| clocks.next().0),
            State::Leaving { since } => Some(since + self.leave),
            State::Terminating { since, killed } => Some(since + if killed { UNKILLABLE } else { GRACE }),
            State::Draining { since, killed } => Some(since + if killed { LAST_DRAIN } else { DRAIN }),
            State::Exited => None,
        }
    }

    fn on_limit(&mut self) {
        match self.state {
            State::Running => {
                if let Some(clocks) = self.clocks {
                    self.terminate(clocks.next().1);
                }
            }
            State::Leaving { .. } => self.terminate(Ending::Done),
            State::Terminating { killed: false, .. } => self.kill(),
            State::Draining { killed: false, .. } => {
                self.leaked = true;
                self.group.kill();
                self.state = State::Draining { since: Instant::now(), killed: true };
            }
            State::Terminating { killed: true, .. } | State::Draining { killed: true, .. } | State::Exited => {
                self.state = State::Exited;
            }
        }
    }

    fn on_stop(&mut self, level: StopLevel) {
        self.stopped = level;
        let why = match self.state {
            State::Running => Ending::Stopped,
            State::Leaving { .. } | State::Terminating { .. } => self.ending.clone(),
            State::Draining { .. } | State::Exited => return,
        };
        match (level, self.state) {
            (StopLevel::Run, _) | (StopLevel::Wind, State::Terminating { .. }) => {}
            (StopLevel::Wind, _) => self.terminate(why),
            (StopLevel::Kill, _) => {
                self.ending = why;
                self.kill();
            }
        }
    }

    fn on_turn(&mut self, turn: Option<Turn>) {
        match turn {
            Some(turn) => {
                self.clocks = turn.limits.map(|limits| Clocks::start(limits, Instant::now()));
                self.reader.begin_turn();
                self.input.push(turn.input);
            }
            None => self.dismiss(),
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Bytes(stream) => {
                let now = Instant::now();
                if let Some(clocks) = &mut self.clocks {
                    clocks.life(now);
                }
                let flow = self.reader.take(stream, self.output.chunk());
                self.on_flow(flow);
                if self.reader.is_flooded() {
                    self.on_flood();
                }
                if self.is_overdue(now) {
                    self.on_limit();
                }
            }
            Event::Exited => {
                self.clocks = None;
                self.input.close();
                self.state = State::Draining { since: Instant::now(), killed: false };
            }
            Event::Ended => self.state = State::Exited,
        }
    }

    fn on_flood(&mut self) {
        self.reader.silence();
        match self.state {
            State::Running => self.terminate(Ending::Flooded),
            State::Draining { .. } => {
                // There may be any amount of it, and it is worth nothing.
                self.ending = Ending::Flooded;
                self.state = State::Exited;
            }
            State::Leaving { .. } | State::Terminating { .. } | State::Exited => {}
        }
    }

    fn on_flow(&mut self, flow: Flow) {
        match flow {
            Flow::More => {}
            Flow::Done => self.dismiss(),
        }
    }

    /// Whether the state has outlasted its limit while output kept coming: that is looked at
    /// first, and must not hold the clocks up for ever.
    fn is_overdue(&self, now: Instant) -> bool {
        let slack = if let State::Draining { .. } = self.state { DRAIN_BUSY } else { Duration::ZERO };
        self.limit().is_some_and(|limit| now >= limit + slack)
    }

    /// The answer is complete: lets the child go.
    fn dismiss(&mut self) {
        self.clocks = None;
        self.input.close();
        self.reader.silence();
        match self.state {
            State::Running => {
                self.ending = Ending::Done;
                self.state = State::Leaving { since: Instant::now() };
            }
            State::Draining { .. } | State::Exited if self.ending == Ending::Left => self.ending = Ending::Done,
            State::Leaving { .. } | State::Terminating { .. } | State::Draining { .. } | State::Exited => {}
        }
    }

    fn terminate(&mut self, why: Ending) {
        self.ending = why;
        self.clocks = None;
        self.input.close();
        self.group.terminate();
        self.state = State::Terminating { since: Instant::now(), killed: false };
    }

    fn kill(&mut self) {
        self.clocks = None;
        self.input.close();
        self.group.kill();
        self.state = State::Terminating { since: Instant::now(), killed: true };
    }

    fn finish(mut self) -> Exit {
        let flow = self.reader.end();
        self.on_flow(flow);
        let status = self.output.reap();
        if self.output.is_reaped() {
            self.group.release();
        }
        Exit {
            ending: self.ending,
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            leaked: self.leaked,
            stdout_bytes: self.reader.stdout_bytes,
            stderr_bytes: self.reader.stderr_bytes,
            prompt_written: self.input.is_written(),
            elapsed: self.began.elapsed(),
        }
    }
}

/// What there is to say of a child that never ran.
pub(super) fn never_ran(ending: Ending, elapsed: Duration) -> Exit {
    Exit { ending, prompt_written: false, ..Exit::at_answer(elapsed) }
}

/// Waits until the stop has got further than `seen`; for ever if nobody can stop the run any more.
async fn risen(stop: &mut watch::Receiver<StopLevel>, seen: StopLevel) -> StopLevel {
    let level = stop.wait_for(|level| *level > seen).await.map(|level| *level);
    match level {
        Ok(level) => level,
        Err(_) => std::future::pending().await,
    }
}

async fn until(limit: Option<Instant>) {
    match limit {
        Some(limit) => sleep_until(limit).await,
        None => std::future::pending().await,
    }
}
