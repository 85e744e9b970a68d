//! Runs the seed's snippets as another crate has them, and says what came of each, one line each.

use async_trait::async_trait;
use refinery_core::{
    ConsensusOutcome, Engine, EngineConfig, Message, ModelId, ModelProvider, ProviderError, RoundOutcome,
    RoundOverrides, Session, VoteThreshold,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

mod snippets {
    use super::{ConsensusOutcome, Engine, EngineConfig, Failure, RoundOutcome, Session, provider};
    include!(concat!(env!("OUT_DIR"), "/snippets.rs"));
}

/// Answers, and likes what others answer.
struct Friendly {
    id: ModelId,
    heard: Mutex<Vec<String>>,
}

fn provider(name: &str) -> Arc<dyn ModelProvider> {
    Arc::new(Friendly { id: ModelId::new(name), heard: Mutex::default() })
}

#[async_trait]
impl ModelProvider for Friendly {
    async fn send_message(&self, messages: &[Message]) -> Result<String, ProviderError> {
        let prompt: String = messages.iter().map(Message::text).collect();
        let review = prompt.contains("\"score\"");
        self.heard.lock().unwrap().push(prompt);
        Ok(if review { r#"{"score": 9}"#.to_owned() } else { "Paris".to_owned() })
    }

    fn model_id(&self) -> &ModelId {
        &self.id
    }
}

fn config() -> Result<EngineConfig, Failure> {
    let models = vec![ModelId::new("model-a"), ModelId::new("model-b")];
    Ok(EngineConfig::new(models, 5, 8.0, 2, Duration::from_secs(120), 0)?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    match snippets::whole_as_printed().await {
        Ok(answer) => println!("as printed: {answer}"),
        Err(error) => println!("as printed: {error}"),
    }
    let (engine, said) = snippets::whole().await?;
    println!("whole: {said}");

    let outcome = snippets::stepped(&engine).await?;
    println!("stepped: {} after {} rounds", outcome.answer, outcome.body.final_round);

    let attentive = Arc::new(Friendly { id: ModelId::new("model-b"), heard: Mutex::default() });
    let providers = vec![provider("model-a"), Arc::clone(&attentive) as Arc<dyn ModelProvider>];
    let engine = Engine::new(providers, Box::new(VoteThreshold::new(8.0, 2)), config()?);
    let mut session = engine.start("prompt").await?;
    let round = snippets::overridden(&mut session).await?;
    let reached = attentive.heard.lock().unwrap().iter().all(|prompt| prompt.contains("Focus on recent developments"));
    println!("overridden: round {}, in every prompt: {reached}", round.round);
    session.next_round_with(RoundOverrides::default()).await?;
    println!("finalized: {}", session.finalize().answer);

    let printed = ["model-a", "model-b"].map(snippets::printed::provider);
    let engine = Engine::new(printed.into(), Box::new(VoteThreshold::new(8.0, 2)), config()?);
    let outcome = engine.run("What is the capital of France?").await?;
    println!("printed provider: {} ({})", outcome.answer, outcome.status.as_str());

    let (per_round, total) = snippets::estimate(config()?);
    println!("estimated: {per_round} calls/round, {total} total");
    Ok(())
}
