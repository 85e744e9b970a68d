//! The boundary between protocols and the engine.

use super::thinking::without_thinking;
use crate::event::EventKind;
use crate::exchange::{CallSpec, Reply};
use crate::failure::CallFailure;
use crate::ids::{CallId, ParticipantId, Round, TimerId};
use crate::outcome::{Outcome, RoundRecord};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A protocol as a pure state machine.
pub trait Protocol: Send {
    /// Asks the first questions. Called once, before anything else.
    fn start(&mut self, out: &mut Outbox);

    /// Takes one input in, and says what follows from it. Inputs arrive in any order.
    fn on(&mut self, input: Input, out: &mut Outbox);

    /// The best outcome so far, whenever the run must stop; the engine sets the status that says
    /// why. `None` while there is nothing at all.
    fn conclude(&self) -> Option<Outcome>;
}

/// What a protocol is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Input {
    /// A call that it asked for ended: once per call, in any order, never for one it abandoned.
    Settled(Settled),
    /// A timer that it set ran out.
    Elapsed(TimerId),
    /// The answer to a pause: go on, with these changes.
    Advance(RoundOverrides),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// Which call.
    pub id: CallId,
    /// Its reply, or why there is none.
    pub result: Result<Reply, CallFailure>,
}

/// What a caller changes between two rounds of a stepped run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundOverrides {
    /// Text that is added to proposals, reviews and refinements of the round.
    pub additional_context: Option<String>,
    /// Participants that sit the round out.
    pub drop_models: Vec<ParticipantId>,
}

/// What a stepped run shows between two rounds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RoundReport {
    /// The round that closed.
    pub record: RoundRecord,
    /// Whose answer wins, if the run converged in it.
    pub winner: Option<ParticipantId>,
    /// Whether another one can follow.
    pub more: bool,
}

/// What a protocol wants done.
#[derive(Debug, Clone)]
pub enum Command {
    /// Ask this.
    Call(CallSpec),
    /// That call is no longer needed: end it, and do not report it.
    Abandon(CallId),
    /// Tell me when this much time is over.
    Timer(TimerId, Duration),
    /// Wait for the caller's word.
    Pause(RoundReport),
    /// Tell the listener.
    Note(EventKind),
    /// That is the outcome; nothing more will be asked.
    Finish(Outcome),
}

/// What a protocol wants done, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    commands: Vec<Command>,
}

impl Outbox {
    /// Asks a question.
    pub fn call(&mut self, spec: CallSpec) {
        self.commands.push(Command::Call(spec));
    }

    /// Gives a call up; whether it had been made. One that was asked for in this same step is not made at all.
    pub fn abandon(&mut self, id: CallId) -> bool {
        let before = self.commands.len();
        self.commands.retain(|command| match command {
            Command::Call(spec) => spec.id != id,
            Command::Note(EventKind::QuoteCut { call, .. }) => *call != id,
            _ => true,
        });
        let made = self.commands.len() == before;
        if made {
            self.commands.push(Command::Abandon(id));
        }
        made
    }

    /// Sets a timer.
    pub fn timer(&mut self, id: TimerId, after: Duration) {
        self.commands.push(Command::Timer(id, after));
    }

    /// Waits for the caller's word.
    pub fn pause(&mut self, report: RoundReport) {
        self.commands.push(Command::Pause(report));
    }

    /// Tells the listener.
    pub fn note(&mut self, kind: impl Into<EventKind>) {
        self.commands.push(Command::Note(kind.into()));
    }

    /// Ends the run.
    pub fn finish(&mut self, outcome: Outcome) {
        self.commands.push(Command::Finish(outcome));
    }

    /// Lets a protocol that is a part of this one speak: its calls and timers get `scope` in front
    /// of their names, and its end comes back instead of ending the run.
    pub fn scoped(&mut self, scope: &str, speak: impl FnOnce(&mut Self)) -> Option<Outcome> {
        self.relay(Some(scope), speak)
    }

    /// Without a scope: for a protocol that wraps another one.
    pub fn wrapped(&mut self, speak: impl FnOnce(&mut Self)) -> Option<Outcome> {
        self.relay(None, speak)
    }

    fn relay(&mut self, scope: Option<&str>, speak: impl FnOnce(&mut Self)) -> Option<Outcome> {
        let mut inner = Self::default();
        speak(&mut inner);
        let call = |id: CallId| scope.map_or_else(|| id.clone(), |scope| id.within(scope));
        let timer = |id: TimerId| scope.map_or_else(|| id.clone(), |scope| TimerId::new(format!("{scope}/{id}")));
        let mut end = None;
        for command in inner.commands {
            self.commands.push(match command {
                Command::Call(spec) => Command::Call(CallSpec { id: call(spec.id), ..spec }),
                Command::Abandon(id) => Command::Abandon(call(id)),
                Command::Timer(id, after) => Command::Timer(timer(id), after),
                Command::Note(EventKind::QuoteCut { call: id, bytes }) => {
                    Command::Note(EventKind::QuoteCut { call: call(id), bytes })
                }
                Command::Note(EventKind::Debate(event)) => Command::Note(EventKind::Debate(match scope {
                    Some(scope) => event.within(scope),
                    None => event,
                })),
                Command::Finish(outcome) => {
                    end.get_or_insert(outcome);
                    continue;
                }
                other @ (Command::Pause(_) | Command::Note(_)) => other,
            });
        }
        end
    }

    /// Takes everything out that was put in since the last time.
    pub fn drain(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// How many rounds a caller can look at: for tests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

impl Input {
    /// The input as a protocol takes it: a reply without what the model thought aloud, which only the journal keeps.
    #[must_use]
    pub fn without_thinking(self) -> Self {
        match self {
            Self::Settled(Settled { id, result: Ok(reply) }) => {
                let text = without_thinking(&reply.text);
                Self::Settled(Settled { id, result: Ok(Reply { text, ..reply }) })
            }
            input => input,
        }
    }

    /// The input as a protocol within another one knows it; `None` if it is for another part.
    #[must_use]
    pub fn outside(self, scope: &str) -> Option<Self> {
        Some(match self {
            Self::Settled(Settled { id, result }) => Self::Settled(Settled { id: id.outside(scope)?, result }),
            Self::Elapsed(id) => Self::Elapsed(TimerId::new(id.as_str().strip_prefix(scope)?.strip_prefix('/')?)),
            Self::Advance(overrides) => Self::Advance(overrides),
        })
    }
}

/// The path of a call: `r2/evaluate/claude>codex`.
#[must_use]
pub fn call_path(round: Round, rest: &str) -> CallId {
    CallId::new(format!("r{round}/{rest}"))
}
