//! What refining a text does: scripts, and what holds for every run.

use crate::support::room::{failure, text};
use crate::support::simulate::{Played, cut, hash, material, members, play};
use proptest::prelude::*;
use refinery_core::event::{EventKind, TextEvent};
use refinery_core::exchange::{CallSpec, Effort, Reply, Role, Tuning};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::{Body, RefineBody, Status};
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::refine::{
    CritiquePlan, Refine, RefineMode, RefinePlan, ScorePlan, SelfRefine, SelfRefinePlan,
};
use refinery_core::protocol::sampling::{Sampling, SamplingPlan};

fn score_plan(score: ScorePlan, draft: Option<&str>) -> RefinePlan {
    RefinePlan {
        peer_judge: false,
        author: None,
        judge: Some(ParticipantId::new("bob")),
        draft: draft.map(Into::into),
        mode: RefineMode::Score(score),
        tuning: Tuning::default(),
    }
}

fn critique_plan(critique: CritiquePlan, draft: Option<&str>) -> RefinePlan {
    RefinePlan { mode: RefineMode::Critique(critique), ..score_plan(ScorePlan::default(), draft) }
}

pub fn refine(plan: &RefinePlan) -> Refine {
    Refine::new(plan.clone(), members(&["ada", "bob"]), material("How high is it?"), None)
}

fn body(done: &Played) -> &RefineBody {
    let Body::Refine(body) = &done.outcome.body else { panic!("{:?}", done.outcome) };
    body
}

fn round(spec: &CallSpec) -> usize {
    usize::try_from(spec.round.get()).unwrap()
}

fn score(of_ten: f64) -> Result<Reply, CallFailure> {
    text(format!(r#"{{"rationale": "it is short", "score": {of_ten}}}"#))
}

/// An author that numbers its texts, and a judge that gives these scores in turn.
fn numbered(scores: &[f64]) -> impl Fn(&CallSpec) -> Result<Reply, CallFailure> + '_ {
    move |spec| match spec.role {
        Role::Score => score(scores[round(spec) - 1]),
        _ => text(format!("text {}", round(spec))),
    }
}

fn revised(words: &str) -> Result<Reply, CallFailure> {
    text(format!("<critique>\n- it is thin\n</critique>\n<revised>\n{words}\n</revised>"))
}

#[test]
fn the_best_text_is_kept_and_worked_on() {
    let plan = score_plan(ScorePlan::default(), None);
    let done = play(refine(&plan), &numbered(&[6.0, 8.0, 7.0, 9.5]));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::TargetReached, Some("text 4")));
    assert_eq!(
        done.ids(),
        [
            "r1/draft/ada",
            "r1/score/bob",
            "r2/refine/ada",
            "r2/score/bob",
            "r3/refine/ada",
            "r3/score/bob",
            "r4/refine/ada",
            "r4/score/bob"
        ]
    );
    // The third rewrite works on the second text again, and is shown its score and reasons.
    let last = done.call("r4/refine/ada").prompt.to_string();
    assert!(last.contains("text 2") && last.contains("scored 0.80") && last.contains("it is short"), "{last}");
    assert!(!last.contains("text 3"));
    let judged = done.call("r1/score/bob").prompt.to_string();
    assert!(judged.contains("How high is it?") && judged.contains("text 1"), "the judge sees the question: {judged}");
    assert_eq!((body(&done).score, body(&done).iterations, body(&done).history.len()), (Some(0.95), 3, 4));
}

#[test]
fn a_plateau_and_the_end_of_the_iterations_return_the_best() {
    let plan = score_plan(ScorePlan { patience: 2, ..ScorePlan::default() }, Some("given"));
    let done = play(refine(&plan), &numbered(&[7.0, 7.05, 7.0, 7.0]));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Plateau, Some("text 2")));
    assert_eq!(done.ids()[0], "r1/score/bob", "a given draft is not written");
    let plan = score_plan(ScorePlan { max_iterations: 2, ..ScorePlan::default() }, Some("given"));
    let done = play(refine(&plan), &numbered(&[7.0, 5.0, 3.0]));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::MaxIterationsExceeded, Some("given")));
    assert_eq!((done.outcome.status.exit_code(), body(&done).rewritten, &body(&done).author), (2, false, &None));
    let none = score_plan(ScorePlan { max_iterations: 0, ..ScorePlan::default() }, Some("given"));
    assert_eq!(play(refine(&none), &numbered(&[7.0])).calls.len(), 1);
}

#[test]
fn a_judgement_without_a_score_is_asked_for_once_more_and_then_dropped() {
    let reply = |spec: &CallSpec| match spec.id.as_str() {
        "r1/score/bob" => text("I like it"),
        "r2/score/bob" | "r2/score/bob/repair" => text("I like it too"),
        _ => numbered(&[7.0, 0.0, 9.0])(spec),
    };
    let done = play(refine(&score_plan(ScorePlan::default(), None)), &reply);
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::TargetReached, Some("text 3")));
    let repair = done.call("r1/score/bob/repair").prompt.to_string();
    assert!(repair.contains("I like it") && repair.contains("from 0 to 10"), "{repair}");
    let scores: Vec<_> = body(&done).history.iter().map(|one| one.score).collect();
    assert_eq!(scores, [Some(0.7), None, Some(0.9)]);
    assert!(done.events.iter().any(|event| matches!(event, EventKind::Text(TextEvent::ScoreDropped { .. }))));
}

#[test]
fn whoever_is_lost_ends_the_run_with_the_best_so_far() {
    let reply = |spec: &CallSpec| match spec.id.as_str() {
        "r2/refine/ada" => failure(FailureClass::Billing),
        _ => numbered(&[7.0])(spec),
    };
    let done = play(refine(&score_plan(ScorePlan::default(), None)), &reply);
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Error, Some("text 1")));
    assert!(body(&done).failures[0].contains("billing"));
}

#[test]
fn a_critique_is_kept_beside_the_rewrite() {
    let plan = critique_plan(
        CritiquePlan { min_bytes: 0, verify: false, ..CritiquePlan::default() },
        Some("a draft of some words"),
    );
    let long = "x".repeat(200);
    let done = play(refine(&plan), &|_| revised(&long));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Refined, Some(long.as_str())));
    let call = done.call("r1/critique/ada");
    assert_eq!(call.tuning.effort, Some(Effort::Medium));
    assert_eq!(body(&done).passes[0].critique, "- it is thin");
    assert_eq!(body(&done).author, Some(ParticipantId::new("ada")));
}

#[test]
fn half_a_rewrite_never_replaces_a_text() {
    let draft = "The tag:\n```\n<revised>x</revised>\n```\nand much more to say about it, in many words.".repeat(5);
    let plan = critique_plan(CritiquePlan { min_bytes: 0, verify: false, ..CritiquePlan::default() }, Some(&draft));
    let code = |spec: &CallSpec| spec.prompt.to_string().split("<revised-").nth(1).unwrap()[..12].to_owned();
    for reply in [
        format!("<critique>\n- c\n</critique>\n<revised>\n{draft} Better.\n</revised>"),
        "<critique>\n- c\n</critique>\n<revised>\nhalf a te".to_owned(),
    ] {
        let done = play(refine(&plan), &|_| text(reply.as_str()));
        assert_eq!(
            (done.outcome.status, done.outcome.answer.as_deref()),
            (Status::NotRefined, Some(draft.as_str())),
            "{reply}"
        );
    }
    let whole = format!("{draft} Better.");
    let done = play(refine(&plan), &|spec| {
        let code = code(spec);
        text(
            format!("<critique-{code}>\n- c\n</critique-{code}>\n<revised-{code}>\n{whole}\n</revised-{code}>")
                .as_str(),
        )
    });
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Refined, Some(whole.as_str())));
    let done = play(refine(&plan), &|spec| {
        let code = code(spec);
        text(
            format!(
                "<critique-{code}>no material issues</critique-{code}><revised-{code}>unchanged-{code}</revised-{code}>"
            )
            .as_str(),
        )
    });
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Unchanged, Some(draft.as_str())));
    let long = "x".repeat(250_000);
    let plan = critique_plan(CritiquePlan { verify: false, ..CritiquePlan::default() }, Some(&long));
    let done = play(refine(&plan), &|_| panic!("who does not see all of a text is not asked to rewrite it"));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::NotRefined, Some(long.as_str())));
}

#[test]
fn a_reply_without_a_form_is_shown_only_where_that_is_asked_for() {
    let draft = "d".repeat(300);
    let talk = |accept_unstructured: bool| {
        let plan = CritiquePlan { max_passes: 3, accept_unstructured, verify: false, ..CritiquePlan::default() };
        play(refine(&critique_plan(plan, Some(&draft))), &|_| text("Sorry, I would rather talk."))
    };
    let done = talk(false);
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::NotRefined, Some(draft.as_str())));
    assert!(body(&done).passes[0].reason.is_some() && done.calls.len() == 1);
    let done = talk(true);
    assert_eq!(
        (done.outcome.status, done.outcome.answer.as_deref()),
        (Status::Refined, Some("Sorry, I would rather talk."))
    );
    assert!(body(&done).passes[0].fallback_whole_reply && done.calls.len() == 1);
    let done = play(self_refined(&plain(), &draft), &|spec| {
        if spec.role == Role::Critique { text("Sorry.") } else { text(draft.as_str()) }
    });
    assert_eq!(done.outcome.answer.as_deref(), Some(draft.as_str()));
    let refined = done.outcome.self_refine.unwrap();
    assert!(!refined.changed && refined.passes[0].reason.is_some());
    let short = critique_plan(CritiquePlan { verify: false, ..CritiquePlan::default() }, Some("short"));
    let done = play(refine(&short), &|_| panic!("nobody is asked"));
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Unchanged, Some("short")));
}

#[test]
fn a_rewrite_that_is_scored_worse_or_not_at_all_is_not_adopted() {
    let draft = "d".repeat(300);
    let plan = critique_plan(CritiquePlan { verify: true, ..CritiquePlan::default() }, Some(&draft));
    let with = |after: f64| {
        let done = play(refine(&plan), &|spec: &CallSpec| match spec.id.as_str() {
            "r1/score/bob/draft" => score(7.0),
            "r1/score/bob" => score(after),
            _ => revised(&"r".repeat(300)),
        });
        assert_eq!(done.calls.len(), 3);
        (done.outcome.status, body(&done).passes[0].adopted)
    };
    assert_eq!(with(6.9), (Status::Unchanged, false));
    assert_eq!(with(7.0), (Status::Refined, true));
    let unverified = play(refine(&plan), &|spec: &CallSpec| match spec.role {
        Role::Score => failure(FailureClass::TimedOut),
        _ => revised(&"r".repeat(300)),
    });
    assert_eq!((unverified.outcome.status, unverified.outcome.answer), (Status::Unchanged, Some(draft)));
}

pub fn plain() -> SelfRefinePlan {
    SelfRefinePlan {
        peer_judge: false,
        critique: CritiquePlan { verify: false, ..CritiquePlan::default() },
        judge: None,
        wrote: None,
        tuning: Tuning::default(),
    }
}

pub fn self_refined(plan: &SelfRefinePlan, _draft: &str) -> SelfRefine {
    let names = members(&["ada", "bob"]);
    let inner =
        Sampling::new(SamplingPlan { num_samples: 3, ..SamplingPlan::default() }, names.clone(), material("Why?"));
    SelfRefine::new(Box::new(inner), plan.clone(), names, material("Why?"))
}

#[test]
fn any_run_can_be_followed_by_a_pass_of_its_own() {
    let draft = "d".repeat(300);
    let reply = |spec: &CallSpec| match (spec.role, spec.to.as_str()) {
        (Role::Sample, "bob") => failure(FailureClass::TimedOut),
        (Role::Sample, _) => text(draft.as_str()),
        _ => revised(&"r".repeat(300)),
    };
    let done = play(self_refined(&plain(), &draft), &reply);
    assert_eq!(done.ids().last(), Some(&"self-refine/r1/critique/ada"), "the author of the answer refines it");
    assert_eq!((done.outcome.status, done.outcome.answer), (Status::Agreed, Some("r".repeat(300))));
    let refined = done.outcome.self_refine.unwrap();
    assert_eq!((refined.changed, refined.before, refined.passes.len()), (true, Some(draft.clone()), 1));
    let Body::Sample(body) = done.outcome.body else { panic!("it was sampled") };
    assert_eq!(body.winner.unwrap().answer, draft, "what was counted stays as it was");

    let named = SelfRefinePlan {
        peer_judge: false,
        critique: CritiquePlan { refiner: Some(ParticipantId::new("bob")), verify: false, ..CritiquePlan::default() },
        ..plain()
    };
    assert_eq!(play(self_refined(&named, &draft), &reply).ids().last(), Some(&"self-refine/r1/critique/bob"));
    let excluded = SelfRefinePlan {
        peer_judge: false,
        critique: CritiquePlan { exclude: vec!["Sample".to_owned()], ..CritiquePlan::default() },
        ..plain()
    };
    let done = play(self_refined(&excluded, &draft), &reply);
    assert_eq!((done.calls.len(), done.outcome.self_refine.unwrap().skipped.is_some()), (3, true));
    let nobody = play(self_refined(&plain(), &draft), &|_| failure(FailureClass::TimedOut));
    assert_eq!((nobody.outcome.status, nobody.calls.len()), (Status::InsufficientModels, 3));
}

pub fn any_plan() -> impl Strategy<Value = RefinePlan> {
    let score = (0u32..5, 1u32..4, 5u32..=10).prop_map(|(max_iterations, patience, tenths)| {
        RefineMode::Score(ScorePlan {
            target_score: f64::from(tenths) / 10.0,
            max_iterations,
            patience,
            delta: 0.01,
            max_eval_chars: None,
        })
    });
    let critique = (-1i64..4, any::<bool>(), 0u64..12).prop_map(|(max_passes, verify, min_bytes)| {
        RefineMode::Critique(CritiquePlan { max_passes, verify, min_bytes, epsilon: 1, ..CritiquePlan::default() })
    });
    (prop_oneof![score, critique], any::<bool>()).prop_map(|(mode, given)| RefinePlan {
        peer_judge: false,
        mode,
        ..score_plan(ScorePlan::default(), given.then_some("given text"))
    })
}

/// Answers of every kind, by the id of the call alone.
pub fn shaky(seed: u64, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let drawn = hash(seed, &[spec.id.as_str()]);
    let other = usize::try_from(drawn / 16 % 25).unwrap();
    match (drawn % 16, spec.role) {
        (0, _) => failure(FailureClass::TimedOut),
        (1, _) => text(" "),
        (2, _) => text("words that say nothing"),
        (3, _) => failure(FailureClass::Malformed),
        (4, _) => failure(FailureClass::ALL[other]),
        (_, Role::Score) => score(f64::from(u32::try_from(drawn / 16 % 101).unwrap()) / 10.0),
        (_, Role::Critique) => revised(&format!("rewritten in {} with {other}", spec.id)),
        _ => text(format!("written in {}", spec.id)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_replies_end_in_an_outcome_within_the_estimate(plan in any_plan(), seed in any::<u64>()) {
        let done = play(refine(&plan), &|spec| shaky(seed, spec));
        let most = plan.estimate(1);
        prop_assert!(done.plain_calls() <= most.total, "{:?}", done.ids());
        prop_assert!(done.all_calls() <= most.total_with_repairs);
        prop_assert_eq!(done.outcome.answer.is_some(), body(&done).draft.is_some());
        if let (RefineMode::Score(score), Some(best)) = (&plan.mode, body(&done).score) {
            let scores = body(&done).history.iter().filter_map(|one| one.score);
            prop_assert_eq!(scores.fold(f64::MIN, f64::max), best);
            prop_assert_eq!(done.outcome.status == Status::TargetReached, best >= score.target_score);
        }
    }

    #[test]
    fn any_cut_keeps_the_best_text_so_far(plan in any_plan(), seed in any::<u64>(), stop in 0usize..14) {
        let whole = play(refine(&plan), &|spec| shaky(seed, spec));
        match cut(refine(&plan), &|spec| shaky(seed, spec), 0, stop) {
            Some(part) => {
                prop_assert!(part.outcome.answer.is_some() || part.outcome.status == Status::Error);
                let (now, then) = (body(&part).score, body(&whole).score);
                prop_assert!(now <= then);
            }
            None => prop_assert!(plan.draft.is_none() && stop == 0),
        }
    }

    #[test]
    fn a_pass_after_a_run_only_adds_to_it(seed in any::<u64>(), passes in 1i64..4, verify in any::<bool>(), order in any::<u64>()) {
        let plan = SelfRefinePlan {
            peer_judge: false,
            critique: CritiquePlan { max_passes: passes, verify, min_bytes: 0, epsilon: 1, ..CritiquePlan::default() },
            ..plain()
        };
        let done = crate::support::simulate::play_in_order(self_refined(&plan, ""), &|spec| shaky(seed, spec), order);
        let inner = Sampling::new(SamplingPlan { num_samples: 3, ..SamplingPlan::default() }, members(&["ada", "bob"]), material("Why?"));
        let alone = play(inner, &|spec| shaky(seed, spec));
        prop_assert_eq!(done.outcome.status, alone.outcome.status);
        prop_assert_eq!(&done.outcome.body, &alone.outcome.body);
        let refined = done.outcome.self_refine.as_ref().unwrap();
        if !refined.changed {
            prop_assert_eq!(&done.outcome.answer, &alone.outcome.answer);
        }
        let sampled = SamplingPlan { num_samples: 3, ..SamplingPlan::default() }.estimate(1);
        let most = sampled.and(plan.critique.estimate());
        prop_assert!(done.all_calls() <= most.total_with_repairs && done.plain_calls() <= most.total);
    }
}

/// Every class of failure at every call of a run, one at a time: the text that there is stays.
#[test]
fn no_single_failure_wedges_a_run_or_loses_the_text() {
    let plans = [
        score_plan(ScorePlan { max_iterations: 2, target_score: 1.0, ..ScorePlan::default() }, Some("given text")),
        critique_plan(
            CritiquePlan { verify: true, max_passes: 2, min_bytes: 0, ..CritiquePlan::default() },
            Some("given text"),
        ),
    ];
    let reply = |spec: &CallSpec| match spec.role {
        Role::Score => score(7.0),
        Role::Critique => revised(&format!("{}{}", spec.id, "x".repeat(100 * round(spec)))),
        _ => text(format!("written in {}", spec.id)),
    };
    for plan in plans {
        let whole = play(refine(&plan), &reply);
        for victim in whole.ids() {
            for class in FailureClass::ALL.iter().copied() {
                let reply = |spec: &CallSpec| if spec.id.as_str() == victim { failure(class) } else { reply(spec) };
                let done = play(refine(&plan), &reply);
                assert!(done.outcome.answer.is_some(), "{class} at {victim}");
            }
        }
    }
}
