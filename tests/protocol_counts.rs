//! What is said before a run holds: no replies lead to more calls than were announced, in any protocol.

use crate::support::room::{MARKS, NAMES, participant, who};
use crate::support::simulate::{hash, play_in_order};
use crate::{protocol_pipeline, protocol_properties, protocol_refine, protocol_sampling};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use refinery_core::adapter::PoolKind;
use refinery_core::engine::RunMeta;
use refinery_core::exchange::{CallSpec, Reply, Role};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::{AdapterId, ParticipantId, RunId};
use refinery_core::outcome::Outcome;
use refinery_core::plan::{Budget, Concurrency, OnLimit, Participant, Pool, ProtocolPlan, RunLimits, RunPlan};
use refinery_core::protocol::consensus::ConsensusPlan;
use refinery_core::protocol::debate::{DebatePlan, Judge, built_in};
use refinery_core::protocol::material::Material;
use refinery_core::protocol::pipeline::{PipelinePlan, StepKind, StepPlan};
use refinery_core::protocol::refine::{CritiquePlan, SelfRefinePlan};
use refinery_core::protocol::{Input, Outbox, Protocol, ProtocolSettings};
use refinery_core::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// A whole plan, as the program freezes it. The last participant takes part only where it is named.
fn run_plan(protocol: ProtocolPlan, count: usize, prompt_bytes: Option<usize>, passes: Option<i64>) -> RunPlan {
    let one = |at: usize| Participant {
        id: ParticipantId::new(NAMES[at].0),
        adapter: AdapterId::new("own"),
        model: None,
        model_id: format!("{}-9", NAMES[at].0),
        effort: None,
        pool: Pool { name: "none".into(), kind: PoolKind::None, metered: false, words: "nothing".into() },
        prices: None,
        vendor_words: Vec::new(),
        prompt_bytes: prompt_bytes.filter(|_| at == 0),
    };
    let pass = |max_passes| SelfRefinePlan {
        critique: CritiquePlan { max_passes, verify: true, min_bytes: 0, epsilon: 1, ..CritiquePlan::default() },
        ..protocol_refine::plain()
    };
    RunPlan {
        run_id: RunId::new("20261121-100500-abcdef"),
        created_at: Timestamp(0),
        protocol,
        participants: (0..=count).map(one).collect(),
        auxiliary: vec![ParticipantId::new(NAMES[count].0)],
        self_refine: passes.map(pass),
        material: Material {
            question: "How high?".into(),
            files: vec![("notes.md".into(), "a file".into())],
            nonce_root: "0".repeat(32),
            seed: 3,
        },
        limits: RunLimits {
            timeout: Duration::from_secs(1),
            first_byte_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            retries: 0,
            concurrency: Concurrency { global: 0, adapters: BTreeMap::new() },
            budget: Budget::default(),
            max_wall: None,
            on_limit: OnLimit::Drop,
        },
    }
}

/// Replies that cost as many calls as can be: what can be asked for once more is malformed the first time, in so many
/// of ten cases, and whatever is judged is never good enough. Now and then a call fails.
fn costly(seed: u64, malformed: u64, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let drawn = hash(seed, &[spec.id.as_str()]);
    let text = |text: String| Ok(Reply { text: text.into(), ..Reply::default() });
    let first = !spec.id.as_str().ends_with("/repair");
    match spec.role {
        _ if drawn / 10 % 16 < 1 && seed % 3 < 1 => Err(CallFailure::new(FailureClass::TimedOut, "as drawn")),
        Role::Evaluate | Role::Score if first && drawn % 10 < malformed => text("nothing of use".to_owned()),
        Role::Evaluate => participant(spec, &|round, _, _| f64::from(round.min(5))),
        Role::Score => text(format!(r#"{{"rationale":"r","score":{}}}"#, f64::from(spec.round.get().min(80)) / 10.0)),
        Role::Critique => text(format!("<critique>c</critique><revised>rewritten in {}</revised>", spec.id)),
        _ => text(format!("{} {} {}", MARKS[who(&spec.to)], spec.id, "x".repeat(20_000))),
    }
}

/// The machine of a plan, whichever it is.
struct Any(Box<dyn Protocol>);

impl Protocol for Any {
    fn start(&mut self, out: &mut Outbox) {
        self.0.start(out);
    }
    fn on(&mut self, input: Input, out: &mut Outbox) {
        self.0.on(input, out);
    }
    fn conclude(&self) -> Option<Outcome> {
        self.0.conclude()
    }
}

fn never_more_than_announced(plan: &RunPlan, seed: u64, malformed: u64) -> Result<(), TestCaseError> {
    let announced = RunMeta::of(plan).max_calls;
    let Ok(machine) = plan.machine() else { return Ok(()) };
    let played = play_in_order(Any(machine), &|spec| costly(seed, malformed, spec), seed);
    prop_assert!(played.all_calls() <= announced, "{} of {announced}: {:?}", played.all_calls(), played.ids());
    prop_assert!(played.plain_calls() <= announced);
    Ok(())
}

fn debate(rounds: u32, count: usize, judged: bool) -> DebatePlan {
    let persona = |id: &str| built_in().iter().find(|persona| persona.id == id).unwrap().clone();
    let judge = Judge { participant: ParticipantId::new(NAMES[count].0), persona: persona("judge") };
    let personas = vec![persona("pessimist"); count];
    DebatePlan { rounds, personas, judge: judged.then_some(judge), early_stop: false, ..DebatePlan::default() }
}

/// Steps of every kind; a judge of a debate is the auxiliary participant here.
fn steps() -> impl Strategy<Value = Vec<StepPlan>> {
    protocol_pipeline::any_steps().prop_map(|mut steps| {
        for step in &mut steps {
            if let StepKind::Debate(plan) = &mut step.kind {
                **plan = debate(plan.rounds, 2, true);
            }
        }
        // A first step with a condition never runs.
        if let [first, second, ..] = steps.as_mut_slice() {
            first.condition.clone_from(&second.condition);
        }
        steps
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn consensus((plan, count) in protocol_properties::settings(), narrow in any::<bool>(), passes in proptest::option::of(1i64..3), seed in any::<u64>(), malformed in 0u64..=10) {
        let plan = ConsensusPlan { threshold: 10.0, ..plan };
        let limit = narrow.then_some(64 * 1024);
        never_more_than_announced(&run_plan(ProtocolPlan::Consensus(plan), count, limit, passes), seed, malformed)?;
    }

    #[test]
    fn sampling((plan, count) in protocol_sampling::any_plan(), passes in proptest::option::of(1i64..3), seed in any::<u64>(), malformed in 0u64..=10) {
        never_more_than_announced(&run_plan(ProtocolPlan::Sample(plan), count, None, passes), seed, malformed)?;
    }

    #[test]
    fn refining(plan in protocol_refine::any_plan(), passes in proptest::option::of(1i64..3), seed in any::<u64>(), malformed in 0u64..=10) {
        never_more_than_announced(&run_plan(ProtocolPlan::Refine(plan), 2, None, passes), seed, malformed)?;
    }

    #[test]
    fn debates(rounds in 1u32..5, count in 2usize..5, judged in any::<bool>(), passes in proptest::option::of(1i64..3), seed in any::<u64>()) {
        let plan = ProtocolPlan::Debate(Box::new(debate(rounds, count, judged)));
        never_more_than_announced(&run_plan(plan, count, None, passes), seed, 10)?;
    }

    #[test]
    fn pipelines(steps in steps(), narrow in any::<bool>(), passes in proptest::option::of(1i64..3), seed in any::<u64>(), malformed in 0u64..=10) {
        let plan = ProtocolPlan::Pipe(PipelinePlan { steps });
        never_more_than_announced(&run_plan(plan, 2, narrow.then_some(64 * 1024), passes), seed, malformed)?;
    }
}

/// The number is the honest maximum, not any number that is large enough: it can be reached.
#[test]
fn the_announced_number_can_be_reached() {
    use refinery_core::protocol::consensus::ReviewMode;
    for (review, limit) in [(ReviewMode::Pairwise, None), (ReviewMode::Batch, None)] {
        let plan = ConsensusPlan { threshold: 10.0, max_rounds: 3, review, ..ConsensusPlan::default() };
        let plan = run_plan(ProtocolPlan::Consensus(plan), 3, limit, None);
        let played = play_in_order(Any(plan.machine().unwrap()), &|spec| costly(1, 10, spec), 0);
        assert_eq!(played.all_calls(), RunMeta::of(&plan).max_calls, "{review:?}");
    }
    let plan = ConsensusPlan { review: ReviewMode::Batch, max_rounds: 2, ..ConsensusPlan::default() };
    let whole = plan.estimate(3);
    assert_eq!((whole.rounds[0].calls(), whole.total_with_repairs), (9, 18));
    assert_eq!(RunMeta::of(&run_plan(ProtocolPlan::Consensus(plan), 3, Some(64 * 1024), None)).max_calls, 30);
}
