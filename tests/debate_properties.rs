//! What holds for every debate: any order of arrival, any failure, any cut.

use crate::support::debate::{Played, debate, judged, plain, plan, play, play_until};
use crate::support::room::{failure, material, text};
use proptest::prelude::*;
use refinery_core::exchange::{CallSpec, Reply, Role};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::outcome::{Status, StopReason};
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::debate::DebatePlan;

/// A number that only its arguments decide.
fn hash(seed: u64, word: &str) -> u64 {
    word.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash ^ (hash >> 29)
    })
}

fn shaky(seed: u64, often: u64, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let drawn = hash(seed, spec.id.as_str());
    if drawn % 10 < often {
        return failure(FailureClass::ALL[usize::try_from(drawn / 10 % 25).unwrap()]);
    }
    match drawn / 10 % 12 {
        0 => text("  "),
        1 => text("I forgot to say how sure I am."),
        other => plain(spec, u32::try_from((drawn / 1000 + other) % 101).unwrap()),
    }
}

fn settings() -> impl Strategy<Value = DebatePlan> {
    (2usize..=7, 1u32..=10, any::<[bool; 4]>(), 0u32..=20).prop_map(
        |(count, rounds, [early_stop, blind, shuffle, judge], delta)| {
            let plan = if judge { judged(count.min(6)) } else { plan(count) };
            DebatePlan {
                rounds,
                early_stop,
                blind,
                shuffle,
                convergence_delta: f64::from(delta),
                min_score: Some(30.0),
                ..plan
            }
        },
    )
}

fn prompts(played: &Played) -> Vec<(String, String)> {
    let mut all: Vec<_> = played.calls.iter().map(|call| (call.id.to_string(), call.prompt.to_string())).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_leads_to_the_same_outcome(plan in settings(), seed in any::<u64>(), order in any::<u64>()) {
        let reply = |spec: &CallSpec| shaky(seed, 2, spec);
        let first = play(debate(&plan, material()), &reply);
        let mut step = 0;
        let mut wild = |_: usize| {
            step += 1;
            usize::try_from(hash(order, &step.to_string()) % 1_000_003).unwrap()
        };
        let other = play_until(debate(&plan, material()), &reply, &mut wild, usize::MAX);
        prop_assert_eq!(&first.outcome, &other.outcome);
        prop_assert_eq!(prompts(&first), prompts(&other));
    }

    #[test]
    fn any_failures_end_in_an_outcome_within_the_estimate(plan in settings(), seed in any::<u64>(), often in 0u64..=10) {
        let played = play(debate(&plan, material()), &|spec| shaky(seed, often, spec));
        prop_assert!(played.over);
        prop_assert!(u64::try_from(played.calls.len()).unwrap() <= plan.estimate(1).total);
        let body = played.body();
        prop_assert_eq!(played.outcome.answer.is_some(), !body.positions.is_empty());
        prop_assert!(body.rounds.iter().all(|round| round.complete));
        let score = body.final_score.unwrap();
        let status = played.outcome.status;
        let expected = match body.stop_reason {
            _ if body.positions.is_empty() => Status::InsufficientModels,
            StopReason::Aborted => Status::InsufficientModels,
            StopReason::MaxRounds if plan.early_stop && plan.rounds > 1 => Status::MaxRoundsExceeded,
            _ if score < 30 => Status::MinScoreMissed,
            StopReason::Converged => Status::Stable,
            StopReason::MaxRounds => Status::AllRounds,
        };
        prop_assert_eq!(status, expected);
        prop_assert_eq!(body.early_stop.is_some(), body.stop_reason == StopReason::Converged);
        let said = body.rounds.iter().flat_map(|round| &round.responses).filter(|turn| turn.content.is_some()).count();
        prop_assert!(said >= body.positions.len());
    }

    #[test]
    fn whatever_the_cut_what_was_said_is_kept(plan in settings(), seed in any::<u64>(), cut in 0usize..60) {
        let reply = |spec: &CallSpec| shaky(seed, 1, spec);
        let played = play_until(debate(&plan, material()), &reply, &mut |_| 0, cut);
        if played.over {
            return Ok(());
        }
        let body = played.body();
        prop_assert_eq!((played.outcome.status, body.stop_reason), (Status::Cancelled, StopReason::Aborted));
        prop_assert!(body.rounds.iter().rev().skip(1).all(|round| round.complete));
        prop_assert_eq!(body.rounds_completed == 0, body.final_score.is_none());
        prop_assert!(body.synthesis.is_none());
        // Every turn that settled is there, in the open round too.
        let whole = play(debate(&plan, material()), &reply);
        let turns = |played: &Played| -> Vec<_> {
            let rounds = &played.body().rounds;
            rounds.iter().flat_map(|round| round.responses.iter().map(move |turn| (round.round, turn.clone()))).collect()
        };
        let (kept, all) = (turns(&played), turns(&whole));
        prop_assert!(kept.iter().all(|turn| all.contains(turn)));
        prop_assert!(kept.len() >= cut.min(all.len()));
    }
}

/// Every class of failure at every call, one at a time: the debate always ends, with everybody's
/// position, and with a synthesis wherever the judge was not the one that failed.
#[test]
fn no_single_failure_wedges_a_debate() {
    for blind in [true, false] {
        let plan = DebatePlan { rounds: 3, early_stop: false, blind, ..judged(3) };
        let whole = play(debate(&plan, material()), &|spec| plain(spec, 60));
        for victim in whole.calls.iter().map(|call| call.id.as_str()) {
            for class in FailureClass::ALL.iter().copied() {
                let reply = |spec: &CallSpec| if spec.id.as_str() == victim { failure(class) } else { plain(spec, 60) };
                let played = play(debate(&plan, material()), &reply);
                assert_eq!(played.outcome.status, Status::AllRounds, "{class} at {victim}");
                let first = victim.starts_with("r1/argue");
                let lasting = class.is_lasting() || class == FailureClass::ContextTooLong;
                let positions = 3 - usize::from(first && lasting);
                assert_eq!(played.body().positions.len(), positions, "{class} at {victim}");
                assert_eq!(played.body().synthesis.is_none(), victim.contains("/judge/"), "{class} at {victim}");
                let gone = lasting && !victim.contains("/judge/");
                let last = victim.starts_with("r3/argue");
                assert_eq!(played.body().models_dropped.len(), usize::from(gone || last), "{class} at {victim}");
            }
        }
    }
}

#[test]
fn nobody_who_ever_answers_is_told_as_such() {
    let played = play(debate(&judged(2), material()), &|_| failure(FailureClass::TimedOut));
    assert_eq!((played.outcome.status, played.outcome.status.exit_code()), (Status::InsufficientModels, 3));
    assert_eq!((played.outcome.answer.as_deref(), played.body().rounds_completed), (None, 4));
    let names: Vec<String> =
        played.debate_events().map(|event| serde_json::to_value(event).unwrap()["event"].to_string()).collect();
    assert_eq!(names[names.len() - 2..], ["\"error\"", "\"finalResult\""]);
    assert!(played.calls.iter().all(|call| call.role == Role::Argue), "there is nothing to judge");
    // Who fails for good is not asked again, and when nobody is left, it is over.
    let played = play(debate(&plan(3), material()), &|_| failure(FailureClass::NotLoggedIn));
    assert_eq!((played.calls.len(), played.body().rounds_completed), (3, 1));
}

#[test]
fn exit_codes_follow_what_was_asked_for() {
    let end = |plan: &DebatePlan, confidence: &dyn Fn(u32) -> u32| {
        let played = play(debate(plan, material()), &|spec| plain(spec, confidence(spec.round.get())));
        (played.outcome.status.as_str(), played.outcome.status.exit_code())
    };
    let rising = |round: u32| round * 10;
    assert_eq!(end(&plan(2), &|_| 70), ("stable", 0));
    assert_eq!(end(&plan(2), &rising), ("max_rounds_exceeded", 2));
    assert_eq!(end(&DebatePlan { early_stop: false, ..plan(2) }, &rising), ("all_rounds", 0));
    assert_eq!(end(&DebatePlan { rounds: 1, ..plan(2) }, &rising), ("all_rounds", 0));
    assert_eq!(end(&DebatePlan { min_score: Some(71.0), ..plan(2) }, &|_| 70), ("min_score_missed", 2));
    assert_eq!(end(&DebatePlan { min_score: Some(70.0), ..plan(2) }, &|_| 70), ("stable", 0));
}

#[test]
fn the_estimate_is_exact_where_nothing_stops_early() {
    let plan = DebatePlan { rounds: 10, early_stop: false, ..judged(6) };
    let played = play(debate(&plan, material()), &|spec| plain(spec, 60));
    let estimate = plan.estimate(1);
    assert_eq!((u64::try_from(played.calls.len()).unwrap(), estimate.total), (61, 61));
    assert_eq!((estimate.rounds[0].calls(), estimate.rounds[9].calls()), (6, 7));
}
