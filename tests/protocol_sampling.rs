//! What a sampling run does: scripts, and what holds for every one.

use crate::support::room::{failure, text};
use crate::support::simulate::{Played, cut, hash, material, members, play, play_in_order};
use proptest::prelude::*;
use refinery_core::exchange::{CallSpec, Reply, Tuning};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::outcome::{Body, SamplingBody, Status};
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::sampling::{EarlyStop, Normaliser, Sampling, SamplingPlan, Strategy as When, passes};
use refinery_core::protocol::threshold::Threshold;

pub fn sampling(plan: &SamplingPlan, names: &[&str]) -> Sampling {
    Sampling::new(plan.clone(), members(names), material("What is it?"))
}

fn body(done: &Played) -> &SamplingBody {
    let Body::Sample(body) = &done.outcome.body else { panic!("{:?}", done.outcome) };
    body
}

fn index(spec: &CallSpec) -> usize {
    spec.id.as_str().rsplit('/').next().unwrap().parse::<usize>().unwrap() - 1
}

/// Each sample's reply by its index; `!` fails, `-` is blank.
fn says<'a>(replies: &'a [&'a str]) -> impl Fn(&CallSpec) -> Result<Reply, CallFailure> + 'a {
    move |spec| match replies[index(spec)] {
        "!" => failure(FailureClass::TimedOut),
        "-" => text("  "),
        reply => text(reply),
    }
}

fn plan(samples: usize) -> SamplingPlan {
    SamplingPlan { num_samples: u32::try_from(samples).unwrap(), ..SamplingPlan::default() }
}

#[test]
fn samples_are_dealt_in_turn_and_asked_the_bare_question_all_at_once() {
    let replies = ["b", "a", "a ", "c", "a"];
    let done = play(sampling(&plan(5), &["ada", "bob"]), &says(&replies));
    assert_eq!(done.ids(), ["r1/sample/1", "r1/sample/2", "r1/sample/3", "r1/sample/4", "r1/sample/5"]);
    let dealt: Vec<_> = done.calls.iter().map(|call| call.to.as_str()).collect();
    assert_eq!(dealt, ["ada", "bob", "ada", "bob", "ada"]);
    assert!(done.calls.iter().all(|call| call.prompt.to_string() == "What is it?" && call.system.is_empty()));
    let body = body(&done);
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Agreed, Some("a")));
    assert_eq!((body.agreement_ratio, body.unique_responses, body.tie_count), (Some(0.6), 3, 1));
    assert_eq!(body.winner.as_ref().unwrap().participant.as_str(), "bob");
    assert_eq!(body.responses[0].samples, [2, 3, 5]);
}

#[test]
fn a_failed_or_blank_sample_counts_among_those_asked_for() {
    let done = play(sampling(&plan(4), &["ada"]), &says(&["!", "a", "-", "a"]));
    assert_eq!(
        (done.outcome.status, body(&done).agreement_ratio),
        (Status::NoMajority, Some(0.5)),
        "half is no majority"
    );
    assert_eq!(body(&done).samples[2].failure, Some(FailureClass::Empty));
    let unanimous = SamplingPlan { strategy: When::Unanimous, ..plan(3) };
    let done = play(sampling(&unanimous, &["ada"]), &says(&["a", "a", "!"]));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::AgreementMissed, Some("a")));
    let done = play(sampling(&unanimous, &["ada"]), &says(&["a", "a", " a"]));
    assert_eq!((done.outcome.status, body(&done).tie_count), (Status::Agreed, 0));
}

#[test]
fn nobody_answers() {
    let done = play(sampling(&plan(2), &["ada"]), &says(&["!", "!"]));
    assert_eq!((done.outcome.status, done.outcome.answer), (Status::InsufficientModels, None));
    assert_eq!(done.outcome.status.exit_code(), 3);
}

#[test]
fn the_gate_is_a_share_of_the_samples_asked_for() {
    let gated = |least| SamplingPlan { min_agreement: Some(least), ..plan(5) };
    let replies = ["a", "a", "a", "!", "b"];
    assert_eq!(play(sampling(&gated(0.6), &["ada"]), &says(&replies)).outcome.status, Status::Agreed);
    let missed = play(sampling(&gated(0.61), &["ada"]), &says(&replies));
    assert_eq!((missed.outcome.status, missed.outcome.answer.as_deref()), (Status::AgreementMissed, Some("a")));
    assert_eq!(missed.outcome.status.exit_code(), 2);
}

#[test]
fn an_early_stop_says_what_it_saved_and_what_is_not_known() {
    let early = SamplingPlan { early_stop: Some(EarlyStop::Certain), ..plan(5) };
    let done = play(sampling(&early, &["ada"]), &says(&["a", "a", "a"]));
    let body = body(&done);
    assert_eq!((done.calls.len(), done.outcome.status), (3, Status::Agreed));
    assert_eq!((body.agreement_ratio, body.agreement.least, body.agreement.most), (None, 0.6, 1.0));
    assert_eq!(body.early_stop.as_ref().map(|end| (end.reason.as_str(), end.calls_saved)), Some(("certain", 2)));
    assert!(passes(body, Threshold::at_least(0.6)) && !passes(body, Threshold { number: 0.5, op: "<".parse_op() }));
}

trait ParseOp {
    fn parse_op(&self) -> refinery_core::protocol::threshold::Op;
}

impl ParseOp for str {
    fn parse_op(&self) -> refinery_core::protocol::threshold::Op {
        refinery_core::protocol::threshold::Op::WORDS.into_iter().find(|(word, _)| *word == self).unwrap().1
    }
}

#[test]
fn whoever_is_gone_is_not_asked_again_where_that_is_known_in_time() {
    let one_by_one = SamplingPlan { sequential: true, ..plan(6) };
    let reply = |spec: &CallSpec| if spec.to.as_str() == "ada" { failure(FailureClass::Billing) } else { text("a") };
    let done = play(sampling(&one_by_one, &["ada", "bob"]), &reply);
    assert_eq!(done.ids(), ["r1/sample/1", "r1/sample/2", "r1/sample/4", "r1/sample/6"]);
    assert_eq!(body(&done).samples.iter().filter(|one| one.failure == Some(FailureClass::Billing)).count(), 3);
    assert_eq!(body(&done).agreement_ratio, Some(0.5));
}

pub fn any_plan() -> impl Strategy<Value = (SamplingPlan, usize)> {
    let early = proptest::option::of(prop_oneof![
        Just(EarlyStop::Certain),
        (51u32..99).prop_map(|percent| EarlyStop::Confident(f64::from(percent) / 100.0)),
    ]);
    let gate = proptest::option::of((0u32..=10).prop_map(|tenths| f64::from(tenths) / 10.0));
    (1usize..10, any::<bool>(), any::<bool>(), early, gate, 1usize..4).prop_map(
        |(samples, unanimous, sequential, early_stop, min_agreement, count)| {
            let strategy = if unanimous { When::Unanimous } else { When::Majority };
            let tuning = Tuning::default();
            let normaliser = Normaliser::Casefold;
            (
                SamplingPlan { strategy, sequential, early_stop, min_agreement, normaliser, tuning, ..plan(samples) },
                count,
            )
        },
    )
}

const NAMES: [&str; 3] = ["ada", "bob", "cy"];

/// Replies of few kinds, some failures, by the id of the call alone.
pub fn shaky(seed: u64, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let drawn = hash(seed, &[spec.id.as_str()]);
    match drawn % 8 {
        0 => failure([FailureClass::TimedOut, FailureClass::Declined][usize::try_from(drawn / 8 % 2).unwrap()]),
        1 => text(""),
        2 | 3 => text("B"),
        4 => text("c"),
        _ => text("a"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_leads_to_the_same_outcome(
        (plan, count) in any_plan(), seed in any::<u64>(), order in any::<u64>(),
    ) {
        let reply = |spec: &CallSpec| shaky(seed, spec);
        let first = play(sampling(&plan, &NAMES[..count]), &reply);
        let other = play_in_order(sampling(&plan, &NAMES[..count]), &reply, order);
        prop_assert_eq!(first.outcome, other.outcome);
    }

    #[test]
    fn calls_never_exceed_the_estimate(
        (plan, count) in any_plan(), seed in any::<u64>(), order in any::<u64>(),
    ) {
        let done = play_in_order(sampling(&plan, &NAMES[..count]), &|spec| shaky(seed, spec), order);
        prop_assert!(done.all_calls() <= plan.estimate(1).total);
        let saved = body(&done).early_stop.as_ref().map_or(0, |end| u64::from(end.calls_saved));
        prop_assert_eq!(done.all_calls() + saved, plan.estimate(1).total);
    }

    #[test]
    fn a_certain_early_stop_ends_as_the_whole_run_would(
        (plan, count) in any_plan(), seed in any::<u64>(),
    ) {
        let reply = |spec: &CallSpec| shaky(seed, spec);
        let early = SamplingPlan { early_stop: Some(EarlyStop::Certain), ..plan.clone() };
        let whole = SamplingPlan { early_stop: None, ..plan };
        let (early, whole) = (play(sampling(&early, &NAMES[..count]), &reply), play(sampling(&whole, &NAMES[..count]), &reply));
        prop_assert_eq!(early.outcome.status, whole.outcome.status);
        if whole.outcome.status == Status::Agreed {
            prop_assert_eq!(&early.outcome.answer, &whole.outcome.answer);
        }
        let (known, share) = (body(&whole).agreement_ratio.unwrap(), body(&early).agreement);
        prop_assert!(share.least <= known + 1e-9 && known <= share.most + 1e-9);
    }

    #[test]
    fn any_failures_end_in_an_outcome_and_any_cut_in_what_there_was(
        (plan, count) in any_plan(), seed in any::<u64>(), order in any::<u64>(), often in 1u64..=10, stop in 0usize..10,
    ) {
        let reply = |spec: &CallSpec| {
            let drawn = hash(seed, &["fail", spec.id.as_str()]);
            if drawn % 10 < often { failure(FailureClass::ALL[usize::try_from(drawn / 10 % 25).unwrap()]) } else { text("a") }
        };
        let done = play_in_order(sampling(&plan, &NAMES[..count]), &reply, order);
        let answered = body(&done).samples.iter().any(|one| one.answer.is_some());
        prop_assert_eq!(done.outcome.answer.is_some(), answered);
        if let Some(part) = cut(sampling(&plan, &NAMES[..count]), &reply, order, stop) {
            prop_assert!(part.outcome.answer.is_some() || part.outcome.status == Status::InsufficientModels);
            prop_assert!(body(&part).agreement.least <= body(&part).agreement.most);
        }
    }
}

/// Every class of failure at every call of a run, one at a time.
#[test]
fn no_single_failure_wedges_a_run() {
    for (sequential, early_stop) in [(false, None), (true, None), (false, Some(EarlyStop::Certain))] {
        let plan = SamplingPlan { sequential, early_stop, ..plan(5) };
        for victim in 0..5 {
            for class in FailureClass::ALL.iter().copied() {
                let reply = |spec: &CallSpec| if index(spec) == victim { failure(class) } else { text("a") };
                let done = play(sampling(&plan, &["ada", "bob"]), &reply);
                // Who fails for good takes its other samples along: then it can be fewer than half that say so.
                let agreed = body(&done).responses[0].votes > 2;
                let status = if agreed { Status::Agreed } else { Status::NoMajority };
                assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (status, Some("a")), "{class}");
            }
        }
    }
}
