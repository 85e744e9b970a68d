//! What several steps do: scripts, and what holds for every run.

use crate::support::room::{failure, text};
use crate::support::simulate::{Played, cut, hash, material, members, play, play_in_order};
use proptest::prelude::*;
use refinery_core::event::{EventKind, TextEvent};
use refinery_core::exchange::{CallSpec, Reply, Role, Tuning};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::{Body, PipelineBody, Status};
use refinery_core::protocol::ProtocolSettings;
use refinery_core::protocol::consensus::{ConsensusPlan, ReviewMode};
use refinery_core::protocol::debate::{DebatePlan, Judge, built_in};
use refinery_core::protocol::pipeline::{Feed, Pipeline, PipelinePlan, StepKind, StepPlan};
use refinery_core::protocol::refine::{CritiquePlan, RefineMode, RefinePlan, ScorePlan};
use refinery_core::protocol::sampling::{EarlyStop, SamplingPlan};

fn sample(num_samples: u32) -> StepPlan {
    step(StepKind::Sample(SamplingPlan { num_samples, ..SamplingPlan::default() }))
}

fn refine(mode: RefineMode) -> StepPlan {
    let tuning = Tuning::default();
    step(StepKind::Refine(RefinePlan { peer_judge: false, author: None, judge: None, draft: None, mode, tuning }))
}

fn score() -> StepPlan {
    refine(RefineMode::Score(ScorePlan { max_iterations: 1, ..ScorePlan::default() }))
}

fn consensus(max_rounds: u32) -> StepPlan {
    step(StepKind::Consensus(ConsensusPlan {
        threshold: 8.0,
        max_rounds,
        stability_rounds: 1,
        review: ReviewMode::Pairwise,
        stepped: false,
        tuning: Tuning::default(),
        ..ConsensusPlan::default()
    }))
}

fn debate(rounds: u32) -> StepPlan {
    let persona = |id: &str| built_in().iter().find(|persona| persona.id == id).unwrap().clone();
    let personas = vec![persona("pessimist"), persona("domain-expert")];
    let judge = Some(Judge { participant: ParticipantId::new("cy"), persona: persona("judge") });
    step(StepKind::Debate(Box::new(DebatePlan { rounds, personas, judge, ..DebatePlan::default() })))
}

fn step(kind: StepKind) -> StepPlan {
    StepPlan { kind, condition: None, feed: Feed::Value }
}

fn only_if(condition: &str, step: StepPlan) -> StepPlan {
    StepPlan { condition: Some(condition.parse().unwrap()), ..step }
}

const NAMES: [&str; 2] = ["ada", "bob"];

pub fn pipeline(steps: &[StepPlan]) -> Pipeline {
    Pipeline::new(PipelinePlan { steps: steps.to_vec() }, members(&NAMES), members(&["cy"]), material("How high?"))
}

fn body(done: &Played) -> &PipelineBody {
    let Body::Pipe(body) = &done.outcome.body else { panic!("{:?}", done.outcome) };
    body
}

/// Samples that agree, a judge that is content with the first rewrite, reviews of 9.
pub fn content(spec: &CallSpec) -> Result<Reply, CallFailure> {
    match spec.role {
        Role::Sample => text("sampled"),
        Role::Score => text(if spec.round.get() == 1 { "7" } else { "9.5" }),
        Role::Evaluate => text(r#"{"score": 9}"#),
        Role::Critique => text("<critique>c</critique><revised>a whole rewritten text</revised>"),
        _ => text(format!("written in {}", spec.id)),
    }
}

#[test]
fn a_text_is_sampled_and_then_refined_beside_the_question() {
    let done = play(pipeline(&[sample(3), score()]), &content);
    assert_eq!(
        done.ids(),
        [
            "step1/r1/sample/1",
            "step1/r1/sample/2",
            "step1/r1/sample/3",
            "step2/r1/score/ada",
            "step2/r2/refine/ada",
            "step2/r2/score/ada"
        ]
    );
    let judged = done.call("step2/r1/score/ada").prompt.to_string();
    assert!(judged.contains("How high?") && judged.contains("sampled"), "{judged}");
    assert_eq!(done.outcome.status, Status::TargetReached);
    assert_eq!(done.outcome.answer.as_deref(), Some("written in step2/r2/refine/ada"));
    let statuses: Vec<_> = body(&done).steps.iter().map(|step| step.outcome.as_ref().unwrap().status).collect();
    assert_eq!(statuses, [Status::Agreed, Status::TargetReached]);
    assert_eq!(body(&done).author, Some(ParticipantId::new("ada")));
}

#[test]
fn whoever_wrote_the_text_improves_it() {
    let reply = |spec: &CallSpec| match (spec.role, spec.to.as_str()) {
        (Role::Sample, "ada") => failure(FailureClass::TimedOut),
        _ => content(spec),
    };
    let done = play(pipeline(&[sample(2), score()]), &reply);
    assert_eq!(done.call("step2/r2/refine/bob").role, Role::Refine);
    let judged = RefinePlan {
        peer_judge: false,
        author: None,
        judge: Some(ParticipantId::new("cy")),
        draft: None,
        mode: RefineMode::Critique(CritiquePlan { verify: true, min_bytes: 0, ..CritiquePlan::default() }),
        tuning: Tuning::default(),
    };
    let done = play(pipeline(&[sample(2), step(StepKind::Refine(judged))]), &reply);
    assert!(done.ids().contains(&"step2/r1/score/cy/draft"), "{:?}", done.ids());
}

#[test]
fn a_step_that_is_not_needed_is_left_out() {
    let steps = [sample(3), only_if("agreement < 0.95", score())];
    let done = play(pipeline(&steps), &content);
    assert_eq!(
        (done.calls.len(), done.outcome.status, done.outcome.answer.as_deref()),
        (3, Status::Agreed, Some("sampled"))
    );
    assert_eq!(body(&done).steps[1].skipped.as_deref(), Some("`agreement < 0.95` does not hold"));
    let split = |spec: &CallSpec| if spec.role == Role::Sample { text(spec.id.as_str()) } else { content(spec) };
    let done = play(pipeline(&steps), &split);
    assert_eq!((done.outcome.status, body(&done).steps[1].skipped.as_deref()), (Status::TargetReached, None));
    // What a step that was left out would have said is not known.
    let steps = [sample(3), only_if("agreement < 0.95", score()), only_if("score < 1", score())];
    let done = play(pipeline(&steps), &content);
    assert_eq!(body(&done).steps[2].skipped.as_deref(), Some("`score` is not known"));
}

#[test]
fn a_condition_keeps_the_samples_from_ending_before_it_is_settled() {
    let early = SamplingPlan { num_samples: 5, early_stop: Some(EarlyStop::Certain), ..SamplingPlan::default() };
    let steps = |condition| [step(StepKind::Sample(early.clone())), only_if(condition, score())];
    let calls = |condition| {
        let done = play(pipeline(&steps(condition)), &content);
        done.ids().iter().filter(|id| id.contains("/sample/")).count()
    };
    assert_eq!((calls("agreement < 0.5"), calls("agreement < 0.75"), calls("agreement < 0.95")), (3, 4, 5));
    assert_eq!(calls("unique > 1"), 3);
}

#[test]
fn a_result_is_material_for_a_room_or_the_next_prompt() {
    let done = play(pipeline(&[sample(1), consensus(1)]), &content);
    let proposed = done.call("step2/r1/propose/bob").prompt.to_string();
    assert!(proposed.contains("How high?") && proposed.contains("path=\"result of step1\">\nsampled"), "{proposed}");
    assert_eq!(done.outcome.status, Status::Converged);
    let fed = StepPlan { feed: Feed::Prompt, ..sample(1) };
    let done = play(pipeline(&[consensus(1), fed]), &content);
    assert_eq!(done.call("step2/r1/sample/1").prompt.to_string(), "written in step1/r1/propose/ada");
}

#[test]
fn a_step_without_an_answer_ends_the_run_and_a_gate_that_is_missed_does_not() {
    let gated = step(StepKind::Sample(SamplingPlan { min_agreement: Some(1.0), ..SamplingPlan::default() }));
    let split = |spec: &CallSpec| if spec.role == Role::Sample { text(spec.id.as_str()) } else { content(spec) };
    let done = play(pipeline(&[gated.clone(), score()]), &split);
    assert_eq!(done.outcome.status, Status::TargetReached);
    let done = play(pipeline(&[gated, score()]), &|_| failure(FailureClass::TimedOut));
    assert_eq!((done.outcome.status, body(&done).steps.len()), (Status::InsufficientModels, 1));
    let dies = |spec: &CallSpec| if spec.role == Role::Score { failure(FailureClass::Billing) } else { content(spec) };
    let done = play(pipeline(&[sample(1), score(), sample(1)]), &dies);
    assert_eq!((done.outcome.status, done.outcome.answer.as_deref()), (Status::Error, Some("sampled")));
}

fn any_step() -> impl Strategy<Value = StepPlan> {
    let critique = CritiquePlan { min_bytes: 0, verify: true, max_passes: 2, ..CritiquePlan::default() };
    let kinds = prop_oneof![
        (1u32..5).prop_map(sample),
        Just(score()),
        Just(refine(RefineMode::Critique(critique))),
        (1u32..3).prop_map(consensus),
        (1u32..4).prop_map(debate),
    ];
    (kinds, any::<bool>())
        .prop_map(|(step, prompt)| StepPlan { feed: if prompt { Feed::Prompt } else { Feed::Value }, ..step })
}

/// Steps, some of them under a condition that the step before can answer.
pub fn any_steps() -> impl Strategy<Value = Vec<StepPlan>> {
    proptest::collection::vec((any_step(), any::<bool>()), 1..4).prop_map(|steps| {
        let mut all: Vec<StepPlan> = Vec::new();
        for (step, bound) in steps {
            let field = all.last().filter(|_| bound).map(|before| before.kind.settings().fields()[0]);
            all.push(match field {
                Some(field) => only_if(&format!("{field} < 0.8"), step),
                None => step,
            });
        }
        all
    })
}

pub fn shaky(seed: u64, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let drawn = hash(seed, &[spec.id.as_str()]);
    match drawn % 12 {
        0 => failure(FailureClass::ALL[usize::try_from(drawn / 12 % 25).unwrap()]),
        1 => text("nothing of use"),
        2 if spec.role == Role::Sample => text(spec.id.as_str()),
        _ => content(spec),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_arrival_leads_to_the_same_outcome(steps in any_steps(), seed in any::<u64>(), order in any::<u64>()) {
        // Nobody is lost here: whom a room loses first may depend on what comes first.
        let reply = |spec: &CallSpec| match hash(seed, &[spec.id.as_str()]) % 6 {
            0 => failure(FailureClass::TimedOut),
            _ => content(spec),
        };
        let first = play(pipeline(&steps), &reply);
        let other = play_in_order(pipeline(&steps), &reply, order);
        prop_assert_eq!(first.outcome.status, other.outcome.status);
        prop_assert_eq!(&first.outcome.answer, &other.outcome.answer);
    }

    #[test]
    fn any_replies_end_in_an_outcome_within_the_estimate(steps in any_steps(), seed in any::<u64>(), order in any::<u64>()) {
        let done = play_in_order(pipeline(&steps), &|spec| shaky(seed, spec), order);
        let most = PipelinePlan { steps }.estimate(NAMES.len());
        prop_assert!(done.plain_calls() <= most.total, "{:?}", done.ids());
        prop_assert!(done.all_calls() <= most.total_with_repairs);
        for call in &done.calls {
            prop_assert!(call.id.scope().is_some_and(|scope| scope.starts_with("step")), "{}", call.id);
        }
        let ended = done.events.iter().filter(|event| matches!(event, EventKind::Text(TextEvent::StepEnded { .. }))).count();
        prop_assert_eq!(ended, body(&done).steps.iter().filter(|step| step.outcome.is_some()).count());
    }

    #[test]
    fn any_cut_concludes_with_what_there_was(steps in any_steps(), seed in any::<u64>(), order in any::<u64>(), stop in 0usize..20) {
        if let Some(part) = cut(pipeline(&steps), &|spec| shaky(seed, spec), order, stop) {
            let answered = body(&part).steps.iter().any(|step| step.outcome.as_ref().is_some_and(|end| end.answer.is_some()));
            prop_assert_eq!(part.outcome.answer.is_some(), answered);
        }
    }
}

/// One failure that passes, one that lasts and one of every other class in turn, at every call of a run,
/// one at a time: it ends, and what there was is not lost. (Each step by itself meets all classes.)
#[test]
fn no_single_failure_wedges_a_run() {
    let critique = CritiquePlan { min_bytes: 0, ..CritiquePlan::default() };
    let steps = [sample(3), consensus(2), debate(2), score(), refine(RefineMode::Critique(critique))];
    let whole = play(pipeline(&steps), &content);
    for (at, victim) in whole.calls.iter().enumerate() {
        let in_turn = FailureClass::ALL[at % FailureClass::ALL.len()];
        for class in [FailureClass::TimedOut, FailureClass::Billing, in_turn] {
            let done = play(pipeline(&steps), &|spec: &CallSpec| {
                if spec.id == victim.id { failure(class) } else { content(spec) }
            });
            assert!(done.outcome.answer.is_some(), "{}: {class}", victim.id);
        }
    }
}
