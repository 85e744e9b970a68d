//! A whole run: three models propose, review each other and refine until they agree.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{Engine, EngineConfig, ModelId, VoteThreshold};
use std::time::Duration;
use support::{Done, honest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let models = ["ada", "bob", "cyd"].map(ModelId::new).to_vec();
    let config = EngineConfig::new(models, 5, 8.0, 2, Duration::from_secs(120), 0)?;
    let estimate = Engine::estimate(&config);
    println!("at most {} calls in a round, {} in all", estimate.calls_per_round, estimate.total_calls);

    let providers = vec![honest("ada", 7), honest("bob", 6), honest("cyd", 3)];
    let engine = Engine::new(providers, Box::new(VoteThreshold::new(8.0, 2)), config);
    let outcome = engine.run("Which index fits this query?").await?;
    println!("{}: {} ({})", outcome.winner, outcome.answer, outcome.status.as_str());
    println!("{} calls in {} rounds", outcome.cost().calls, outcome.body.final_round);
    assert!(outcome.converged());
    Ok(())
}
