//! Samples, then an improvement of the winner where they do not agree, on one budget.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{
    Budget, Ceiling, PipelinePlan, RefinePlan, Role, RunSettings, Runner, SamplingPlan, Status, StepKind, StepPlan,
};
use support::{Done, toy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let author = || {
        toy("ada", |request| match request.role() {
            Role::Score => r#"{"score": 9.5, "rationale": "clear"}"#.to_owned(),
            _ => format!("A summary, by {}.", request.call()),
        })
    };
    let samples = StepKind::Sample(SamplingPlan { num_samples: 3, ..SamplingPlan::default() });
    let polish =
        StepPlan { condition: Some("agreement < 0.95".parse()?), ..StepKind::Refine(RefinePlan::default()).into() };
    let plan = PipelinePlan { steps: vec![samples.into(), polish] };
    let budget = |calls| {
        let budget = Budget { calls: Ceiling::AtMost(calls), ..Budget::default() };
        RunSettings { budget, ..RunSettings::default() }
    };

    let outcome = Runner::new(vec![author()]).settings(budget(20)).pipe("Summarise.", plan.clone()).await?;
    println!("{} ({})", outcome.answer, outcome.status.as_str());
    for step in outcome.cost().steps {
        println!("{}: {} calls", step.step, step.calls);
    }
    assert_eq!(outcome.status, Status::TargetReached);

    let outcome = Runner::new(vec![author()]).settings(budget(2)).pipe("Summarise.", plan).await?;
    println!("with 2 calls: {} ({})", outcome.answer, outcome.status.as_str());
    assert_eq!(outcome.status, Status::BudgetExhausted);
    Ok(())
}
