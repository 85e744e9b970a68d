//! A debate in the engine: a journal that is cut anywhere leads to the same end, and a budget is never
//! passed.

use crate::support::debate::{SYNTHESIS, debate, judged, plain, plan};
use crate::support::folds::cut_to_the_same_end;
use crate::support::room::{failure, material};
use crate::support::scripted_backends::{Action, always, bounded};
use proptest::prelude::*;
use refinery_core::engine::{Bounds, stop_channel};
use refinery_core::event::EventKind;
use refinery_core::exchange::{CallSpec, Reply};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::outcome::{Body, Status};
use refinery_core::plan::{Budget, Ceiling};
use refinery_core::protocol::Protocol;
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::debate::DebatePlan;

/// What somebody says, or fails with: the same for the same call.
fn answer(spec: &CallSpec, seed: u64) -> Result<Reply, CallFailure> {
    let drawn = spec.id.as_str().bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    match drawn % 7 {
        0 => failure(FailureClass::ALL[usize::try_from(drawn / 7 % 25).unwrap()]),
        _ => plain(spec, u32::try_from(drawn / 7 % 101).unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_that_is_cut_to_the_same_end_leads_to_the_same_end(
        count in 2usize..=5, rounds in 1u32..=5, judge in any::<bool>(), early_stop in any::<bool>(),
        seed in any::<u64>(), cut in any::<prop::sample::Index>(),
    ) {
        let plan = DebatePlan { rounds, early_stop, ..if judge { judged(count) } else { plan(count) } };
        let make = || -> Box<dyn Protocol> { Box::new(debate(&plan, material())) };
        cut_to_the_same_end(&make, &|spec| answer(spec, seed), cut)?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_calls_is_never_passed_and_what_was_said_is_kept() {
    for most in 1..=12u64 {
        let plan = DebatePlan { rounds: 3, early_stop: false, ..judged(2) };
        let whole = plan.estimate(1).total;
        // Each turn of the first of them needs two attempts.
        let slow = |number| {
            if number == 1 { Action::Fail(FailureClass::Crashed) } else { Action::Say("A.\n\nCONFIDENCE: 80") }
        };
        let scripts = vec![
            ("claude", always(slow)),
            ("codex", always(|_| Action::Say("B.\n\nCONFIDENCE: 60"))),
            ("gemini", always(|_| Action::Say(SYNTHESIS))),
        ];
        let bounds =
            Bounds { budget: Budget { calls: Ceiling::AtMost(most), ..Budget::default() }, ..Bounds::default() };
        let (_sender, stop) = stop_channel();
        let ran = bounded(Box::new(debate(&plan, material())), scripts, stop, bounds).await;
        let begun = ran.count(|kind| matches!(kind, EventKind::AttemptStarted { .. })) as u64;
        assert!(begun <= most, "{begun} of {most}");
        let Body::Debate(body) = &ran.finished.outcome.body else { panic!("{:?}", ran.finished.outcome) };
        let needed = whole + 3;
        let over = ran.finished.outcome.status == Status::BudgetExhausted;
        assert_eq!(over, most < needed, "{most} of {needed}: {:?}", ran.finished.outcome.status);
        let said = ran.count(|kind| matches!(kind, EventKind::CallSettled { failure: None, .. }));
        let kept: usize =
            body.rounds.iter().flat_map(|round| &round.responses).filter(|turn| turn.content.is_some()).count();
        assert_eq!(kept, said - usize::from(body.synthesis.is_some()), "budget of {most}");
    }
}
