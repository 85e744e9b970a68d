//! Functions of a caller's between the steps of a pipeline.

use crate::support::scripted_providers::{Action, Scripted, providers};
use refinery_core::{
    Budget, Ceiling, EngineError, FailureClass, Link, ProviderError, RefinePlan, Reply, Role, RunSettings, Runner,
    SamplingPlan, Status, StepKind, Usage,
};
use std::sync::Arc;

fn sample() -> Link {
    StepKind::Sample(SamplingPlan { num_samples: 1, ..SamplingPlan::default() }).into()
}

fn upper() -> Link {
    Link::function("upper", |text: String| async move { Ok(text.to_uppercase()) })
}

fn ada() -> Arc<Scripted> {
    Scripted::new("ada", |request| {
        let usage = Usage { input_tokens: Some(10), output_tokens: Some(5), ..Usage::default() };
        let text = if request.role() == Role::Score { "9.5" } else { "a text" };
        Action::Reply(Reply { usage, ..text.into() })
    })
}

fn runner(ada: &Arc<Scripted>, calls: u64) -> Runner {
    let budget = Budget { calls: Ceiling::AtMost(calls), ..Budget::default() };
    Runner::new(providers(&[ada])).settings(RunSettings { retries: 0, budget, ..RunSettings::default() })
}

#[tokio::test(start_paused = true)]
async fn a_function_stands_between_steps_and_hands_its_text_on() {
    let ada = ada();
    let refine = StepKind::Refine(RefinePlan::default());
    let outcome = runner(&ada, 9).chain("Write.", [sample(), upper(), refine.into()]).await.unwrap();
    assert_eq!((outcome.status, outcome.answer.as_str()), (Status::TargetReached, "A TEXT"));
    assert_eq!((outcome.runs.len(), outcome.cost.calls, outcome.cost.usage.input_tokens), (2, 2, Some(20)));
    // Every other step gets it beside the question.
    runner(&ada, 9).chain("Write.", [sample(), upper(), sample()]).await.unwrap();
    assert!(ada.asked().last().unwrap().1.contains("A TEXT"));
    // A function that comes first is given the question.
    let outcome = runner(&ada, 9).chain("Write.", [upper()]).await.unwrap();
    assert_eq!((outcome.answer.as_str(), outcome.cost.calls), ("WRITE.", 0));
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_that_of_all_and_a_function_that_fails_keeps_the_text_before_it() {
    let ada = ada();
    let outcome = runner(&ada, 1).chain("Write.", [sample(), upper(), sample()]).await;
    let Err(EngineError::Failed(finished)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(finished.outcome.status, Status::BudgetExhausted);
    let fails =
        Link::function("lint", |_: String| async { Err(ProviderError::new(FailureClass::Crashed, "no linter")) });
    let outcome = runner(&ada, 9).chain("Write.", [sample(), fails, sample()]).await.unwrap();
    assert_eq!((outcome.status, outcome.answer.as_str(), outcome.cost.calls), (Status::Error, "a text", 1));
    assert_eq!(outcome.failed.map(|(name, error)| (name, error.to_string())).unwrap().0, "lint");
    let error = runner(&ada, 9).chain("Write.", []).await.unwrap_err();
    assert_eq!(error.to_string(), "a chain needs a link");
}
