//! Models that answer by a rule: the examples need no network, no key and no program.
#![allow(dead_code, reason = "every example uses a part of it")]

use async_trait::async_trait;
use refinery_core::{Message, ModelId, ModelProvider, ProviderError, ProviderRequest, Reply, Role};
use std::sync::Arc;

/// What an example returns.
pub type Done = Result<(), Box<dyn std::error::Error>>;

type Rule = dyn Fn(&ProviderRequest) -> String + Send + Sync;

/// A model that answers by a rule.
pub struct Toy {
    id: ModelId,
    rule: Box<Rule>,
}

#[async_trait]
impl ModelProvider for Toy {
    async fn send_message(&self, messages: &[Message]) -> Result<String, ProviderError> {
        Ok(self.reply(&ProviderRequest::of(messages.to_vec())).await?.text.to_string())
    }

    fn model_id(&self) -> &ModelId {
        &self.id
    }

    async fn reply(&self, request: &ProviderRequest) -> Result<Reply, ProviderError> {
        let text = (self.rule)(request);
        // A real one would tell them as they come from the model.
        text.split_inclusive(' ').for_each(|token| request.token(token));
        Ok(text.into())
    }
}

/// A model with a rule of its own.
pub fn toy(name: &str, rule: impl Fn(&ProviderRequest) -> String + Send + Sync + 'static) -> Arc<dyn ModelProvider> {
    Arc::new(Toy { id: ModelId::new(name), rule: Box::new(rule) })
}

/// A model that gives answers of this quality, and better ones each round; it reviews honestly.
pub fn honest(name: &'static str, quality: u32) -> Arc<dyn ModelProvider> {
    toy(name, move |request| match request.role() {
        Role::Evaluate => {
            let prompt: String = request.messages().iter().map(Message::text).collect();
            let seen = (1..=9).rev().find(|quality| prompt.contains(&format!("of quality {quality}")));
            format!(r#"{{"score": {}}}"#, seen.unwrap_or(1))
        }
        Role::Refine => format!("An answer of quality {}.", (quality + request.round().get()).min(9)),
        _ => format!("An answer of quality {quality}."),
    })
}
