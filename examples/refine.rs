//! A text that is improved until code of one's own is content with it.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod support;

use refinery_core::{Evaluation, RefineMode, RefinePlan, Runner, ScorePlan, Status};
use support::{Done, toy};

/// A release note names every one of these.
const WANTED: [&str; 3] = ["what changed", "who is affected", "what to do"];

fn complete(text: &str) -> Evaluation {
    let missing: Vec<_> = WANTED.into_iter().filter(|words| !text.contains(words)).collect();
    let there = WANTED.len() - missing.len();
    Evaluation { score: there as f64 / WANTED.len() as f64, reasons: format!("missing: {}", missing.join(", ")) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let author = toy("ada", |request| {
        let rounds = usize::try_from(request.round().get()).unwrap_or(usize::MAX);
        format!("The note says {}.", WANTED[..rounds.min(WANTED.len())].join(" and "))
    });
    let runner = Runner::new(vec![author]).evaluator(complete);
    let mode = RefineMode::Score(ScorePlan { target_score: 1.0, max_iterations: 4, ..ScorePlan::default() });
    let outcome = runner.refine("Write a release note.", RefinePlan { mode, ..RefinePlan::default() }).await?;
    println!("{} (score {:?}, {} improvements)", outcome.answer, outcome.body.score, outcome.body.iterations);
    assert_eq!(outcome.status, Status::TargetReached);
    Ok(())
}
