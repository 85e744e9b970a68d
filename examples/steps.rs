//! One round after the other, with a word in between.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{ClosingDecision, Engine, EngineConfig, ModelId, RoundOverrides, VoteThreshold};
use std::time::Duration;
use support::{Done, honest};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let models = ["ada", "bob"].map(ModelId::new).to_vec();
    let config = EngineConfig::new(models, 4, 8.0, 1, Duration::from_secs(120), 0)?;
    let providers = vec![honest("ada", 6), honest("bob", 5)];
    let engine = Engine::new(providers, Box::new(VoteThreshold::new(8.0, 1)), config);

    let mut session = engine.start("Which index fits this query?").await?;
    let mut overrides = RoundOverrides::default();
    loop {
        let round = session.next_round_with(std::mem::take(&mut overrides)).await?;
        println!("round {}: {:?}", round.round, round.record.means);
        if matches!(round.closing_decision, ClosingDecision::Converged { .. }) || !round.more {
            break;
        }
        overrides.additional_context = Some("The table has a billion rows.".to_owned());
    }
    let outcome = session.finalize();
    println!("{}: {}", outcome.winner, outcome.answer);
    assert!(outcome.converged());
    Ok(())
}
