//! The answer of a run, critiqued and rewritten once.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{CritiquePlan, Role, Runner, SamplingPlan, SelfRefinePlan};
use support::{Done, toy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let author = toy("ada", |request| match request.role() {
        Role::Critique => {
            "<critique>\n- It does not say when.\n</critique>\n<revised>\nIt ships on Monday.\n</revised>".to_owned()
        }
        // Both texts are scored; the better one is kept.
        Role::Score if request.messages().iter().any(|one| one.text().contains("Monday")) => "9".to_owned(),
        Role::Score => "6".to_owned(),
        _ => "It ships soon.".to_owned(),
    });
    let critique = CritiquePlan { min_bytes: 0, ..CritiquePlan::default() };
    let runner = Runner::new(vec![author]).self_refine(SelfRefinePlan { critique, ..SelfRefinePlan::default() });
    let outcome =
        runner.sample("When does it ship?", SamplingPlan { num_samples: 1, ..SamplingPlan::default() }).await?;
    let pass = outcome.self_refine.ok_or("there was no pass")?;
    println!("{:?} became {:?}", pass.before, outcome.answer);
    assert_eq!(outcome.answer, "It ships on Monday.");
    Ok(())
}
