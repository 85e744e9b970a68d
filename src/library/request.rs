//! One attempt at a call, as a provider sees it.

use super::message::{Message, MessageRole};
use crate::call::{Attempt, CallEvent};
use crate::event::EventKind;
use crate::exchange::{CallSpec, Prompt, Reply, Role, Shape, Tuning};
use crate::ids::{CallId, ParticipantId, Round};
use crate::invocation::StopLevel;
use crate::protocol::debate::Phase as DebatePhase;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// The time that a request outside a run has.
const ALONE: Duration = Duration::from_secs(600);

/// One attempt at a call: what is asked, how, and the way to tell what happens meanwhile.
#[derive(Debug, Clone)]
pub struct ProviderRequest {
    pub(super) attempt: Attempt,
    messages: Vec<Message>,
    timeout: Duration,
    signal: StopSignal,
    /// Outside a run nobody else holds these: gone, they would mean a stop.
    _lives: Option<Arc<(watch::Sender<StopLevel>, watch::Sender<()>)>>,
}

impl ProviderRequest {
    /// A request outside a run: for tests of a provider, and for asking one directly. Nobody stops it,
    /// and nobody hears its tokens.
    #[must_use]
    pub fn of(messages: Vec<Message>) -> Self {
        let text = |system: bool| {
            let wanted = messages.iter().filter(move |message| (message.role() == MessageRole::System) == system);
            wanted.flat_map(|message| message.parts().iter().map(Arc::clone)).collect::<Vec<_>>()
        };
        let spec = CallSpec {
            id: CallId::new("r1/answer/direct"),
            to: ParticipantId::new("direct"),
            role: Role::Answer,
            round: Round::FIRST,
            system: text(true).concat().into(),
            prompt: Prompt::new(Vec::new(), text(false)),
            shape: None,
            tuning: Tuning::default(),
        };
        let (stopper, stop) = watch::channel(StopLevel::Run);
        let (keeper, over) = watch::channel(());
        let (events, _) = mpsc::unbounded_channel();
        let attempt = Attempt { spec: Arc::new(spec), number: 1, stop, events, answered: unheard(), leader: None };
        let lives = Some(Arc::new((stopper, keeper)));
        Self { attempt, messages, timeout: ALONE, signal: StopSignal(over), _lives: lives }
    }

    pub(super) fn new(attempt: Attempt, timeout: Duration, over: watch::Receiver<()>) -> Self {
        let spec = &attempt.spec;
        let system = (!spec.system.is_empty()).then(|| Message::system(Arc::clone(&spec.system)));
        let user = Message::new(MessageRole::User, spec.prompt.parts().to_vec());
        let messages = system.into_iter().chain([user]).collect();
        Self { attempt, messages, timeout, signal: StopSignal(over), _lives: None }
    }

    /// What is asked: a system message, if there is one, and a user message.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What the call is for.
    #[must_use]
    pub fn role(&self) -> Role {
        self.attempt.spec.role
    }

    /// In which round, from 1.
    #[must_use]
    pub fn round(&self) -> Round {
        self.attempt.spec.round
    }

    /// The name of the call, as in events: `r2/evaluate/a>b`.
    #[must_use]
    pub fn call(&self) -> &CallId {
        &self.attempt.spec.id
    }

    /// Who is asked, as in events and outcomes.
    #[must_use]
    pub fn participant(&self) -> &ParticipantId {
        &self.attempt.spec.to
    }

    /// The attempt at this call, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.attempt.number
    }

    /// What its round of a debate is for; nothing outside of a debate.
    #[must_use]
    pub fn phase(&self) -> Option<DebatePhase> {
        match self.role() {
            Role::Argue => Some(DebatePhase::of(self.attempt.spec.round)),
            Role::Judge => Some(DebatePhase::Synthesis),
            _ => None,
        }
    }

    /// The shape that the reply must have; `None` for free text. The prompt says it in words as well,
    /// so that a backend that knows no schemas can pass over it.
    #[must_use]
    pub fn shape(&self) -> Option<&Shape> {
        self.attempt.spec.shape.as_ref()
    }

    /// How the model is to run, as the caller of the engine asked; `None` where it was not asked for.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        self.attempt.spec.tuning
    }

    /// The same, with what is usual for such a call where it was not asked for: a temperature of 0.7 and 1500
    /// tokens for a turn in a debate, 0.3 and 1500 for its judge, 0.9 and 4096 for a sample, 0.7 and 4096
    /// for a draft, 0.1 for a score. A CLI gets none of these: many cannot take them.
    #[must_use]
    pub fn usual_tuning(&self) -> Tuning {
        let (temperature, reply_tokens) = match self.role() {
            Role::Argue => (Some(0.7), Some(1500)),
            Role::Judge => (Some(0.3), Some(1500)),
            Role::Sample => (Some(0.9), Some(4096)),
            Role::Draft => (Some(0.7), Some(4096)),
            Role::Score => (Some(0.1), None),
            Role::Answer | Role::Propose | Role::Evaluate | Role::Refine | Role::Critique => (None, None),
        };
        let asked = self.tuning();
        Tuning {
            effort: asked.effort,
            temperature: asked.temperature.or(temperature),
            reply_tokens: asked.reply_tokens.or(reply_tokens),
        }
    }

    /// How long the attempt may take; after that the engine drops its future.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Tells the next piece of the answer while it comes. Listeners see it at once, and that is all:
    /// the reply must still hold the whole answer.
    pub fn token(&self, text: impl Into<String>) {
        let event = EventKind::Token { call: self.call().clone(), text: text.into() };
        // Nobody listens any more once the run is over.
        let _ = self.attempt.events.send(CallEvent::Live(event));
    }

    /// Tells when the attempt is over, however it ends. The engine cancels by dropping the future; only
    /// what a provider starts besides (a task, a thread) must look at this.
    #[must_use]
    pub fn stop_signal(&self) -> StopSignal {
        self.signal.clone()
    }
}

/// Where an early reply goes that is not to count before its provider has returned it: a provider around a
/// CLI may change what the CLI said.
pub(super) fn unheard() -> mpsc::Sender<Reply> {
    mpsc::channel(1).0
}

/// Tells work that outlives an attempt's future that the attempt is over: answered, stopped, timed out
/// or dropped.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<()>);

impl StopSignal {
    /// Whether the attempt is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Waits until it is.
    pub async fn stopped(&mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
