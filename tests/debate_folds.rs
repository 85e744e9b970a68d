//! A debate in the engine: a journal that is cut anywhere leads to the same end, and a budget is never
//! passed.

use crate::support::debate::{SYNTHESIS, debate, judged, plain, plan};
use crate::support::room::{failure, material};
use crate::support::toy::{Act, always, bounded};
use proptest::prelude::*;
use refinery_core::engine::{Bounds, Briefing, Effect, Entry, Record, Refolded, refold, stop_channel};
use refinery_core::event::{Event, EventKind};
use refinery_core::exchange::{CallSpec, Reply};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::RunId;
use refinery_core::outcome::{Body, Outcome, Status};
use refinery_core::plan::{Budget, Ceiling, estimate_debate};
use refinery_core::protocol::debate::DebatePlan;
use refinery_core::protocol::{Input, Settled};
use refinery_core::time::Timestamp;
use std::collections::VecDeque;

fn briefing() -> Briefing {
    let (run, protocol) = (RunId::new("run"), "debate".to_owned());
    Briefing { run, protocol, seed: 1, max_calls: 9, participants: Vec::new() }
}

/// What somebody says, or fails with: the same for the same call.
fn answer(spec: &CallSpec, seed: u64) -> Result<Reply, CallFailure> {
    let drawn = spec.id.as_str().bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    match drawn % 7 {
        0 => failure(FailureClass::ALL[usize::try_from(drawn / 7 % 25).unwrap()]),
        _ => plain(spec, u32::try_from(drawn / 7 % 101).unwrap()),
    }
}

/// Goes on to the end from what is outstanding; returns what was written down on the way.
fn go_on(mut refolded: Refolded<'_>, seed: u64) -> (Vec<Entry>, Outcome) {
    let mut written = Vec::new();
    let mut open: VecDeque<Effect> = refolded.outstanding.into();
    while let Some(effect) = open.pop_front() {
        let Effect::Ask(spec) = effect else { panic!("no debate asks for {effect:?}") };
        let input = Input::Settled(Settled { id: spec.id.clone(), result: answer(&spec, seed) });
        let entry = Entry { at: Timestamp(0), record: Record::Told { input } };
        written.push(entry.clone());
        open.extend(refolded.fold.apply(entry.at, entry.record));
    }
    assert!(refolded.fold.is_over(), "wedged");
    let close = Entry { at: Timestamp(0), record: Record::Closed { status: None } };
    written.push(close.clone());
    refolded.fold.apply(close.at, close.record);
    (written, refolded.fold.finish().outcome)
}

/// Folds what was written down, goes on from there, and returns what comes to be written and heard.
fn played(plan: &DebatePlan, before: Vec<Entry>, seed: u64) -> (Vec<Entry>, Outcome, Vec<Event>) {
    let mut heard = Vec::new();
    let mut listener = |event: &Event| heard.push(event.clone());
    let protocol = Box::new(debate(plan, material()));
    let refolded = refold(protocol, briefing(), Timestamp(0), before, &mut listener).unwrap();
    let (written, outcome) = go_on(refolded, seed);
    (written, outcome, heard)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_that_is_cut_anywhere_leads_to_the_same_end(
        count in 2usize..=5, rounds in 1u32..=5, judge in any::<bool>(), early_stop in any::<bool>(),
        seed in any::<u64>(), cut in any::<prop::sample::Index>(),
    ) {
        let plan = DebatePlan { rounds, early_stop, ..if judge { judged(count) } else { plan(count) } };
        let (written, outcome, heard) = played(&plan, Vec::new(), seed);
        let kept = cut.index(written.len());
        let lines: Vec<String> = written[..kept].iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        let read = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (rest, again, heard_again) = played(&plan, read, seed);
        // What is asked at once may come in another order after a cut; what follows from it may not.
        prop_assert_eq!(&again, &outcome);
        prop_assert_eq!(rest.len(), written.len() - kept);
        prop_assert_eq!(heard_again.len(), heard.len());
        let seqs: Vec<_> = heard_again.iter().map(|event| event.seq).collect();
        prop_assert_eq!(seqs, (0..heard.len() as u64).map(Some).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_calls_is_never_passed_and_what_was_said_is_kept() {
    for most in 1..=12u64 {
        let plan = DebatePlan { rounds: 3, early_stop: false, ..judged(2) };
        let whole = estimate_debate(&plan).total;
        // Each turn of the first of them needs two attempts.
        let slow =
            |number| if number == 1 { Act::Fail(FailureClass::Crashed) } else { Act::Say("A.\n\nCONFIDENCE: 80") };
        let scripts = vec![
            ("claude", always(slow)),
            ("codex", always(|_| Act::Say("B.\n\nCONFIDENCE: 60"))),
            ("gemini", always(|_| Act::Say(SYNTHESIS))),
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
