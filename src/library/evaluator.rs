//! Scores by a caller's own code.

use super::message::Message;
use super::provider::{ModelId, ModelProvider, ProviderError};
use async_trait::async_trait;
use std::sync::Arc;

/// What an evaluator thinks of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// 0 to 1.
    pub score: f64,
    /// Why, for the author; may be empty.
    pub reasons: String,
}

impl From<f64> for Evaluation {
    fn from(score: f64) -> Self {
        Self { score, reasons: String::new() }
    }
}

/// Scores texts in a caller's own way: by a test, a linter, a rule. It is asked outside the budget, which
/// models alone spend, and its attempts are counted nowhere.
///
/// A function from a text to a score is one: `|text: &str| if text.len() < 500 { 1.0 } else { 0.2 }`. What
/// takes long belongs into an implementation of one's own, which can wait for it: it has the time of an
/// attempt.
#[async_trait]
pub trait Evaluator: Send + Sync {
    /// Scores a text.
    ///
    /// # Errors
    /// Why there is no score: the text then counts as unscored, and the best one so far is improved anew.
    async fn evaluate(&self, text: &str) -> Result<Evaluation, ProviderError>;
}

#[async_trait]
impl<F, E> Evaluator for F
where
    F: Fn(&str) -> E + Send + Sync,
    E: Into<Evaluation>,
{
    async fn evaluate(&self, text: &str) -> Result<Evaluation, ProviderError> {
        Ok(self(text).into())
    }
}

/// An evaluator in the seat of a participant, with all that protects a run from one.
pub(super) struct Seated {
    pub id: ModelId,
    pub evaluator: Arc<dyn Evaluator>,
}

#[async_trait]
impl ModelProvider for Seated {
    async fn send_message(&self, messages: &[Message]) -> Result<String, ProviderError> {
        let text: String = messages.iter().map(Message::text).collect();
        let Evaluation { score, reasons } = self.evaluator.evaluate(&text).await?;
        Ok(format!("{score}\n{reasons}"))
    }

    fn model_id(&self) -> &ModelId {
        &self.id
    }
}
