//! Several answers to one question, counted.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{EarlyStop, Runner, SamplingPlan};
use support::{Done, toy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let steady = toy("ada", |_| "42".to_owned());
    let moody = toy("bob", |request| if request.call().as_str().ends_with('2') { "41" } else { "42" }.to_owned());
    let runner = Runner::new(vec![steady, moody]);
    let plan = SamplingPlan { num_samples: 7, early_stop: Some(EarlyStop::Certain), ..SamplingPlan::default() };
    let outcome = runner.sample("What is six times seven?", plan).await?;
    println!("{} ({:?} of the samples; {} were asked)", outcome.answer, outcome.body.agreement, outcome.cost().calls);
    assert_eq!(outcome.answer, "42");
    assert!(outcome.cost().calls < 7, "no further sample can change the winner");
    Ok(())
}
