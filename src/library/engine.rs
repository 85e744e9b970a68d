//! Consensus for library users: a whole run, or one round after the other.

use super::abort::AbortHandle;
use super::config::{CallEstimate, EngineConfig};
use super::error::EngineError;
use super::events::EventStream;
use super::outcome::ConsensusOutcome;
use super::provider::{ModelId, ModelProvider};
use super::question::Question;
use super::runner::{Ready, Runner};
use super::session::Session;
use crate::error::Error;
use crate::event::Event;
use crate::plan::{Brought, ProtocolPlan};
use crate::protocol::RoundOverrides;
use crate::protocol::consensus::{Bound, ClosedRound, ClosingDecision, ClosingStrategy, Partial};
use crate::protocol::refine::SelfRefinePlan;
use std::fmt;
use std::sync::Arc;

/// Lets models propose, review each other, refine and agree. It holds no state of a run: several may go
/// on at once, and what happens in one does not touch another.
#[derive(Clone)]
pub struct Engine {
    runner: Runner,
    strategy: Arc<dyn ClosingStrategy>,
    config: EngineConfig,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("runner", &self.runner)
            .field("strategy", &self.strategy.name())
            .field("config", &self.config)
            .finish()
    }
}

impl Engine {
    /// An engine. Whether there is a provider for each model of `config`, and none besides, is checked when
    /// a run begins.
    #[must_use]
    pub fn new(
        providers: Vec<Arc<dyn ModelProvider>>,
        strategy: Box<dyn ClosingStrategy>,
        config: EngineConfig,
    ) -> Self {
        let runner = Runner::new(providers).settings(config.settings());
        Self { runner, strategy: strategy.into(), config }
    }

    /// Maximum number of calls of a run with these settings. Calls no model.
    #[must_use]
    pub fn estimate(config: &EngineConfig) -> CallEstimate {
        config.estimate()
    }

    /// With a critique pass over the answer of every run.
    #[must_use]
    pub fn self_refine(self, plan: SelfRefinePlan) -> Self {
        Self { runner: self.runner.self_refine(plan), ..self }
    }

    /// With a listener that hears every event at once; see [`Runner::on_event`].
    #[must_use]
    pub fn on_event(self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self { runner: self.runner.on_event(listener), ..self }
    }

    /// The events of every run from here on, as a stream.
    pub fn events(&mut self) -> EventStream {
        self.runner.events()
    }

    /// With a handle that stops its runs.
    #[must_use]
    pub fn abort_with(self, handle: &AbortHandle) -> Self {
        Self { runner: self.runner.abort_with(handle), ..self }
    }

    /// Runs to the end. Dropping the future cancels everything, and leaves no child of a CLI provider.
    ///
    /// Rounds that run out, a budget that is spent or a stop are outcomes with the best so far; their
    /// [`status`](ConsensusOutcome::status) says which.
    ///
    /// # Errors
    /// [`EngineError::Config`] before the first call; [`EngineError::Failed`] if no model ever answered.
    pub async fn run(&self, question: impl Into<Question>) -> Result<ConsensusOutcome, EngineError> {
        let ready = self.prepare(question.into(), false, RoundOverrides::default())?;
        self.runner.drive(ready).await.try_into()
    }

    /// Begins a run that goes one round at a time. No model is called before the first step.
    ///
    /// # Errors
    /// [`EngineError::Config`].
    #[expect(clippy::unused_async, reason = "the seed awaits it, and a check may have to wait one day")]
    pub async fn start(&self, question: impl Into<Question>) -> Result<Session, EngineError> {
        let question = question.into();
        // What is wrong is told here, not at the first step.
        drop(self.prepare(question.clone(), true, RoundOverrides::default())?);
        Ok(Session::new(self.clone(), question))
    }

    pub(super) fn prepare(
        &self,
        question: Question,
        stepped: bool,
        first_round: RoundOverrides,
    ) -> Result<Ready, EngineError> {
        self.config.check()?;
        let runner = self.seated()?;
        runner.known(&first_round.drop_models)?;
        let strategy: Box<dyn ClosingStrategy> = Box::new(Shared(Arc::clone(&self.strategy)));
        let brought = Brought { strategy: Some(strategy), first_round, evaluator: None };
        runner.prepare(ProtocolPlan::Consensus(self.config.plan(stepped)), question, brought)
    }

    pub(super) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// The runner with the providers in the order of the configuration, one for each of its models.
    fn seated(&self) -> Result<Runner, EngineError> {
        let mut left = self.runner.providers().to_vec();
        let mut seated = Vec::new();
        let mut problems = Vec::new();
        for model in &self.config.models {
            match left.iter().position(|provider| provider.model_id() == model) {
                Some(at) => seated.push(left.remove(at)),
                None => problems.push(Error::config(format!("there is no provider for the model {model}"))),
            }
        }
        let strange = left.iter().map(|provider| provider.model_id());
        problems.extend(strange.map(|id| Error::config(format!("the configuration does not name the model {id}"))));
        match Error::all(problems) {
            Some(error) => Err(error.hint("give Engine::new one provider for each model of its EngineConfig").into()),
            None => Ok(self.runner.with_providers(seated)),
        }
    }
}

impl Runner {
    /// Checks that these names are those of participants.
    pub(super) fn known(&self, names: &[ModelId]) -> Result<(), EngineError> {
        let known = self.names();
        let strange = names.iter().filter(|name| !known.contains(name));
        let strange = strange.map(|name| Error::config(format!("there is no participant {name} to leave out")));
        Error::all(strange).map_or(Ok(()), |error| Err(error.into()))
    }
}

/// One strategy for all runs of an engine.
struct Shared(Arc<dyn ClosingStrategy>);

impl ClosingStrategy for Shared {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision {
        self.0.close(round)
    }

    fn bound(&self, partial: &Partial<'_>) -> Bound {
        self.0.bound(partial)
    }
}
