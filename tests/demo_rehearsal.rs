//! The demos' scripts, rehearsed with the real protocols and without a process: each goes as it is meant to
//! go, and takes the time that it is meant to take.

use refinery_core::demo::{Demo, Plot, Script};
use refinery_core::exchange::{CallSpec, Reply, Role, Tuning};
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::{Body, Outcome, Status, StopReason};
use refinery_core::protocol::consensus::{Consensus, ConsensusPlan, ReviewMode, VoteThreshold};
use refinery_core::protocol::debate::{self, Debate, DebatePlan, Judge, deal};
use refinery_core::protocol::material::{Material, Member};
use refinery_core::protocol::pipeline::{Feed, Pipeline, PipelinePlan, StepKind, StepPlan};
use refinery_core::protocol::refine::{CritiquePlan, Refine, RefineMode, RefinePlan, ScorePlan};
use refinery_core::protocol::sampling::{EarlyStop, Normaliser, Sampling, SamplingPlan};
use refinery_core::protocol::{Command, Input, Outbox, Protocol, Settled};
use std::time::Duration;

/// How a run went.
struct Run {
    outcome: Outcome,
    calls: Vec<CallSpec>,
    took: Duration,
    script: Script,
}

impl Run {
    fn count(&self, role: Role) -> usize {
        self.calls.iter().filter(|call| call.role == role).count()
    }

    /// Long enough to watch, short enough to wait for; and nothing in the script is left over.
    fn is_well_made(&self, seconds: std::ops::Range<f64>) {
        assert!(seconds.contains(&self.took.as_secs_f64()), "{:?}", self.took);
        let asked = |call: &str| self.calls.iter().filter(|spec| spec.id.as_str() == call).count() == 1;
        let unused: Vec<&str> =
            self.script.reply.iter().map(|reply| reply.call.as_str()).filter(|call| !asked(call)).collect();
        assert!(unused.is_empty(), "replies to calls that are not made once: {unused:?}");
    }
}

/// Plays a run, each answer when it would come.
fn play(demo: Demo, mut run: impl Protocol) -> Run {
    let script = Script::parse(demo.script()).unwrap();
    let (mut out, mut calls) = (Outbox::default(), Vec::new());
    run.start(&mut out);
    let (mut now, mut underway) = (Duration::ZERO, Vec::new());
    loop {
        for command in out.drain() {
            match command {
                Command::Call(spec) => {
                    let reply = script.reply(spec.id.as_str()).unwrap_or_else(|| panic!("no reply to {}", spec.id));
                    assert_eq!(reply.json.is_some(), spec.shape.is_some(), "{}", spec.id);
                    underway.push((now + Duration::from_millis(reply.ms), spec.id.clone(), reply.written()));
                    calls.push(spec);
                }
                Command::Finish(outcome) => return Run { outcome, calls, took: now, script },
                _ => {}
            }
        }
        underway.sort();
        let (then, id, text) = underway.remove(0);
        now = then;
        let reply = Reply { text: text.into(), ..Reply::default() };
        run.on(Input::Settled(Settled { id, result: Ok(reply) }), &mut out);
    }
}

fn member(name: &str) -> Member {
    Member {
        id: ParticipantId::new(name),
        model_id: name.to_owned(),
        vendor_words: vec![name.to_owned()],
        prompt_bytes: None,
    }
}

fn members(demo: Demo) -> Vec<Member> {
    demo.participants().iter().map(|name| member(name)).collect()
}

fn material(demo: Demo) -> Material {
    Material { question: demo.question().into(), files: Vec::new(), nonce_root: "0f".repeat(16), seed: Demo::SEED }
}

#[test]
fn they_disagree_first_and_agree_later() {
    let demo = Demo::Consensus;
    let plan = ConsensusPlan {
        threshold: 8.0,
        max_rounds: 5,
        stability_rounds: 2,
        review: ReviewMode::Pairwise,
        stepped: false,
        tuning: Tuning::default(),
        ..ConsensusPlan::default()
    };
    let rule = Box::new(VoteThreshold::new(8.0, 2));
    let run = play(demo, Consensus::new(plan, members(demo), material(demo), rule));
    assert_eq!(run.outcome.status, Status::Converged);
    let Body::Consensus(body) = &run.outcome.body else { panic!("no consensus: {:?}", run.outcome) };
    let leaders: Vec<&str> = body.rounds.iter().map(|round| round.leader.as_ref().unwrap().as_str()).collect();
    assert_eq!(leaders, ["codex", "claude", "claude"]);
    assert!(body.rounds[0].means.values().all(|mean| *mean < 8.0), "they agree too soon");
    assert_eq!(body.winner.as_ref().unwrap().mean_score, Some(9.0));
    assert!(body.winner.as_ref().unwrap().answer.contains("a month of proof"));
    assert_eq!(run.count(Role::Refine), 6);
    assert!(run.calls.len() <= 27, "{} calls", run.calls.len());
    run.is_well_made(3.0..5.5);
}

#[test]
fn a_debate_moves_comes_to_rest_and_is_summed_up() {
    let demo = Demo::Debate;
    let Plot::Debate { personas, judge } = demo.plot() else { panic!("{:?}", demo.plot()) };
    let chosen: Vec<Option<&str>> = personas.iter().map(|id| Some(*id)).collect();
    let personas = deal(&chosen, debate::built_in()).unwrap().into_iter().cloned().collect();
    let persona = debate::built_in().iter().find(|persona| persona.id == debate::JUDGE).unwrap().clone();
    let seat = Judge { participant: ParticipantId::new(judge), persona };
    let plan = DebatePlan { personas, judge: Some(seat), ..DebatePlan::default() };
    let run = play(demo, Debate::new(plan, members(demo), Some(member(judge)), material(demo)));
    let Body::Debate(body) = &run.outcome.body else { panic!("no debate: {:?}", run.outcome) };
    assert_eq!((run.outcome.status, body.stop_reason), (Status::Stable, StopReason::Converged));
    assert_eq!((body.rounds_completed, body.max_rounds), (3, 4), "it ends early");
    let scores: Vec<u32> = body.rounds.iter().map(|round| round.score).collect();
    assert!(scores[1] > scores[0] + 3 && scores[2].abs_diff(scores[1]) <= 3, "{scores:?}");
    let open: Vec<usize> = body.rounds.iter().map(|round| round.disagreements.len()).collect();
    assert_eq!(open, [1, 0, 0]);
    assert_eq!(body.rounds[0].disagreements[0].label, "Risk Analyst vs First-Principles Engineer");
    let orders: Vec<String> = body.rounds[1..]
        .iter()
        .map(|round| round.order.iter().map(ParticipantId::as_str).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(orders, ["codex gemini claude", "claude codex gemini"], "whom they answer has spoken");
    assert!(body.rounds.iter().flat_map(|round| &round.responses).all(|turn| turn.marker_found));
    let first = |who: usize| body.rounds[0].responses[who].confidence.unwrap();
    assert!(body.positions[0].confidence + 10 <= first(0), "the Risk Analyst gives something up");
    assert!(body.positions[1].confidence >= first(1) + 10, "the engineer grows surer");
    let synthesis = body.synthesis.as_ref().unwrap();
    assert!(synthesis.minority_positions.contains("Risk Analyst") && synthesis.judge_confidence == 84);
    assert!(!synthesis.majority_position.is_empty() && synthesis.unresolved_disputes.contains("- "));
    assert_eq!((run.count(Role::Argue), run.count(Role::Judge)), (9, 1));
    run.is_well_made(3.0..6.0);
}

#[test]
fn most_samples_agree_and_the_last_is_not_needed() {
    let demo = Demo::Sample;
    let Plot::Sample { num_samples, normaliser } = demo.plot() else { panic!("{:?}", demo.plot()) };
    let normaliser = normaliser.parse().unwrap();
    let early_stop = Some(EarlyStop::Certain);
    let plan = SamplingPlan { num_samples, normaliser, early_stop, ..SamplingPlan::default() };
    let run = play(demo, Sampling::new(plan, members(demo), material(demo)));
    let Body::Sample(body) = &run.outcome.body else { panic!("no samples: {:?}", run.outcome) };
    assert_eq!((run.outcome.status, run.count(Role::Sample)), (Status::Agreed, 4));
    assert!(run.outcome.answer.as_ref().unwrap().ends_with("**18%**"));
    let votes: Vec<(u32, &[u32])> = body.responses.iter().map(|one| (one.votes, &*one.samples)).collect();
    assert_eq!(votes, [(3, &[1, 3, 4][..]), (1, &[2][..])]);
    assert_ne!(body.samples[0].answer, body.samples[3].answer, "the same model, in other words");
    let early = body.early_stop.as_ref().unwrap();
    assert_eq!((early.reason.as_str(), early.calls_saved), ("certain", 1));
    run.is_well_made(1.8..4.5);
}

#[test]
fn a_text_is_improved_until_it_is_good() {
    let demo = Demo::Refine;
    let Plot::Refine { judge, target_score } = demo.plot() else { panic!("{:?}", demo.plot()) };
    let mode = RefineMode::Score(ScorePlan { target_score, ..ScorePlan::default() });
    let seats = [members(demo), vec![member(judge)]].concat();
    let judge = Some(ParticipantId::new(judge));
    let plan = RefinePlan { peer_judge: false, author: None, judge, draft: None, mode, tuning: Tuning::default() };
    let run = play(demo, Refine::new(plan, seats, material(demo), None));
    let Body::Refine(body) = &run.outcome.body else { panic!("no text: {:?}", run.outcome) };
    assert_eq!(run.outcome.status, Status::TargetReached);
    let scores: Vec<f64> = body.history.iter().filter_map(|one| one.score).collect();
    let tenths: Vec<String> = scores.iter().map(|score| format!("{score:.2}")).collect();
    assert_eq!(tenths, ["0.45", "0.75", "0.92"]);
    assert!(body.history.iter().all(|one| one.best && one.rationale.as_ref().is_some_and(|why| why.len() > 80)));
    let texts: Vec<&str> = body.history.iter().map(|one| one.text.as_deref().unwrap()).collect();
    assert!(texts.iter().all(|text| text.split_whitespace().count() <= 120), "as the question asks");
    assert_eq!(run.outcome.answer.as_deref(), Some(texts[2]));
    assert_eq!(run.calls.len(), 6);
    run.is_well_made(2.5..5.5);
}

#[test]
fn samples_that_differ_are_refined() {
    let demo = Demo::Pipe;
    let Plot::Pipe { steps: [sample, refine] } = demo.plot() else { panic!("{:?}", demo.plot()) };
    // The command reads the words; here it is enough that they name what is planned.
    assert_eq!(sample.step, "sample num_samples=3 normaliser=choice");
    assert_eq!(refine.step, "refine mode=critique");
    let sampling = SamplingPlan { num_samples: 3, normaliser: Normaliser::Choice, ..SamplingPlan::default() };
    let mode = RefineMode::Critique(CritiquePlan::default());
    let refining =
        RefinePlan { peer_judge: true, author: None, judge: None, draft: None, mode, tuning: Tuning::default() };
    let step = |kind, condition: Option<&str>| StepPlan {
        kind,
        condition: condition.map(|condition| condition.parse().unwrap()),
        feed: Feed::Value,
    };
    let steps =
        vec![step(StepKind::Sample(sampling), sample.condition), step(StepKind::Refine(refining), refine.condition)];
    let run = play(demo, Pipeline::new(PipelinePlan { steps }, members(demo), Vec::new(), material(demo)));
    let Body::Pipe(body) = &run.outcome.body else { panic!("no steps: {:?}", run.outcome) };
    assert_eq!(run.outcome.status, Status::Refined);
    let ended: Vec<&Outcome> = body.steps.iter().map(|step| step.outcome.as_deref().unwrap()).collect();
    let Body::Sample(samples) = &ended[0].body else { panic!("{:?}", ended[0]) };
    assert_eq!((samples.responses[0].votes, samples.unique_responses), (2, 2));
    let Body::Refine(refined) = &ended[1].body else { panic!("{:?}", ended[1]) };
    assert_eq!((refined.passes.len(), refined.passes[0].adopted), (1, true));
    assert_eq!(refined.passes[0].critique.lines().count(), 4);
    assert_eq!(refined.draft, ended[0].answer);
    assert!(run.outcome.answer.as_ref().unwrap().starts_with("**B.** ") && run.calls.len() == 6);
    run.is_well_made(1.2..4.0);
}
