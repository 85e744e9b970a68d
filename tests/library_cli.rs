//! The command-line tools as providers: real processes through the library's face, and none left behind.

use crate::run_logins::logged_in;
use crate::support::sandbox::Sandbox;
use refinery_core::adapter::Billing;
use refinery_core::event::EventKind;
use refinery_core::{
    CliOptions, CliProvider, Engine, EngineConfig, FailureClass, Message, ModelId, ModelProvider, VoteThreshold,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn provider(sandbox: &Sandbox, adapter: &str) -> CliProvider {
    CliProvider::from_adapter(adapter, CliOptions::new().name(adapter).env(sandbox.surroundings())).unwrap()
}

fn engine(sandbox: &Sandbox, adapters: &[&str]) -> Engine {
    let providers = adapters.iter().map(|name| Arc::new(provider(sandbox, name)) as Arc<dyn ModelProvider>).collect();
    let models = adapters.iter().map(|name| ModelId::new(*name)).collect();
    let config = EngineConfig::new(models, 3, 8.0, 1, Duration::from_secs(120), 0).unwrap();
    Engine::new(providers, Box::new(VoteThreshold::new(8.0, 1)), config)
}

#[tokio::test]
async fn a_whole_run_through_the_real_adapters() {
    let sandbox = Sandbox::new("");
    let outcome = engine(&sandbox, &["claude", "codex", "gemini"]).run("why?").await.unwrap();
    assert!(outcome.converged(), "{outcome:?}");
    assert!(outcome.answer.starts_with("This is draft ") && outcome.answer.contains(".2. "), "{}", outcome.answer);
    assert!(outcome.cost().usage.output_tokens > Some(0));
    sandbox.assert_nothing_left();
}

/// Three children that hear nothing, each with one of its own.
const STUBBORN: &str = "
[[rule]]
actions = [{ deaf = ['TERM', 'INT', 'HUP'] }, { grandchild = { seconds = 120, deaf = true } }, 'hang']
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_future_leaves_no_child_and_no_folder() {
    let sandbox = Sandbox::new(STUBBORN);
    let engine = engine(&sandbox, &["claude", "codex", "gemini"]);
    let run = tokio::spawn(async move { engine.run("why?").await.map(|outcome| outcome.answer) });
    sandbox.wait_for_requests(3);
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    sandbox.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_session_within_a_round_leaves_nothing_either() {
    let sandbox = Sandbox::new(STUBBORN);
    let engine = engine(&sandbox, &["claude", "gemini"]);
    let mut session = engine.start("why?").await.unwrap();
    tokio::select! {
        _ = session.next_round() => panic!("nobody answers"),
        () = async { while sandbox.log().len() < 2 { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
    }
    assert!(!sandbox.processes().is_empty());
    drop(session);
    sandbox.assert_nothing_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_never_answers_is_ended_when_its_time_is_over() {
    let sandbox = Sandbox::new(STUBBORN);
    let models = vec![ModelId::new("claude")];
    let config = EngineConfig::new(models, 1, 8.0, 1, Duration::from_millis(300), 0).unwrap();
    let config = EngineConfig { retries: 0, ..config };
    let providers = vec![Arc::new(provider(&sandbox, "claude")) as Arc<dyn ModelProvider>];
    let engine = Engine::new(providers, Box::new(VoteThreshold::new(8.0, 1)), config);
    let error = engine.run("why?").await.unwrap_err();
    let refinery_core::EngineError::Failed(finished) = &error else { panic!("{error}") };
    let refinery_core::outcome::Body::Consensus(body) = &finished.outcome.body else { panic!("{error}") };
    assert_eq!(body.models_dropped[0].reason, FailureClass::TimedOut);
    sandbox.assert_nothing_left();
}

#[tokio::test]
async fn a_provider_can_be_asked_alone() {
    let sandbox = Sandbox::new("[[rule]]\nactions = [{ say = { text = 'It is {{vendor}}.' } }]");
    let claude = provider(&sandbox, "claude");
    assert_eq!(claude.pays(), "API key (ANTHROPIC_API_KEY)");
    let answer = claude.send_message(&[Message::system("Be brief."), Message::user("Who is it?")]).await.unwrap();
    assert_eq!(answer, "It is claude.");
    sandbox.assert_nothing_left();
}

#[test]
fn what_is_missing_is_told_with_what_to_do() {
    let sandbox = Sandbox::new("").without_program("codex").without("GEMINI_API_KEY");
    let refused = |adapter: &str, options: CliOptions| {
        CliProvider::from_adapter(adapter, options.env(sandbox.surroundings())).unwrap_err().to_string()
    };
    assert_eq!(refused("grok", CliOptions::new()), "unknown adapter `grok`");
    assert_eq!(refused("codex", CliOptions::new()), "codex: no program `codex` is on the PATH");
    assert!(refused("gemini", CliOptions::new()).starts_with("gemini: "));
    // claude's login may be in a keyring, which no one sees: its first call decides.
    let unseen = CliOptions::new().billing(Billing::Subscription).env(sandbox.surroundings());
    assert!(CliProvider::from_adapter("claude", unseen).is_ok());
    let bad = CliOptions::new().manifest("mine.toml", "id = 7");
    assert!(refused("mine", bad).starts_with("mine.toml:1: "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_of_one_login_near_its_end_do_not_refresh_it_against_each_other() {
    let sandbox = logged_in("[[rule]]\nactions = [{ exit = 3 }]", Some(5));
    let named = |name: &str| {
        let options = CliOptions::new().name(name).env(sandbox.surroundings());
        Arc::new(CliProvider::from_adapter("claude", options).unwrap()) as Arc<dyn ModelProvider>
    };
    let names = ["first", "second", "third"];
    let config = EngineConfig::new(names.map(ModelId::new).to_vec(), 1, 8.0, 1, Duration::from_secs(120), 0).unwrap();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let engine =
        Engine::new(names.map(named).to_vec(), Box::new(VoteThreshold::new(8.0, 1)), config).on_event(move |event| {
            match event.kind {
                EventKind::AttemptStarted { .. } => {
                    peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                }
                EventKind::AttemptEnded { .. } => {
                    now.fetch_sub(1, Ordering::SeqCst);
                }
                _ => {}
            }
        });
    assert!(engine.run("why?").await.is_err(), "nobody answers");
    assert!(sandbox.log().len() >= names.len());
    assert_eq!(most.load(Ordering::SeqCst), 1, "one after the other");
    sandbox.assert_nothing_left();
}
