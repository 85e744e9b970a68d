//! A debate with personas and a judge, watched as it happens; and one that is stopped.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{
    AbortHandle, DebateEvent, DebatePlan, EventKind, Judge, ModelId, RunSettings, Runner, Status, persona,
};
use support::{Done, toy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let speaker = |name: &str, confidence: u32| {
        let view = format!("{name} has looked at it.\nCONFIDENCE: {confidence}");
        toy(name, move |_| view.clone())
    };
    let judge =
        toy("justice", |_| "# Majority Position\nNot yet.\n# Minority Positions\nNow.\nJUDGE_CONFIDENCE: 70".into());
    let providers = vec![speaker("ada", 85), speaker("bob", 60)];
    // The same seed gives the same order of speakers.
    let settings = RunSettings { seed: Some(42), ..RunSettings::default() };
    let mut runner = Runner::new(providers).settings(settings).auxiliary(judge);

    let personas = ["devils-advocate", "domain-expert"].into_iter().filter_map(persona).cloned().collect();
    let judge = Some(Judge::new(ModelId::new("justice")));
    let plan = DebatePlan { rounds: 4, personas, judge, ..DebatePlan::default() };
    let mut events = runner.events();
    let watching = tokio::spawn(async move {
        while let Some(event) = events.next().await {
            match event.kind {
                EventKind::Debate(DebateEvent::RoundComplete { round, score, .. }) => {
                    println!("round {round}: {score}");
                }
                EventKind::Debate(DebateEvent::DisagreementDetected { disagreement, .. }) => {
                    println!("  {} ({})", disagreement.label, disagreement.severity);
                }
                _ => {}
            }
        }
    });
    let outcome = runner.debate("Should a start-up begin with microservices?", plan.clone()).await?;
    println!("{:?}: {:?}", outcome.status, outcome.body.synthesis.map(|synthesis| synthesis.majority_position));
    assert_eq!(outcome.status, Status::Stable);

    let handle = AbortHandle::new();
    let stopping = handle.clone();
    let runner = runner.abort_with(&handle).on_event(move |event| {
        if matches!(event.kind, EventKind::Debate(DebateEvent::RoundComplete { .. })) {
            stopping.abort();
        }
    });
    let stopped = runner.debate("Should it go on for ever?", plan).await?;
    println!("stopped after {} round(s)", stopped.body.rounds_completed);
    assert_eq!(stopped.status, Status::Cancelled);
    drop(runner);
    watching.await?;
    Ok(())
}
