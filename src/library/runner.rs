//! Runs of every protocol over a caller's providers, by the same engine as the command line's.

use super::abort::AbortHandle;
use super::backend::ProviderBackend;
use super::config::RunSettings;
use super::error::EngineError;
use super::evaluator::{Evaluator, Seated};
use super::events::{EventStream, Listeners};
use super::provider::{About, ModelId, ModelProvider};
use super::question::Question;
use crate::adapter::PoolKind;
use crate::call::{AdapterQueue, Backend, Backoff, CallLimit, Caller, Endpoint, Endpoints};
use crate::engine::{Bounds, Clock, RunDeps, RunMeta, drive, stop_channel};
use crate::error::Error;
use crate::event::Event;
use crate::host::machine;
use crate::ids::AdapterId;
use crate::outcome::Finished;
use crate::plan::{Brought, Concurrency, Participant, Pool, ProtocolPlan, RunLimits, RunPlan};
use crate::protocol::Protocol;
use crate::protocol::material::Material;
use crate::protocol::refine::SelfRefinePlan;
use crate::protocol::sampling::SamplingPlan;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What the evaluator is called in events and outcomes.
const EVALUATOR: &str = "evaluator";

/// Runs protocols over providers. It holds no state of a run: several may go on at once.
#[derive(Clone)]
pub struct Runner {
    providers: Vec<Arc<dyn ModelProvider>>,
    /// How many of the last ones take part only where a plan names them.
    auxiliary: usize,
    settings: RunSettings,
    self_refine: Option<SelfRefinePlan>,
    evaluator: Option<Arc<dyn Evaluator>>,
    listeners: Listeners,
    abort: Option<AbortHandle>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.providers.iter().map(|one| one.model_id()).collect();
        f.debug_struct("Runner").field("providers", &names).field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A run that can begin.
pub(super) struct Ready {
    pub protocol: Box<dyn Protocol>,
    pub meta: RunMeta,
    pub began: Timestamp,
    pub world: RunDeps,
}

impl Runner {
    /// A runner whose providers all take part, in this order.
    #[must_use]
    pub fn new(providers: Vec<Arc<dyn ModelProvider>>) -> Self {
        Self {
            providers,
            auxiliary: 0,
            settings: RunSettings::default(),
            self_refine: None,
            evaluator: None,
            listeners: Listeners::default(),
            abort: None,
        }
    }

    /// With one more provider, which takes part only where a plan names it: as a debate's judge,
    /// as a scorer, as a refiner.
    #[must_use]
    pub fn auxiliary(mut self, provider: Arc<dyn ModelProvider>) -> Self {
        self.providers.push(provider);
        self.auxiliary += 1;
        self
    }

    /// Within other bounds.
    #[must_use]
    pub fn settings(self, settings: RunSettings) -> Self {
        Self { settings, ..self }
    }

    /// With a critique pass over the answer of every run.
    #[must_use]
    pub fn self_refine(self, plan: SelfRefinePlan) -> Self {
        Self { self_refine: Some(plan), ..self }
    }

    /// With code of one's own that scores texts, wherever a plan that scores names no judge.
    #[must_use]
    pub fn evaluator(self, evaluator: impl Evaluator + 'static) -> Self {
        Self { evaluator: Some(Arc::new(evaluator)), ..self }
    }

    /// With a listener that hears every event at once. It is called between the steps of a run, on
    /// the task that runs it: be quick. A panic in it is the caller's.
    #[must_use]
    pub fn on_event(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listeners.add(listener);
        self
    }

    /// With a listener that hears the events of one name: `roundComplete`, `call_finished`.
    #[must_use]
    pub fn on(self, name: impl Into<String>, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        let name = name.into();
        self.on_event(move |event| {
            if event.kind.name() == name {
                listener(event);
            }
        })
    }

    /// The events of every run from here on, as a stream.
    pub fn events(&mut self) -> EventStream {
        self.listeners.stream()
    }

    /// With a handle that stops its runs.
    #[must_use]
    pub fn abort_with(self, handle: &AbortHandle) -> Self {
        Self { abort: Some(handle.clone()), ..self }
    }

    /// The names that participants have in plans, events and outcomes, in order: those of their
    /// providers, numbered where two are the same.
    #[must_use]
    pub fn names(&self) -> Vec<ModelId> {
        let ids: Vec<_> = self.providers.iter().map(|provider| provider.model_id()).collect();
        let name = |at: usize| {
            let same = |id: &&&ModelId| **id == ids[at];
            match ids.iter().filter(same).count() {
                1 => ids[at].clone(),
                _ => ModelId::new(format!("{}#{}", ids[at], ids[..=at].iter().filter(same).count())),
            }
        };
        (0..ids.len()).map(name).collect()
    }

    /// Runs a protocol of the caller's own, by the engine that runs the others. Its calls go to
    /// [`names`](Self::names). What it is about, it knows itself.
    ///
    /// # Errors
    /// There are no participants, or a setting is out of its range; the end of a run is never an error here.
    pub async fn run_protocol(&self, name: &str, protocol: Box<dyn Protocol>) -> Result<Finished, EngineError> {
        let plan = self.plan(ProtocolPlan::Sample(SamplingPlan::default()), Question::default())?;
        let meta = RunMeta { protocol: name.to_owned(), max_calls: 0, ..RunMeta::of(&plan) };
        Ok(self.drive(self.ready(&plan, protocol, meta)).await)
    }

    pub(super) async fn run(&self, protocol: ProtocolPlan, question: Question) -> Result<Finished, EngineError> {
        let evaluator = self.evaluator.as_ref().map(|_| ModelId::new(EVALUATOR));
        Ok(self.drive(self.prepare(protocol, question, Brought { evaluator, ..Brought::default() })?).await)
    }

    pub(super) async fn drive(&self, ready: Ready) -> Finished {
        let Ready { protocol, meta, began, world } = ready;
        let mut listener = |event: &Event| self.listeners.notify(event);
        drive(protocol, meta, began, world, &mut listener).await
    }

    /// How many take part in everything.
    pub(super) fn room(&self) -> usize {
        self.providers.len() - self.auxiliary
    }

    pub(super) fn run_settings(&self) -> &RunSettings {
        &self.settings
    }

    pub(super) fn critique_pass(&self) -> Option<&SelfRefinePlan> {
        self.self_refine.as_ref()
    }

    pub(super) fn providers(&self) -> &[Arc<dyn ModelProvider>] {
        &self.providers
    }

    pub(super) fn with_providers(&self, providers: Vec<Arc<dyn ModelProvider>>) -> Self {
        Self { providers, ..self.clone() }
    }

    pub(super) fn listeners(&self) -> Listeners {
        self.listeners.clone()
    }

    /// Plans a run without calling a model.
    pub(super) fn prepare(
        &self,
        protocol: ProtocolPlan,
        question: Question,
        brought: Brought,
    ) -> Result<Ready, EngineError> {
        let plan = self.plan(protocol, question)?;
        let protocol = plan.machine_with(brought)?;
        let meta = RunMeta::of(&plan);
        Ok(self.ready(&plan, protocol, meta))
    }

    fn plan(&self, protocol: ProtocolPlan, question: Question) -> Result<RunPlan, EngineError> {
        let mut problems = self.settings.problems();
        if self.room() == 0 {
            problems.push(Error::config("no participants: there is no provider"));
        }
        let names = self.names();
        problems.extend(protocol.problems(&names));
        problems.extend(self.self_refine.iter().flat_map(|plan| plan.problems(&names)));
        if self.evaluator.is_some() && names.contains(&ModelId::new(EVALUATOR)) {
            problems.push(Error::config(format!("a provider is called {EVALUATOR}, as the evaluator is")));
        }
        if let Some(error) = Error::all(problems) {
            return Err(error.into());
        }
        let RunSettings { timeout, max_concurrent, retries, budget, max_wall, on_limit, seed } = self.settings.clone();
        let participants: Vec<_> =
            self.providers.iter().zip(&names).map(|(one, name)| participant(&**one, name)).collect();
        let created_at = machine::now();
        Ok(RunPlan {
            run_id: machine::run_id(created_at),
            created_at,
            protocol,
            participants,
            auxiliary: names[names.len() - self.auxiliary..].to_vec(),
            self_refine: self.self_refine.clone(),
            material: Material {
                question: question.text,
                files: question.files,
                nonce_root: machine::draw_nonce(),
                seed: seed.unwrap_or_else(machine::draw_seed),
            },
            limits: RunLimits {
                timeout,
                first_byte_timeout: timeout,
                idle_timeout: timeout,
                retries,
                concurrency: Concurrency { global: max_concurrent, adapters: BTreeMap::new() },
                budget,
                max_wall,
                on_limit,
            },
        })
    }

    fn ready(&self, plan: &RunPlan, protocol: Box<dyn Protocol>, meta: RunMeta) -> Ready {
        let limits = &plan.limits;
        let clock: Clock = Arc::new(machine::steady_clock());
        let stop = self.abort.as_ref().map_or_else(|| stop_channel().1, AbortHandle::level);
        let backoff = Backoff { retries: limits.retries, seed: plan.material.seed, ..Backoff::default() };
        let endpoints = self.endpoints(plan, limits.timeout);
        let caller =
            Caller::new(Endpoints { by_name: endpoints, limit: CallLimit::new(limits.concurrency.global), backoff });
        let bounds = Bounds { budget: limits.budget, max_wall: limits.max_wall, on_limit: limits.on_limit };
        let world = RunDeps { caller, stop, clock: Arc::clone(&clock), journal: None, bounds };
        Ready { protocol, meta, began: clock(), world }
    }

    fn endpoints(&self, plan: &RunPlan, timeout: Duration) -> BTreeMap<ModelId, Endpoint> {
        let mut queues: BTreeMap<AdapterId, AdapterQueue> = BTreeMap::new();
        let endpoints = self.providers.iter().zip(&plan.participants).map(|(provider, participant)| {
            let About { concurrency, keeps_time, .. } = provider.about();
            let login = Arc::clone(provider);
            let new = || AdapterQueue::new(concurrency).with_login(Arc::new(move || login.may_refresh_login()));
            let queue = queues.entry(participant.adapter.clone()).or_insert_with(new);
            let backend: Arc<dyn Backend> =
                Arc::new(ProviderBackend { provider: Arc::clone(provider), timeout, keeps_time });
            (participant.id.clone(), Endpoint { backend, queue: queue.clone(), own: AdapterQueue::new(0) })
        });
        let evaluator = self.evaluator.as_ref().map(|evaluator| {
            let id = ModelId::new(EVALUATOR);
            let provider = Arc::new(Seated { id: id.clone(), evaluator: Arc::clone(evaluator) });
            let backend = Arc::new(ProviderBackend { provider, timeout, keeps_time: false });
            (id, Endpoint { backend, queue: AdapterQueue::new(0), own: AdapterQueue::new(0) })
        });
        endpoints.chain(evaluator).collect()
    }
}

fn participant(provider: &dyn ModelProvider, name: &ModelId) -> Participant {
    let About { adapter, vendor_words, prompt_bytes, pays, metered, .. } = provider.about();
    Participant {
        id: name.clone(),
        adapter: adapter.unwrap_or_else(|| AdapterId::new(name.as_str())),
        model: None,
        model_id: provider.model_id().to_string(),
        effort: None,
        pool: Pool { name: "caller".to_owned(), kind: PoolKind::None, metered, words: pays },
        prices: None,
        vendor_words,
        prompt_bytes,
    }
}
