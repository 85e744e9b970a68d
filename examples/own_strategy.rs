//! A closing strategy of one's own: the run ends when nobody objects to the leader.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{ClosedRound, ClosingDecision, ClosingStrategy, Engine, EngineConfig, ModelId};
use std::time::Duration;
use support::{Done, honest};

struct NoObjection {
    least: f64,
}

impl ClosingStrategy for NoObjection {
    fn name(&self) -> &str {
        "no-objection"
    }

    fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision {
        let Some(leader) = &round.standing.leader else { return ClosingDecision::Continue };
        let mut given = round.standing.scores.values().filter_map(|by_author| by_author.get(leader));
        if given.all(|score| *score >= self.least) {
            ClosingDecision::Converged { winner: leader.clone() }
        } else {
            ClosingDecision::Continue
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let models = ["ada", "bob", "cyd"].map(ModelId::new).to_vec();
    let config = EngineConfig::new(models, 5, 8.0, 1, Duration::from_secs(120), 0)?;
    let providers = vec![honest("ada", 7), honest("bob", 6), honest("cyd", 3)];
    let engine = Engine::new(providers, Box::new(NoObjection { least: 8.0 }), config);
    let outcome = engine.run("Which index fits this query?").await?;
    println!(
        "{}: {} ({} after {} rounds)",
        outcome.winner, outcome.answer, outcome.body.strategy, outcome.body.final_round
    );
    assert!(outcome.converged());
    Ok(())
}
