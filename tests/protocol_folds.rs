//! Every protocol in the engine's fold: a record that is cut anywhere leads to the same end, and a record
//! that is told once more says the same, bit for bit. (Debates: `debate_folds`.)

use crate::support::folds::{cut_anywhere, cut_to_the_same_end};
use crate::support::room::{self, failure};
use crate::support::simulate::hash;
use crate::{protocol_pipeline, protocol_properties, protocol_refine, protocol_sampling};
use proptest::prelude::*;
use proptest::sample::Index;
use refinery_core::exchange::{CallSpec, Reply};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::outcome::{Body, Outcome};
use refinery_core::protocol::Protocol;
use refinery_core::protocol::consensus::{Consensus, VoteThreshold};
use refinery_core::protocol::refine::{CritiquePlan, SelfRefinePlan};

/// What `answer` says, but that some calls time out. Nobody is lost for good: whom a room loses first may
/// depend on what comes first.
fn hesitant(
    seed: u64,
    answer: impl Fn(&CallSpec) -> Result<Reply, CallFailure>,
) -> impl Fn(&CallSpec) -> Result<Reply, CallFailure> {
    move |spec| match hash(seed, &[spec.id.as_str(), "late"]) % 7 {
        0 => failure(FailureClass::TimedOut),
        _ => answer(spec),
    }
}

/// What must be the same even where calls are given up as soon as they can change nothing.
fn essence(outcome: &Outcome) -> String {
    let Body::Consensus(body) = &outcome.body else { panic!("{:?}", outcome.body) };
    format!("{:?} {:?} {} {:?} {:?}", outcome.status, outcome.answer, body.final_round, body.winner, body.dissent)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn consensus((plan, count) in protocol_properties::settings(), seed in any::<u64>(), cut in any::<Index>()) {
        let make = || -> Box<dyn Protocol> {
            let rule = VoteThreshold::new(plan.threshold, plan.stability_rounds);
            Box::new(Consensus::new(plan.clone(), room::members(count), room::material(), Box::new(rule)))
        };
        let (whole, again) = cut_anywhere(&make, &|spec| protocol_properties::shaky(seed, spec), cut)?;
        prop_assert_eq!(essence(&again.outcome), essence(&whole.outcome));
    }

    #[test]
    fn sampling((plan, count) in protocol_sampling::any_plan(), seed in any::<u64>(), cut in any::<Index>()) {
        let names = &["ada", "bob", "cy"][..count];
        let make = || -> Box<dyn Protocol> { Box::new(protocol_sampling::sampling(&plan, names)) };
        cut_to_the_same_end(&make, &|spec| protocol_sampling::shaky(seed, spec), cut)?;
    }

    #[test]
    fn refining(plan in protocol_refine::any_plan(), seed in any::<u64>(), cut in any::<Index>()) {
        let make = || -> Box<dyn Protocol> { Box::new(protocol_refine::refine(&plan)) };
        cut_to_the_same_end(&make, &|spec| protocol_refine::shaky(seed, spec), cut)?;
    }

    #[test]
    fn a_pass_after_a_run(passes in 1i64..4, verify in any::<bool>(), seed in any::<u64>(), cut in any::<Index>()) {
        let critique = CritiquePlan { max_passes: passes, verify, min_bytes: 0, epsilon: 1, ..CritiquePlan::default() };
        let plan = SelfRefinePlan { peer_judge: false, critique, ..protocol_refine::plain() };
        let make = || -> Box<dyn Protocol> { Box::new(protocol_refine::self_refined(&plan, "")) };
        cut_to_the_same_end(&make, &|spec| protocol_refine::shaky(seed, spec), cut)?;
    }

    #[test]
    fn pipelines(steps in protocol_pipeline::any_steps(), seed in any::<u64>(), cut in any::<Index>()) {
        let make = || -> Box<dyn Protocol> { Box::new(protocol_pipeline::pipeline(&steps)) };
        let (whole, again) = cut_anywhere(&make, &hesitant(seed, protocol_pipeline::content), cut)?;
        prop_assert_eq!((again.outcome.status, again.outcome.answer), (whole.outcome.status, whole.outcome.answer));
    }
}
