//! What a run costs in memory: prompts are shared, not copied for each call.

use crate::support::scripted_providers::{Scripted, civil};
use refinery_core::{Engine, EngineConfig, ModelId, ModelProvider, ProviderRequest, Role, VoteThreshold};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

const NAMES: [&str; 7] = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus"];
const MEGABYTE: usize = 1_000_000;

/// Answers only when all reviews of the round are asked.
struct Patient {
    inner: Arc<Scripted>,
    all: Arc<Barrier>,
}

#[async_trait::async_trait]
impl ModelProvider for Patient {
    async fn send_message(&self, _: &[refinery_core::Message]) -> Result<String, refinery_core::ProviderError> {
        unreachable!("the engine asks by `reply`")
    }

    fn model_id(&self) -> &ModelId {
        self.inner.model_id()
    }

    async fn reply(&self, request: &ProviderRequest) -> Result<refinery_core::Reply, refinery_core::ProviderError> {
        if request.role() == Role::Evaluate {
            self.all.wait().await;
        }
        self.inner.reply(request).await
    }
}

#[test]
fn forty_two_reviews_of_a_megabyte_stay_under_sixteen() {
    let question: Arc<str> = "Why? ".repeat(MEGABYTE / 5).into();
    let players: Vec<_> = NAMES.iter().map(|name| Scripted::new(name, |request| civil(request, 9.0))).collect();
    let all = Arc::new(Barrier::new(42));
    let providers: Vec<_> = players
        .iter()
        .map(|inner| Arc::new(Patient { inner: Arc::clone(inner), all: Arc::clone(&all) }) as Arc<dyn ModelProvider>)
        .collect();
    let models = NAMES.map(ModelId::new).to_vec();
    let config = EngineConfig::new(models, 1, 8.0, 1, Duration::from_secs(60), 0).unwrap();
    let engine = Engine::new(providers, Box::new(VoteThreshold::new(8.0, 1)), config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut outcome = None;
    // Everything happens on this thread, and nothing else does.
    let heap = allocation_counter::measure(|| outcome = Some(runtime.block_on(engine.run(Arc::clone(&question)))));
    assert!(outcome.unwrap().unwrap().converged());
    let megabytes = heap.bytes_max as f64 / 1e6;
    println!("{megabytes:.1} MB beyond the inputs at most, {} allocations", heap.count_total);
    assert!(heap.bytes_max < 16_000_000, "{megabytes:.1} MB");
    let requests: Vec<_> = players.iter().flat_map(|player| player.requests()).collect();
    assert_eq!(requests.iter().filter(|request| request.role() == Role::Evaluate).count(), 42);
    // Every prompt holds the same text of the question, not one like it.
    let longest = |request: &ProviderRequest| {
        let parts = request.messages().iter().flat_map(|message| message.parts().iter().cloned());
        parts.max_by_key(|part| part.len()).unwrap()
    };
    let first = longest(&requests[0]);
    assert!(first.len() >= MEGABYTE && requests.iter().all(|request| Arc::ptr_eq(&longest(request), &first)));
}
