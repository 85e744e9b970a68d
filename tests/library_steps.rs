//! Stepping through a run: the same as a whole run, but with a word between two rounds.

use crate::support::scripted_providers::{Action, Scripted, civil, even, providers};
use proptest::prelude::*;
use refinery_core::exchange::Role;
use refinery_core::{
    ClosingDecision, ConsensusOutcome, Engine, EngineConfig, EngineError, FailureClass, ModelId, ProviderError,
    ProviderRequest, RoundOverrides, Status, VoteThreshold,
};
use std::sync::Arc;
use std::time::Duration;

const NAMES: [&str; 4] = ["ada", "bob", "cyd", "dan"];

fn config(models: usize, max_rounds: u32, threshold: f64, stability: u32) -> EngineConfig {
    let models = NAMES[..models].iter().map(|name| ModelId::new(*name)).collect();
    let config = EngineConfig::new(models, max_rounds, threshold, stability, Duration::from_secs(60), 0).unwrap();
    EngineConfig { retries: 0, seed: Some(7), ..config }
}

fn engine(players: &[Arc<Scripted>], config: EngineConfig) -> Engine {
    let rule = Box::new(VoteThreshold::new(config.threshold, config.stability_rounds));
    Engine::new(providers(&players.iter().collect::<Vec<_>>()), rule, config)
}

/// A number that only its arguments decide.
fn hash(seed: u64, word: &str) -> u64 {
    word.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash ^ (hash >> 29)
    })
}

/// Now and then a failure, else a score from 5 to 10; by the name of the call alone.
fn drawn(seed: u64, request: &ProviderRequest) -> Action {
    let drawn = hash(seed, request.call().as_str());
    let score = 5.0 + f64::from(u32::try_from(drawn / 20 % 11).unwrap()) / 2.0;
    match drawn % 20 {
        0 => Action::Fail(ProviderError::new(FailureClass::Crashed, "as drawn")),
        1 if request.role() == Role::Evaluate => Action::Say("no JSON today".to_owned()),
        _ => civil(request, score),
    }
}

/// What must be the same even where an early end left reviews out that could not matter.
fn essence(outcome: &ConsensusOutcome) -> impl PartialEq + std::fmt::Debug + use<> {
    let body = outcome.body.clone();
    (outcome.status, outcome.answer.clone(), body.winner, body.final_round, body.dissent)
}

async fn whole(engine: &Engine) -> Result<ConsensusOutcome, EngineError> {
    engine.run("why?").await
}

/// Steps to the end; also how many steps that were.
async fn stepped(engine: &Engine) -> (ConsensusOutcome, u32) {
    let mut session = engine.start("why?").await.unwrap();
    let mut steps = 0;
    while let Ok(round) = session.next_round().await {
        steps += 1;
        assert_eq!(round.round, steps);
        if !round.more {
            break;
        }
    }
    (session.finalize(), steps)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stepped_run_without_overrides_has_the_outcome_of_a_whole_run(
        count in 1usize..=4, rounds in 1u32..=4, stability in 1u32..=3, halves in 12u32..=20, seed in any::<u64>(),
    ) {
        let config = config(count, rounds, f64::from(halves) / 2.0, stability);
        let players: Vec<_> =
            NAMES[..count].iter().map(|name| Scripted::new(name, move |request| drawn(seed, request))).collect();
        let engine = engine(&players, config.clone());
        let (whole, (steps, taken)) = block_on(async { (whole(&engine).await, stepped(&engine).await) });
        match whole {
            Ok(whole) => {
                prop_assert_eq!(essence(&whole), essence(&steps));
                prop_assert_eq!(usize::try_from(taken).unwrap(), steps.body.rounds.len().max(usize::from(count == 1)));
            }
            Err(error) => {
                prop_assert!(matches!(error, EngineError::Failed(_)), "{error}");
                prop_assert!(steps.answer.is_empty() && steps.body.winner.is_none());
            }
        }
        prop_assert!(taken <= rounds);
        let estimate = Engine::estimate(&config);
        prop_assert!(steps.totals.total_calls <= estimate.total_with_repairs);
    }
}

#[tokio::test(start_paused = true)]
async fn after_the_last_round_there_is_no_further_one_and_finalize_gives_the_best() {
    let players = [even("ada", 5.0), even("bob", 6.0)];
    let engine = engine(&players, config(2, 2, 8.0, 1));
    let mut session = engine.start("why?").await.unwrap();
    assert!(session.next_round().await.unwrap().more);
    assert!(!session.next_round().await.unwrap().more);
    let error = session.next_round().await.unwrap_err();
    assert!(matches!(&error, EngineError::Over { rounds: 2, status: Some(Status::MaxRoundsExceeded), .. }), "{error}");
    assert_eq!(error.cost().calls, 8);
    let outcome = session.finalize();
    assert_eq!((outcome.status, outcome.winner.as_str()), (Status::MaxRoundsExceeded, "ada"));
    assert_eq!(outcome.answer, "r1/refine/ada of ada");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_bought_before_it_is_asked_for() {
    let players = [even("ada", 9.0), even("bob", 5.0)];
    let engine = engine(&players, config(2, 5, 9.5, 1));
    let mut session = engine.start("why?").await.unwrap();
    assert_eq!(players[0].asked().len(), 0, "a session begins with its first step");
    session.next_round().await.unwrap();
    let calls = |player: &Scripted| player.asked().into_iter().map(|(call, _)| call).collect::<Vec<_>>();
    assert_eq!(calls(&players[0]), ["r1/propose/ada", "r1/evaluate/ada>bob"]);
    let outcome = session.finalize();
    assert_eq!(calls(&players[0]).len(), 2, "finalising refines nothing");
    assert_eq!((outcome.status, outcome.winner.as_str()), (Status::MaxRoundsExceeded, "bob"));
    assert_eq!(outcome.cost().calls, 4);
}

#[tokio::test(start_paused = true)]
async fn a_word_between_two_rounds_reaches_the_refinements_and_reviews_of_the_next() {
    let players = [even("ada", 9.0), even("bob", 5.0), even("cyd", 5.0)];
    let engine = engine(&players, config(3, 5, 9.5, 1));
    let mut session = engine.start("why?").await.unwrap();
    session.next_round().await.unwrap();
    let word = "Mind the gap.";
    let overrides =
        RoundOverrides { additional_context: Some(word.to_owned()), drop_models: vec![ModelId::new("cyd")] };
    let round = session.next_round_with(overrides).await.unwrap();
    assert_eq!(round.record.means.keys().map(ModelId::as_str).collect::<Vec<_>>(), ["ada", "bob"]);
    for (call, prompt) in players[0].asked() {
        let second = call == "r1/refine/ada" || call.starts_with("r2/");
        assert_eq!(prompt.contains(word), second, "{call}");
    }
    assert!(players[2].asked().iter().all(|(call, _)| call.starts_with("r1/") && !call.contains("refine")));
    let round = session.next_round().await.unwrap();
    assert_eq!(round.record.means.len(), 3, "who sat a round out is back");
}

#[tokio::test(start_paused = true)]
async fn words_for_the_first_round_reach_it() {
    let players = [even("ada", 9.0), even("bob", 9.0), even("cyd", 9.0)];
    let engine = engine(&players, config(3, 5, 9.5, 1));
    let mut session = engine.start("why?").await.unwrap();
    let strange = RoundOverrides { drop_models: vec![ModelId::new("eve")], ..RoundOverrides::default() };
    assert!(matches!(session.next_round_with(strange).await, Err(EngineError::Config(_))));
    let overrides = RoundOverrides { drop_models: vec![ModelId::new("bob")], ..RoundOverrides::default() };
    session.next_round_with(overrides).await.unwrap();
    assert!(players[1].asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_agreement_ends_the_steps() {
    let players = [even("ada", 9.0), even("bob", 9.0)];
    let engine = engine(&players, config(2, 5, 8.0, 1));
    let mut session = engine.start("why?").await.unwrap();
    let round = session.next_round().await.unwrap();
    assert_eq!(round.closing_decision, ClosingDecision::Converged { winner: ModelId::new("ada") });
    assert!(matches!(session.next_round().await, Err(EngineError::Over { status: Some(Status::Converged), .. })));
    let outcome = session.finalize();
    assert!(outcome.converged() && outcome.body.rounds.len() == 1);
}

#[tokio::test(start_paused = true)]
async fn one_model_is_one_step() {
    let player = even("ada", 9.0);
    let engine = engine(&[Arc::clone(&player)], config(1, 5, 8.0, 2));
    let mut session = engine.start("why?").await.unwrap();
    let round = session.next_round().await.unwrap();
    assert_eq!(round.closing_decision, ClosingDecision::Converged { winner: ModelId::new("ada") });
    assert_eq!(player.asked(), [("r1/answer/ada".to_owned(), "why?".to_owned())]);
    assert_eq!(session.finalize().status, Status::SingleModel);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_given_up_goes_on_and_the_next_one_waits_for_it() {
    let slow = Scripted::new("ada", |request| if request.number() == 1 { civil(request, 9.0) } else { Action::Hang });
    let hanging =
        Scripted::new(
            "bob",
            |request| if request.role() == Role::Evaluate { Action::Hang } else { civil(request, 9.0) },
        );
    let engine = engine(&[slow, Arc::clone(&hanging)], config(2, 5, 9.5, 1));
    let mut session = engine.start("why?").await.unwrap();
    let given_up = tokio::time::timeout(Duration::from_secs(1), session.next_round()).await;
    assert!(given_up.is_err(), "bob never reviews");
    let late = RoundOverrides { additional_context: Some("late".to_owned()), ..RoundOverrides::default() };
    assert!(matches!(session.next_round_with(late).await, Err(EngineError::RoundOpen)));
    // Its time runs out, and the round closes with the reviews that there are.
    let round = session.next_round().await.unwrap();
    assert_eq!((round.round, round.record.reviews_dropped), (1, 1));
    assert_eq!(hanging.asked().len(), 2, "nothing was asked twice");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_finalised_in_a_round_is_cancelled_with_the_best_so_far() {
    let players = [even("ada", 9.0), Scripted::new("bob", |_| Action::Hang)];
    let engine = engine(&players, config(2, 5, 8.0, 1));
    let mut session = engine.start("why?").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), session.next_round()).await.is_err());
    let outcome = session.finalize();
    assert_eq!((outcome.status, outcome.answer.as_str()), (Status::Cancelled, "r1/propose/ada of ada"));
    let empty = engine.start("why?").await.unwrap().finalize();
    assert_eq!((empty.status, empty.winner.as_str(), empty.answer.as_str()), (Status::Cancelled, "", ""));
    assert_eq!(empty.cost().calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_budget_or_a_stop_ends_the_steps_and_says_so() {
    use refinery_core::{AbortHandle, Budget, Ceiling};
    let budget = Budget { calls: Ceiling::AtMost(5), ..Budget::default() };
    let bounded = EngineConfig { budget, ..config(2, 5, 9.5, 1) };
    let mut session = engine(&[even("ada", 9.0), even("bob", 5.0)], bounded).start("why?").await.unwrap();
    session.next_round().await.unwrap();
    let error = session.next_round().await.unwrap_err();
    assert!(matches!(error, EngineError::Over { rounds: 1, status: Some(Status::BudgetExhausted), .. }), "{error}");
    assert_eq!(session.finalize().status, Status::BudgetExhausted);

    let handle = AbortHandle::new();
    let engine = engine(&[even("ada", 9.0), even("bob", 5.0)], config(2, 5, 9.5, 1)).abort_with(&handle);
    let mut session = engine.start("why?").await.unwrap();
    session.next_round().await.unwrap();
    handle.abort();
    let error = session.next_round().await.unwrap_err();
    assert!(matches!(error, EngineError::Over { rounds: 1, status: Some(Status::Cancelled), .. }), "{error}");
    let outcome = session.finalize();
    assert_eq!((outcome.status, outcome.winner.as_str()), (Status::Cancelled, "bob"));
}
