//! What holds for every consensus run: any order of arrival, any failure, any cut.

use crate::support::room::{
    self, Drive, MARKS, Transcript, answer, consensus, failure, nameless, participant, plan, run, text,
};
use proptest::prelude::*;
use refinery_core::exchange::{CallSpec, Reply, Role};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::{Outcome, Status};
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::consensus::{
    ClosedRound, ClosingDecision, ClosingStrategy, Consensus, ConsensusPlan, ReviewMode, VoteThreshold,
};
use refinery_core::protocol::{RoundOverrides, RoundReport};
use std::collections::BTreeMap;

/// A number that only its arguments decide.
fn hash(seed: u64, words: &[&str]) -> u64 {
    words.iter().flat_map(|word| word.bytes().chain([0])).fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        let hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        hash ^ (hash >> 29)
    })
}

/// Scores in halves from 5 to 10, by (round, reviewer, author) alone: close enough for real races.
fn scores(seed: u64) -> impl Fn(u32, usize, usize) -> f64 {
    move |round, reviewer, author| {
        // With some seeds authors differ much, so that some of them cannot win early.
        let spread = hash(seed, &["spread", MARKS[author]]) % (1 + seed % 9);
        let drawn = hash(seed, &["score", &round.to_string(), MARKS[reviewer], MARKS[author]]) % 11;
        (5.0 + f64::from(u32::try_from(drawn).unwrap()) / 2.0 - f64::from(u32::try_from(spread).unwrap())).max(1.0)
    }
}

/// A participant that fails now and then, by the id of the call alone, and never for good.
pub fn shaky(seed: u64, spec: &CallSpec) -> Result<Reply, CallFailure> {
    const PASSING: [FailureClass; 6] = [
        FailureClass::TimedOut,
        FailureClass::Crashed,
        FailureClass::Empty,
        FailureClass::Malformed,
        FailureClass::Declined,
        FailureClass::Overloaded,
    ];
    let drawn = hash(seed, &["luck", spec.id.as_str()]);
    match drawn % 20 {
        0 | 1 => failure(PASSING[usize::try_from(drawn / 20 % 6).unwrap()]),
        2 if spec.role == Role::Evaluate => text("Sorry, no JSON today."),
        3 => text("   "),
        _ => participant(spec, &scores(seed)),
    }
}

/// The same rule without bounds: nothing starts early, nothing ends early.
struct Patient(VoteThreshold);

impl ClosingStrategy for Patient {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision {
        self.0.close(round)
    }
}

fn patient(plan: &ConsensusPlan, count: usize) -> Consensus {
    let rule = VoteThreshold::new(plan.threshold, plan.stability_rounds);
    Consensus::new(plan.clone(), room::members(count), room::material(), Box::new(Patient(rule)))
}

fn drive(
    protocol: Consensus,
    reply: &dyn Fn(&CallSpec) -> Result<Reply, CallFailure>,
    order: u64,
    cut: usize,
) -> Option<Transcript> {
    let mut step = 0_u64;
    let mut next = |live: &[CallSpec]| {
        step += 1;
        // Some orders are first come, first served, some the reverse, most are wild.
        match order % 8 {
            0 => 0,
            1 => live.len() - 1,
            _ => usize::try_from(hash(order, &[&step.to_string()]) % 1_000_003).unwrap(),
        }
    };
    Drive { reply, next: &mut next, word: &|_: &RoundReport| RoundOverrides::default(), cut }.run(protocol)
}

/// What must be the same even where calls were given up: other answers may have fewer scores then.
fn essence(done: &Transcript) -> (Status, Option<String>, u32, String) {
    let body = done.body();
    let verdict = (&body.winner, body.answer_round, &body.tied_with, body.contested, &body.dissent);
    (done.outcome.status, done.outcome.answer.clone(), body.final_round, format!("{verdict:?}"))
}

fn prompts(done: &Transcript) -> BTreeMap<String, String> {
    done.calls.iter().map(|call| (call.id.to_string(), call.prompt.to_string())).collect()
}

/// Whether both runs asked the same: every call that both made, and the same calls, unless the run
/// ended before it had to make them all.
fn asked_alike(one: &Transcript, other: &Transcript) -> Result<(), TestCaseError> {
    let (asked, others) = (prompts(one), prompts(other));
    for (id, prompt) in &asked {
        prop_assert!(others.get(id).is_none_or(|there| there == prompt), "{} differs", id);
    }
    if one.outcome.status != Status::InsufficientModels && one.abandoned.is_empty() && other.abandoned.is_empty() {
        prop_assert_eq!(asked.keys().collect::<Vec<_>>(), others.keys().collect::<Vec<_>>());
    }
    Ok(())
}

pub fn settings() -> impl Strategy<Value = (ConsensusPlan, usize)> {
    let halves = 12u32..=20;
    (1u32..=5, 1u32..=3, halves, any::<bool>(), 2usize..=4).prop_map(|(rounds, stability, halves, batch, count)| {
        let plan = ConsensusPlan {
            threshold: f64::from(halves) / 2.0,
            stability_rounds: stability,
            review: if batch { ReviewMode::Batch } else { ReviewMode::Pairwise },
            ..plan(rounds)
        };
        (plan, count)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_leads_to_the_same_outcome(
        (plan, count) in settings(), seed in any::<u64>(), order in any::<u64>(), lucky in any::<bool>(),
    ) {
        let reply = |spec: &CallSpec| if lucky { participant(spec, &scores(seed)) } else { shaky(seed, spec) };
        let first = run(patient(&plan, count), &reply);
        let other = drive(patient(&plan, count), &reply, order, usize::MAX).unwrap();
        prop_assert_eq!(&first.outcome, &other.outcome);
        asked_alike(&first, &other)?;
        // Whoever starts early or ends early ends the same way, and asks nothing else.
        for order in [0, order] {
            let eager = drive(consensus(&plan, count), &reply, order, usize::MAX).unwrap();
            prop_assert_eq!(essence(&first), essence(&eager));
            if eager.abandoned.is_empty() {
                prop_assert_eq!(&first.outcome, &eager.outcome);
            }
            asked_alike(&first, &eager)?;
        }
    }

    #[test]
    fn a_stepped_run_without_overrides_is_a_whole_run(
        (plan, count) in settings(), seed in any::<u64>(), order in any::<u64>(),
    ) {
        let reply = |spec: &CallSpec| shaky(seed, spec);
        let whole = run(patient(&plan, count), &reply);
        let stepped = ConsensusPlan { stepped: true, ..plan };
        let steps = drive(patient(&stepped, count), &reply, order, usize::MAX).unwrap();
        prop_assert_eq!(&whole.outcome, &steps.outcome);
        asked_alike(&whole, &steps)?;
        prop_assert_eq!(steps.pauses.len(), steps.body().rounds.len());
        let eager = drive(consensus(&stepped, count), &reply, order, usize::MAX).unwrap();
        prop_assert_eq!(essence(&whole), essence(&eager));
    }

    #[test]
    fn calls_never_exceed_the_estimate(
        (plan, count) in settings(), seed in any::<u64>(), order in any::<u64>(),
    ) {
        let done = drive(consensus(&plan, count), &|spec| shaky(seed, spec), order, usize::MAX).unwrap();
        let estimate = plan.estimate(count);
        let repairs = done.ids().iter().filter(|id| id.ends_with("/repair")).count();
        prop_assert!(u64::try_from(done.calls.len()).unwrap() <= estimate.total_with_repairs);
        prop_assert!(u64::try_from(done.calls.len() - repairs).unwrap() <= estimate.total);
        let counted: u32 = done.body().rounds.iter().map(|round| round.repairs).sum();
        prop_assert!(usize::try_from(counted).unwrap() <= repairs);
    }

    #[test]
    fn any_failures_end_in_an_outcome(
        (plan, count) in settings(), seed in any::<u64>(), order in any::<u64>(), often in 1u64..=10,
    ) {
        let reply = |spec: &CallSpec| {
            let drawn = hash(seed, &["fail", spec.id.as_str()]);
            if drawn % 10 < often {
                failure(FailureClass::ALL[usize::try_from(drawn / 10 % 25).unwrap()])
            } else {
                participant(spec, &scores(seed))
            }
        };
        let done = drive(consensus(&plan, count), &reply, order, usize::MAX).unwrap();
        let answered = done.body().all_answers.len();
        prop_assert_eq!(done.outcome.answer.is_some(), answered > 0);
        prop_assert!(done.body().winner.as_ref().is_none_or(|winner| winner.participant == done.body().all_answers[0].participant));
    }

    #[test]
    fn whatever_the_cut_the_best_so_far_is_an_answer_that_was_given(
        (plan, count) in settings(), seed in any::<u64>(), order in any::<u64>(), cut in 0usize..60,
    ) {
        let reply = |spec: &CallSpec| shaky(seed, spec);
        let Some(done) = drive(consensus(&plan, count), &reply, order, cut) else {
            return Ok(());
        };
        let body = done.body();
        let Some(winner) = &body.winner else {
            prop_assert_eq!(&done.outcome.answer, &None);
            prop_assert!(body.all_answers.is_empty());
            return Ok(());
        };
        prop_assert_eq!(done.outcome.answer.as_ref(), Some(&winner.answer));
        let author = room::who(&winner.participant);
        prop_assert!((1..=6).any(|version| answer(author, version) == winner.answer));
        prop_assert_eq!(&body.all_answers[0].participant, &winner.participant);
        prop_assert_eq!(&body.all_answers[0].answer, &winner.answer);
        prop_assert_eq!(body.all_answers[0].mean_score, winner.mean_score);
        let leaders = body.rounds.iter().filter_map(|round| Some((round.leader.as_ref()?, round)));
        let means: Vec<_> = leaders.map(|(leader, round)| (leader, round.means[leader], round.round.get())).collect();
        if let (Some(round), Some(mean)) = (body.answer_round, winner.mean_score) {
            prop_assert!(means.iter().any(|(leader, ..)| **leader == winner.participant));
            let best = means.iter().map(|(_, mean, _)| *mean).fold(f64::NEG_INFINITY, f64::max);
            // Who converged won by leading last; else the best of all rounds wins, the latest of several.
            prop_assert!(done.outcome.status == Status::Converged || (mean - best).abs() < 1e-9);
            let later = means.iter().any(|(_, other, at)| *at > round && *other > mean - 1e-9);
            prop_assert!(done.outcome.status == Status::Converged || !later);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Grace periods end at drawn moments: every run ends, nobody is asked twice, and who was left behind is named.
    #[test]
    fn a_quorum_goes_on_without_the_slowest(
        (plan, count) in settings(), seed in any::<u64>(), order in any::<u64>(), quorum in 2u32..=3, lucky in any::<bool>(),
    ) {
        let hasty = ConsensusPlan { quorum: Some(quorum), ..plan };
        let reply = |spec: &CallSpec| if lucky { participant(spec, &scores(seed)) } else { shaky(seed, spec) };
        let done = drive(consensus(&hasty, count), &reply, order, usize::MAX).unwrap();
        prop_assert!(done.timers.is_empty() || usize::try_from(quorum).unwrap() < count, "somebody is slower than a quorum");
        if lucky {
            prop_assert!(done.outcome.answer.is_some());
            prop_assert!(done.outcome.status != Status::InsufficientModels);
        }
        let left = done.abandoned.iter().filter(|id| done.timers.contains(id.as_str())).count();
        let said = done.events.iter().filter(|event| format!("{event:?}").contains("left behind")).count();
        prop_assert!(said >= left && left == done.timers.len(), "{:?}", done.timers);
        // Without an ended grace period the run is the one without a quorum.
        if done.timers.is_empty() {
            let whole = drive(consensus(&ConsensusPlan { quorum: None, ..hasty }, count), &reply, order, usize::MAX).unwrap();
            prop_assert_eq!(essence(&done), essence(&whole));
        }
    }
}

/// The slowest of three, whose reviews and rewrites never come: the two others end the run, and it is named.
#[test]
fn the_slowest_is_left_behind_and_named() {
    let plan = ConsensusPlan { quorum: Some(2), stability_rounds: 1, ..plan(2) };
    let reply = |spec: &CallSpec| participant(spec, &|_, _, _| 9.0);
    let slow = |live: &[CallSpec]| live.iter().position(|spec| spec.to.as_str() != "gemini").unwrap_or(live.len());
    let mut next = slow;
    let drive = Drive { reply: &reply, next: &mut next, word: &|_| RoundOverrides::default(), cut: usize::MAX };
    let done = drive.run(consensus(&plan, 3)).unwrap();
    assert_eq!(done.outcome.status, Status::Converged);
    let dropped = &done.body().models_dropped;
    assert_eq!(dropped.iter().map(|model| model.participant.as_str()).collect::<Vec<_>>(), ["gemini"]);
    assert!(dropped[0].message.contains("left behind: no reply within 30s of a quorum of 2"), "{dropped:?}");
    assert!(!done.timers.is_empty() && done.timers.iter().all(|id| id.contains("gemini")), "{:?}", done.timers);
}

/// In the last round, reviews of who can no longer win are neither made nor waited for; a switch keeps them all.
#[test]
fn reviews_that_cannot_matter_are_not_bought() {
    let plan = ConsensusPlan { threshold: 9.5, stability_rounds: 1, ..plan(1) };
    let score = |_: u32, _: usize, author: usize| if author == 0 { 9.0 } else { 1.0 };
    let calls = |early_close: bool| {
        let plan = ConsensusPlan { early_close, ..plan.clone() };
        // Answers and reviews of the best one first.
        let mut next = |live: &[CallSpec]| {
            let first = |spec: &CallSpec| spec.role == Role::Propose || spec.id.as_str().ends_with(">claude");
            live.iter().position(first).unwrap_or(0)
        };
        let reply = |spec: &CallSpec| participant(spec, &score);
        Drive { reply: &reply, next: &mut next, word: &|_| RoundOverrides::default(), cut: usize::MAX }
            .run(consensus(&plan, 3))
            .unwrap()
    };
    let (all, needed) = (calls(false), calls(true));
    assert!(all.abandoned.is_empty());
    assert!(!needed.abandoned.is_empty(), "{:?}", needed.abandoned);
    assert_eq!(essence(&all), essence(&needed));
}

/// Every class of failure at every call of a run, one at a time: it always ends, with an answer
/// wherever anybody gave one.
#[test]
fn no_single_failure_wedges_a_run() {
    for (review, stepped) in [(ReviewMode::Pairwise, false), (ReviewMode::Pairwise, true), (ReviewMode::Batch, false)] {
        let plan = ConsensusPlan { review, stepped, threshold: 9.5, ..plan(2) };
        // Never high enough to converge, not even where a single reviewer is left.
        let drawn = scores(3);
        let low = |round: u32, reviewer: usize, author: usize| drawn(round, reviewer, author).min(9.0);
        let whole = run(consensus(&plan, 3), &|spec| nameless(spec, &low));
        for victim in whole.ids() {
            for class in FailureClass::ALL.iter().copied() {
                let reply = |spec: &CallSpec| {
                    if spec.id.as_str() == victim { failure(class) } else { nameless(spec, &low) }
                };
                let done = run(consensus(&plan, 3), &reply);
                assert_eq!(done.outcome.status, Status::MaxRoundsExceeded, "{class} at {victim}");
                assert!(done.outcome.answer.is_some(), "{class} at {victim}");
                let dropped = done.body().models_dropped.iter().any(|model| model.reason == class);
                let lasting = class.is_lasting() || class == FailureClass::ContextTooLong;
                assert_eq!(dropped, lasting, "{class} at {victim}");
            }
        }
    }
}

/// A participant that fails for good at its k-th call and ever after.
#[test]
fn no_participant_that_falls_silent_wedges_a_run() {
    for review in [ReviewMode::Pairwise, ReviewMode::Batch] {
        let plan = ConsensusPlan { review, threshold: 9.5, ..plan(3) };
        for name in ["claude", "codex", "gemini"] {
            for silent_from in 0..9 {
                for order in 0..4 {
                    let asked = std::cell::Cell::new(0);
                    let reply = |spec: &CallSpec| {
                        if spec.to == ParticipantId::new(name) {
                            asked.set(asked.get() + 1);
                            if asked.get() > silent_from {
                                return failure(FailureClass::UsageLimit);
                            }
                        }
                        nameless(spec, &scores(5))
                    };
                    let done = drive(consensus(&plan, 3), &reply, order, usize::MAX).unwrap();
                    assert!(done.outcome.answer.is_some());
                    let gone = asked.get() > silent_from;
                    assert_eq!(done.body().models_dropped.len(), usize::from(gone), "{name} {silent_from} {order}");
                }
            }
        }
    }
}

/// Seven participants and the most rounds: the longest run there is.
#[test]
fn the_longest_run_ends_within_its_estimate() {
    let plan = ConsensusPlan { threshold: 10.0, ..plan(20) };
    let reply = |spec: &CallSpec| participant(spec, &|_, _, _| 9.0);
    let done: Outcome = {
        let done = drive(consensus(&plan, 7), &reply, 3, usize::MAX).unwrap();
        assert_eq!(u64::try_from(done.calls.len()).unwrap(), plan.estimate(7).total);
        done.outcome
    };
    assert_eq!(done.status, Status::MaxRoundsExceeded);
}
