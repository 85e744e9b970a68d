//! The other protocols through the library's face: what a caller hands over, and what comes back.

use crate::support::scripted_providers::{Action, Scripted, even, providers};
use refinery_core::exchange::{Role, Usage};
use refinery_core::plan::{Budget, Ceiling};
use refinery_core::{
    AbortHandle, CritiquePlan, DebateEvent, DebatePhase, DebatePlan, EngineError, Evaluation, Event, EventKind,
    FailureClass, Judge, ModelId, PipelinePlan, ProviderError, ProviderRequest, RefineMode, RefinePlan, Reply,
    RunSettings, Runner, SamplingPlan, ScorePlan, SelfRefinePlan, Status, StepKind, detect_disagreements, extract_json,
    persona, personas,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Says the same as everybody of its name, in a debate and everywhere else.
fn speaker(name: &'static str, confidence: u32) -> Arc<Scripted> {
    Scripted::new(name, move |request| {
        Action::Say(match request.role() {
            Role::Judge => {
                "## Majority Position\nWait.\n## Minority Positions\nGo.\n## Unresolved Disputes\nWhen.\nJUDGE_CONFIDENCE: 80"
                    .to_owned()
            }
            _ => format!("{name} holds on.\nCONFIDENCE: {confidence}"),
        })
    })
}

fn runner(players: &[&Arc<Scripted>]) -> Runner {
    Runner::new(providers(players)).settings(RunSettings { retries: 0, seed: Some(3), ..RunSettings::default() })
}

#[tokio::test(start_paused = true)]
async fn a_debate_with_personas_a_judge_and_typed_events() {
    let (ada, bob, judge) = (speaker("ada", 90), speaker("bob", 40), speaker("justice", 0));
    let heard = Arc::new(AtomicUsize::new(0));
    let hears = Arc::clone(&heard);
    let listen = move |_: &Event| {
        hears.fetch_add(1, Ordering::SeqCst);
    };
    let runner = runner(&[&ada, &bob]).auxiliary(Arc::clone(&judge) as _);
    let mut runner = runner.on("roundComplete", listen);
    let mut events = runner.events();
    let personas = ["devils-advocate", "domain-expert"].map(|id| persona(id).unwrap().clone()).to_vec();
    let plan =
        DebatePlan { rounds: 3, personas, judge: Some(Judge::new(ModelId::new("justice"))), ..DebatePlan::default() };
    let outcome = runner.debate("Microservices from day one?", plan).await.unwrap();
    drop(runner);
    assert_eq!(outcome.status, Status::Stable);
    assert_eq!(outcome.body.synthesis.as_ref().map(|one| one.majority_position.as_str()), Some("Wait."));
    assert_eq!(outcome.body.positions[0].persona, "devils-advocate");
    assert_eq!(heard.load(Ordering::SeqCst), 2, "one for each round");
    let phases: Vec<_> = ada.requests().iter().map(|request| request.phase()).collect();
    assert_eq!(phases, [Some(DebatePhase::InitialAnalysis), Some(DebatePhase::Counterarguments)]);
    assert_eq!(judge.requests()[0].phase(), Some(DebatePhase::Synthesis));
    let mut names = Vec::new();
    while let Some(event) = events.next().await {
        if let EventKind::Debate(event) = event.kind {
            names.push(match event {
                DebateEvent::RoundStart { .. } => "roundStart",
                DebateEvent::DisagreementDetected { .. } => "disagreementDetected",
                DebateEvent::RoundComplete { .. } => "roundComplete",
                DebateEvent::EarlyStop { .. } => "earlyStop",
                DebateEvent::SynthesisComplete { .. } => "synthesisComplete",
                DebateEvent::FinalResult { .. } => "finalResult",
                _ => continue,
            });
        }
    }
    let round = ["roundStart", "disagreementDetected", "roundComplete"];
    assert_eq!(names, [&round[..], &round, &["earlyStop", "synthesisComplete", "finalResult"]].concat());
    let usual = ada.requests()[0].usual_tuning();
    assert_eq!(
        (usual.temperature, usual.reply_tokens, ada.requests()[0].tuning().temperature),
        (Some(0.7), Some(1500), None)
    );
    assert_eq!(judge.requests()[0].usual_tuning().temperature, Some(0.3));
}

#[tokio::test(start_paused = true)]
async fn what_a_model_thinks_aloud_is_no_part_of_its_answer() {
    let ada = Scripted::new("ada", |_| Action::Say("<think>\nSydney? No.\n</think>\n\nCanberra.".to_owned()));
    let plan = SamplingPlan { num_samples: 3, ..SamplingPlan::default() };
    let outcome = runner(&[&ada]).sample("What is the capital of Australia?", plan).await.unwrap();
    assert_eq!((outcome.status, outcome.answer.as_str()), (Status::Agreed, "Canberra."));
}

#[tokio::test(start_paused = true)]
async fn the_order_of_a_debate_follows_from_the_seed_and_an_abort_keeps_what_was_said() {
    let order = async || {
        let players = [speaker("ada", 10), speaker("bob", 50), speaker("cyd", 90)];
        let plan = DebatePlan { early_stop: false, ..DebatePlan::default() };
        let outcome = runner(&[&players[0], &players[1], &players[2]]).debate("why?", plan).await.unwrap();
        outcome.body.rounds.iter().map(|round| round.order.clone()).collect::<Vec<_>>()
    };
    assert_eq!(order().await, order().await);

    let handle = AbortHandle::new();
    let raised = handle.clone();
    let (ada, late) = (
        speaker("ada", 10),
        Scripted::new("bob", move |request| {
            if request.round().get() == 1 {
                return Action::Say("CONFIDENCE: 50".to_owned());
            }
            raised.abort();
            Action::Hang
        }),
    );
    let outcome = runner(&[&ada, &late]).abort_with(&handle).debate("why?", DebatePlan::default()).await.unwrap();
    assert_eq!((outcome.status, outcome.body.rounds_completed), (Status::Cancelled, 1));
}

#[tokio::test(start_paused = true)]
async fn samples_are_dealt_and_counted() {
    let (ada, bob) = (even("ada", 9.0), Scripted::new("bob", |_| Action::Say(" blue\n".to_owned())));
    let blue = Scripted::new("ada", |_| Action::Say("blue".to_owned()));
    let outcome = runner(&[&blue, &bob]).sample("Which?", SamplingPlan::default()).await.unwrap();
    assert_eq!((outcome.answer.as_str(), outcome.body.agreement_ratio), ("blue", Some(1.0)));
    assert_eq!((blue.asked().len(), bob.asked().len()), (3, 2));
    let plan = SamplingPlan { num_samples: 3, ..SamplingPlan::default() };
    let outcome = runner(&[&ada, &bob]).sample("Which?", plan).await.unwrap();
    assert_eq!(outcome.body.unique_responses, 3);
    let many = SamplingPlan { num_samples: 101, min_agreement: Some(1.5), ..SamplingPlan::default() };
    let error = runner(&[&ada]).sample("Which?", many).await.unwrap_err().to_string();
    assert_eq!(error, "num_samples is 101: it must be 1 to 100; min_agreement is 1.5: it must be 0 to 1");
}

/// Writes a longer text each time.
fn writer() -> Arc<Scripted> {
    let times = AtomicUsize::new(1);
    Scripted::new("ada", move |_| Action::Say("word ".repeat(times.fetch_add(1, Ordering::SeqCst))))
}

fn spent(runner: Runner, calls: u64) -> Runner {
    let budget = Budget { calls: Ceiling::AtMost(calls), ..Budget::default() };
    runner.settings(RunSettings { budget, ..RunSettings::default() })
}

#[tokio::test(start_paused = true)]
async fn a_callers_evaluator_scores_outside_the_budget() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let by_length = move |text: &str| {
        heard.lock().unwrap().push(text.to_owned());
        let words = u32::try_from(text.split_whitespace().count()).unwrap();
        Evaluation { score: f64::from(words) / 4.0, reasons: format!("{words} of 4 words") }
    };
    let ada = writer();
    // Three calls: a draft and two improvements. Every one of them is scored.
    let runner = spent(runner(&[&ada]).evaluator(by_length), 3);
    let outcome = runner.refine("Write.", RefinePlan::default()).await.unwrap();
    assert_eq!((outcome.status, outcome.body.score), (Status::BudgetExhausted, Some(0.75)));
    assert_eq!(outcome.cost().attempts, 3);
    assert_eq!(*seen.lock().unwrap(), ["word ", "word word ", "word word word "], "the bare text, and nothing else");
    assert_eq!(outcome.body.judge, Some(ModelId::new("evaluator")));
    assert!(ada.asked()[1].1.contains("1 of 4 words"));

    let outcome = self::runner(&[&writer()]).evaluator(|text: &str| if text.len() > 8 { 1.0 } else { 0.1 });
    let outcome = outcome.refine("Write.", RefinePlan::default()).await.unwrap();
    assert_eq!((outcome.status, outcome.answer.as_str()), (Status::TargetReached, "word word "));
}

#[tokio::test(start_paused = true)]
async fn an_evaluator_that_fails_or_panics_costs_its_score_and_nothing_else() {
    let plan = || RefinePlan {
        mode: RefineMode::Score(ScorePlan { max_iterations: 2, ..ScorePlan::default() }),
        ..RefinePlan::default()
    };
    for wrong in [|_: &str| 7.0, |_: &str| f64::NAN, |_: &str| panic!("as told")] {
        let outcome = runner(&[&writer()]).evaluator(wrong).refine("Write.", plan()).await.unwrap();
        assert_eq!((outcome.status, outcome.body.score), (Status::MaxIterationsExceeded, None));
        assert_eq!(outcome.answer, "word ");
    }
    let named = RefinePlan { judge: Some(ModelId::new("eve")), ..plan() };
    let error = runner(&[&writer()]).refine("Write.", named).await.unwrap_err();
    assert_eq!(error.to_string(), "the judge is eve, who is not there");
}

#[tokio::test(start_paused = true)]
async fn a_critique_pass_follows_any_run() {
    let draft = "A sentence that could be better. ".repeat(20);
    let better = draft.to_uppercase();
    let reply = format!("<critique>\n- lower case\n</critique>\n<revised>\n{better}\n</revised>");
    let ada = Scripted::new("ada", move |request| {
        Action::Say(if request.role() == Role::Critique { reply.clone() } else { draft.clone() })
    });
    let critique = CritiquePlan { verify: false, ..CritiquePlan::default() };
    let runner =
        runner(&[&ada]).self_refine(SelfRefinePlan { critique: critique.clone(), ..SelfRefinePlan::default() });
    let outcome = runner.sample("Write.", SamplingPlan { num_samples: 1, ..SamplingPlan::default() }).await.unwrap();
    assert_eq!(outcome.answer.trim(), better.trim());
    assert!(outcome.self_refine.unwrap().changed);

    let plan = RefinePlan { mode: RefineMode::Critique(critique), ..RefinePlan::default() };
    let outcome = self::runner(&[&ada]).refine("Write.", plan).await.unwrap();
    assert_eq!((outcome.status, outcome.answer.trim()), (Status::Refined, better.trim()));
}

fn steps() -> PipelinePlan {
    let sample = StepKind::Sample(SamplingPlan { num_samples: 2, ..SamplingPlan::default() });
    PipelinePlan { steps: vec![sample.into(), StepKind::Refine(RefinePlan::default()).into()] }
}

fn priced(request: &ProviderRequest, text: &str) -> Action {
    let usage = Usage { input_tokens: Some(10), output_tokens: Some(5), ..Usage::default() };
    let text = if request.role() == Role::Score { "7" } else { text };
    Action::Reply(Reply { usage, ..text.into() })
}

#[tokio::test(start_paused = true)]
async fn a_pipeline_has_one_budget_and_one_cost() {
    let ada = Scripted::new("ada", |request| priced(request, "a text"));
    let outcome = runner(&[&ada]).pipe("Write.", steps()).await.unwrap();
    let cost = outcome.cost();
    assert_eq!(outcome.body.steps.len(), 2);
    assert_eq!(cost.calls, cost.steps.iter().map(|step| step.calls).sum::<u64>());
    assert_eq!(cost.usage.input_tokens, Some(10 * cost.calls));

    let outcome = spent(runner(&[&ada]), 3).pipe("Write.", steps()).await.unwrap();
    assert_eq!((outcome.status, outcome.answer.as_str()), (Status::BudgetExhausted, "a text"));
    assert_eq!((outcome.cost().attempts, outcome.cost().usage.output_tokens), (3, Some(15)));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_later_step_carries_the_cost_of_all_and_the_text_so_far() {
    let failing = Scripted::new("ada", |request| match request.role() {
        Role::Score => Action::Fail(ProviderError::new(FailureClass::Billing, "no credit")),
        _ => priced(request, "a text"),
    });
    let error = runner(&[&failing]).pipe("Write.", steps()).await.unwrap_err();
    assert_eq!((error.cost().calls, error.cost().usage.input_tokens, error.cost().steps.len()), (3, Some(20), 2));
    let EngineError::Failed(finished) = error else { panic!("{error}") };
    assert_eq!(finished.outcome.answer.as_deref(), Some("a text"));
}

#[test]
fn helpers_are_at_hand() {
    assert_eq!(personas().len(), 7);
    assert_eq!(persona("judge").map(|one| one.id.as_str()), Some("judge"));
    assert_eq!(refinery_core::consensus_score(&[95.0, 5.0]), 28);
    let said = [(ModelId::new("a"), 90.0), (ModelId::new("b"), 60.0), (ModelId::new("c"), 75.0)];
    let apart = detect_disagreements(refinery_core::ids::Round::FIRST, &said, 20.0, |_| None);
    assert_eq!(apart.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["r1-a-b"]);
    assert!(refinery_core::converged_refine("a text", "A text", 1));
    assert_eq!(extract_json("so: {\"a\": 1}").unwrap()["a"], 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_part_is_told() {
    let error = Runner::new(Vec::new()).sample("why?", SamplingPlan::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "no participants: there is no provider");
}
