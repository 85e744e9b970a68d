//! Providers that answer by a script, for runs through the library's face.

use async_trait::async_trait;
use refinery_core::exchange::Role;
use refinery_core::{Message, ModelId, ModelProvider, ProviderError, ProviderRequest, Reply};
use std::sync::{Arc, Mutex};

type Answer = Result<Reply, ProviderError>;
type Script = dyn Fn(&ProviderRequest) -> Action + Send + Sync;

/// What a provider does.
pub enum Action {
    Say(String),
    Reply(Reply),
    Fail(ProviderError),
    /// Never answers.
    Hang,
    Panic,
}

/// A provider with a script.
pub struct Scripted {
    id: ModelId,
    script: Box<Script>,
    asked: Mutex<Vec<ProviderRequest>>,
}

impl Scripted {
    pub fn new(name: &str, script: impl Fn(&ProviderRequest) -> Action + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { id: ModelId::new(name), script: Box::new(script), asked: Mutex::default() })
    }

    /// What it was asked so far: the name of each call, and its prompt.
    pub fn asked(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap();
        let prompt = |request: &ProviderRequest| request.messages().iter().map(Message::text).collect::<String>();
        asked.iter().map(|request| (request.call().to_string(), prompt(request))).collect()
    }

    /// Every request that it was handed.
    pub fn requests(&self) -> Vec<ProviderRequest> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl ModelProvider for Scripted {
    async fn send_message(&self, _: &[Message]) -> Result<String, ProviderError> {
        panic!("the engine asks by `reply`");
    }

    fn model_id(&self) -> &ModelId {
        &self.id
    }

    async fn reply(&self, request: &ProviderRequest) -> Answer {
        self.asked.lock().unwrap().push(request.clone());
        match (self.script)(request) {
            Action::Say(text) => Ok(text.into()),
            Action::Reply(reply) => Ok(reply),
            Action::Fail(failure) => Err(failure),
            Action::Hang => std::future::pending().await,
            Action::Panic => panic!("as told"),
        }
    }
}

/// Answers with its name and the round, and gives every answer this score.
pub fn even(name: &'static str, score: f64) -> Arc<Scripted> {
    Scripted::new(name, move |request| civil(request, score))
}

/// What a participant without a script would do.
pub fn civil(request: &ProviderRequest, score: f64) -> Action {
    Action::Say(match request.role() {
        Role::Evaluate => format!(r#"{{"score": {score}}}"#),
        _ => format!("{} of {}", request.call(), request.participant()),
    })
}

/// Providers as the library takes them.
pub fn providers(providers: &[&Arc<Scripted>]) -> Vec<Arc<dyn ModelProvider>> {
    providers.iter().map(|one| Arc::clone(one) as Arc<dyn ModelProvider>).collect()
}
