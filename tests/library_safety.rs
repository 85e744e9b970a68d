//! Whatever a caller's code does, the engine ends, says what happened, and can be used again.

use crate::support::scripted_providers::{Action, Scripted, civil, even, providers};
use async_trait::async_trait;
use refinery_core::event::EventKind;
use refinery_core::exchange::{Role, Usage};
use refinery_core::plan::{Budget, Ceiling};
use refinery_core::{
    AbortHandle, ClosingDecision, ClosingStrategy, Engine, EngineConfig, EngineError, FailureClass, Message, ModelId,
    ModelProvider, ProviderError, ProviderRequest, Reply, Status, StopSignal, VoteThreshold,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn config(names: &[&str]) -> EngineConfig {
    let models = names.iter().map(|name| ModelId::new(*name)).collect();
    let config = EngineConfig::new(models, 2, 8.0, 1, Duration::from_secs(60), 0).unwrap();
    EngineConfig { retries: 0, ..config }
}

fn engine(players: &[&Arc<Scripted>]) -> Engine {
    let names: Vec<_> = players.iter().map(|one| one.model_id().as_str()).collect();
    Engine::new(providers(players), Box::new(VoteThreshold::new(8.0, 1)), config(&names))
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_failed_call() {
    let mad = Scripted::new(
        "mad",
        |request| if request.role() == Role::Evaluate { Action::Panic } else { civil(request, 9.0) },
    );
    let engine = engine(&[&even("ada", 9.0), &even("bob", 9.0), &mad]);
    for _ in 0..2 {
        let outcome = engine.run("why?").await.unwrap();
        assert!(outcome.converged());
        let account = outcome.totals.participants.iter().find(|one| one.participant.as_str() == "mad").unwrap();
        assert_eq!(account.failed_calls, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_future_is_one_call_that_timed_out() {
    let lost = Scripted::new("lost", |_| Action::Hang);
    let engine = engine(&[&even("ada", 9.0), &even("bob", 9.0), &lost]);
    let began = tokio::time::Instant::now();
    let outcome = engine.run("why?").await.unwrap();
    assert!(outcome.converged());
    assert!(began.elapsed() < Duration::from_secs(200), "{:?}", began.elapsed());
    let dropped: Vec<_> =
        outcome.body.models_dropped.iter().map(|one| (one.participant.as_str(), one.reason)).collect();
    assert_eq!(dropped, [("lost", FailureClass::TimedOut)]);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_the_engines_to_say_does_not_wedge_a_run() {
    for class in FailureClass::ALL.iter().copied() {
        let odd = Scripted::new("odd", move |_| Action::Fail(ProviderError::new(class, "as told")));
        let outcome = engine(&[&even("ada", 9.0), &even("bob", 9.0), &odd]).run("why?").await.unwrap();
        assert!(outcome.converged(), "{class}");
    }
}

#[tokio::test(start_paused = true)]
async fn if_nobody_answers_the_error_says_why_and_what_it_cost() {
    let failing = |name| {
        Scripted::new(name, |_| {
            let mut failure = ProviderError::new(FailureClass::Declined, "no");
            failure.usage = Usage { input_tokens: Some(11), ..Usage::default() };
            Action::Fail(failure)
        })
    };
    let error = engine(&[&failing("ada"), &failing("bob")]).run("why?").await.unwrap_err();
    assert_eq!(error.to_string(), "the run ended as insufficient_models without an answer after 2 calls");
    assert_eq!((error.cost().calls, error.cost().usage.input_tokens), (2, Some(22)));
}

/// Counts the futures that are alive, and keeps a signal of each.
struct Counted {
    id: ModelId,
    alive: Arc<AtomicUsize>,
    signals: Arc<Mutex<Vec<StopSignal>>>,
}

struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl ModelProvider for Counted {
    async fn send_message(&self, _: &[Message]) -> Result<String, ProviderError> {
        unreachable!("the engine asks by `reply`")
    }

    fn model_id(&self) -> &ModelId {
        &self.id
    }

    async fn reply(&self, request: &ProviderRequest) -> Result<Reply, ProviderError> {
        self.alive.fetch_add(1, Ordering::SeqCst);
        let _alive = Alive(Arc::clone(&self.alive));
        self.signals.lock().unwrap().push(request.stop_signal());
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_run_drops_every_future_and_tells_what_they_started() {
    let (alive, signals) = (Arc::new(AtomicUsize::new(0)), Arc::default());
    let provider = |name: &str| {
        let (alive, signals) = (Arc::clone(&alive), Arc::clone(&signals));
        Arc::new(Counted { id: ModelId::new(name), alive, signals }) as Arc<dyn ModelProvider>
    };
    let providers = vec![provider("ada"), provider("bob")];
    let engine = Engine::new(providers, Box::new(VoteThreshold::new(8.0, 1)), config(&["ada", "bob"]));
    {
        let run = engine.run("why?");
        assert!(tokio::time::timeout(Duration::from_secs(1), run).await.is_err());
        // An aborted task drops its future when the runtime comes to it.
        let told = std::mem::take(&mut *signals.lock().unwrap());
        for mut signal in told {
            signal.stopped().await;
            assert!(signal.is_stopped());
        }
        assert_eq!(alive.load(Ordering::SeqCst), 0);
    }
    let mut session = engine.start("why?").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), session.next_round()).await.is_err());
    assert_eq!(alive.load(Ordering::SeqCst), 2, "a session keeps what is in flight");
    drop(session);
    let told = std::mem::take(&mut *signals.lock().unwrap());
    for mut signal in told {
        signal.stopped().await;
    }
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn an_abort_gives_the_best_so_far_and_a_used_handle_stops_at_once() {
    let handle = AbortHandle::new();
    let slow = Scripted::new("bob", |_| Action::Hang);
    let engine = engine(&[&even("ada", 9.0), &slow]).abort_with(&handle);
    let (outcome, ()) = tokio::join!(engine.run("why?"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        handle.abort();
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.status, outcome.answer.as_str()), (Status::Cancelled, "r1/propose/ada of ada"));
    assert!(handle.is_aborted());
    let error = engine.run("why?").await.unwrap_err();
    assert!(matches!(&error, EngineError::Failed(finished) if finished.outcome.status == Status::Cancelled), "{error}");
}

struct Furious;

impl ClosingStrategy for Furious {
    fn name(&self) -> &str {
        "furious"
    }

    fn close(&self, _: &refinery_core::protocol::consensus::ClosedRound<'_>) -> ClosingDecision {
        panic!("as told")
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_strategy_or_a_listener_is_the_callers_and_spoils_nothing_else() {
    let (ada, bob) = (even("ada", 9.0), even("bob", 9.0));
    let furious = Engine::new(providers(&[&ada, &bob]), Box::new(Furious), config(&["ada", "bob"]));
    assert!(tokio::spawn(async move { furious.run("why?").await }).await.unwrap_err().is_panic());

    let times = AtomicUsize::new(0);
    let engine = engine(&[&ada, &bob]).on_event(move |_| {
        assert!(times.fetch_add(1, Ordering::SeqCst) != 3, "as told");
    });
    let first = engine.clone();
    assert!(tokio::spawn(async move { first.run("why?").await }).await.unwrap_err().is_panic());
    assert!(engine.run("why?").await.unwrap().converged());
}

#[tokio::test(start_paused = true)]
async fn a_budget_ends_a_run_with_the_best_so_far() {
    let (ada, bob) = (even("ada", 5.0), even("bob", 5.0));
    let budget = Budget { calls: Ceiling::AtMost(3), ..Budget::default() };
    let config = EngineConfig { budget, ..config(&["ada", "bob"]) };
    let engine = Engine::new(providers(&[&ada, &bob]), Box::new(VoteThreshold::new(8.0, 1)), config);
    let outcome = engine.run("why?").await.unwrap();
    assert_eq!((outcome.status, outcome.cost().attempts), (Status::BudgetExhausted, 3));
    assert!(!outcome.answer.is_empty());
}

#[tokio::test(start_paused = true)]
async fn tokens_usage_shapes_and_events_pass_through() {
    let talk = |name: &'static str| {
        Scripted::new(name, |request| {
            request.token("to");
            request.token("ken");
            let Action::Say(text) = civil(request, 9.0) else { unreachable!() };
            let usage = Usage { output_tokens: Some(2), ..Usage::default() };
            Action::Reply(Reply { usage, served: Some("served-1".to_owned()), ..text.as_str().into() })
        })
    };
    let (ada, bob) = (talk("ada"), talk("bob"));
    let mut engine = engine(&[&ada, &bob]);
    let mut events = engine.events();
    let outcome = engine.run("why?").await.unwrap();
    drop(engine);
    let (mut seen, mut tokens) = (Vec::new(), String::new());
    while let Some(event) = events.next().await {
        seen.extend(event.seq);
        if let EventKind::Token { text, .. } = event.kind {
            tokens.push_str(&text);
        }
    }
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
    assert_eq!(tokens, "token".repeat(4));
    assert_eq!(outcome.cost().usage.output_tokens, Some(8));
    assert_eq!(outcome.totals.participants[0].served, ["served-1"]);
    let shapes: Vec<_> = ada.requests().iter().map(|one| one.shape().map(|shape| shape.name.to_string())).collect();
    assert_eq!(shapes, [None, Some("review".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_all_at_once_before_anybody_is_asked() {
    let models = || vec![ModelId::new("ada"), ModelId::new("bob")];
    let error = EngineConfig::new(models(), 21, 0.5, 2, Duration::ZERO, 0).unwrap_err().to_string();
    assert_eq!(
        error,
        "max_rounds is 21: it goes from 1 to 20; threshold is 0.5: it goes from 1 to 10; timeout is zero: no attempt \
         could be answered"
    );
    assert!(EngineConfig::new(Vec::new(), 5, 8.0, 2, Duration::from_secs(1), 0).is_err());
    let changed = EngineConfig { threshold: f64::NAN, ..config(&["ada", "bob"]) };
    let ada = even("ada", 9.0);
    let engine = Engine::new(providers(&[&ada, &even("eve", 9.0)]), Box::new(VoteThreshold::new(8.0, 1)), changed);
    assert!(engine.run("why?").await.unwrap_err().to_string().contains("threshold is NaN"));
    let engine = Engine::new(
        providers(&[&ada, &even("eve", 9.0)]),
        Box::new(VoteThreshold::new(8.0, 1)),
        config(&["ada", "bob"]),
    );
    let error = engine.start("why?").await.unwrap_err().to_string();
    assert_eq!(error, "there is no provider for the model bob; the configuration does not name the model eve");
    assert!(ada.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_of_one_name_are_numbered() {
    let engine = engine(&[&even("ada", 9.0), &even("ada", 9.0)]);
    let outcome = engine.run("why?").await.unwrap();
    let names: Vec<_> = outcome.totals.participants.iter().map(|one| one.participant.as_str()).collect();
    assert_eq!((outcome.winner.as_str(), names), ("ada#1", vec!["ada#1", "ada#2"]));
}

#[test]
fn a_run_may_go_to_another_thread() {
    fn sent<T: Send>(_: &T) {}
    let engine = engine(&[&even("ada", 9.0)]);
    sent(&engine.run("why?"));
    sent(&engine.start("why?"));
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Engine>();
    shared::<refinery_core::Runner>();
    fn moved<T: Send + 'static>() {}
    moved::<refinery_core::Session>();
}

/// A number that only its arguments decide.
fn hash(seed: u64, word: &str) -> u64 {
    word.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash ^ (hash >> 29)
    })
}

/// Whatever can go wrong, at any attempt.
fn wild(seed: u64, request: &ProviderRequest) -> Action {
    let drawn = hash(seed, &format!("{} {}", request.call(), request.number()));
    match drawn % 12 {
        0 => Action::Panic,
        1 => Action::Hang,
        2 | 3 => {
            // What did not even start is not charged: without it, attempts and budget are the same number.
            let classes: Vec<_> =
                FailureClass::ALL.iter().copied().filter(|class| *class != FailureClass::StartFailed).collect();
            let class = classes[usize::try_from(drawn / 12).unwrap_or(usize::MAX) % classes.len()];
            Action::Fail(ProviderError::new(class, "as drawn"))
        }
        4 => Action::Say(String::new()),
        5 => Action::Say("{\"score\": \"none\"".to_owned()),
        _ => civil(request, 5.0 + f64::from(u32::try_from(drawn / 12 % 6).unwrap_or(0))),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 64, failure_persistence: None, ..proptest::prelude::ProptestConfig::default()
    })]

    #[test]
    fn whatever_providers_do_a_run_ends_within_its_bounds(
        seed in proptest::num::u64::ANY, count in 2usize..=4, most in 0u64..40,
    ) {
        let names = &["ada", "bob", "cyd", "dan"][..count];
        let players: Vec<_> = names.iter().map(|name| Scripted::new(name, move |request| wild(seed, request))).collect();
        let calls = if most == 0 { Ceiling::Unlimited } else { Ceiling::AtMost(most) };
        let config = EngineConfig {
            budget: Budget { calls, ..Budget::default() },
            retries: 2,
            max_rounds: 3,
            ..config(names)
        };
        let estimate = Engine::estimate(&config);
        let engine =
            Engine::new(providers(&players.iter().collect::<Vec<_>>()), Box::new(VoteThreshold::new(8.0, 1)), config);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (cost, answered) = match runtime.block_on(engine.run("why?")) {
            Ok(outcome) => (outcome.cost(), true),
            Err(EngineError::Failed(finished)) => {
                let cost = EngineError::Failed(finished.clone()).cost();
                (cost, finished.outcome.answer.is_some())
            }
            Err(other) => return Err(proptest::test_runner::TestCaseError::fail(other.to_string())),
        };
        let asked: usize = players.iter().map(|player| player.asked().len()).sum();
        proptest::prop_assert!(most == 0 || u64::try_from(asked).unwrap() <= most, "{asked} of {most}");
        proptest::prop_assert!(cost.calls <= estimate.total_with_repairs);
        let spoke = players.iter().any(|player| !player.asked().is_empty());
        proptest::prop_assert!(spoke || !answered);
    }
}
