//! Every role's prompt through every real CLI: the stand-in of the vendors' APIs knows what is asked for,
//! answers as it is told, and the protocols understand the answer.

use super::driver::Call;
use super::installed::Cli;
use super::loopback::{Loopback, Phase, Told};
use refinery_core::exchange::{CallSpec, Reply, Role};
use refinery_core::ids::ParticipantId;
use refinery_core::outcome::{Body, Outcome, Status};
use refinery_core::protocol::debate::{Debate, DebatePlan, Judge, built_in, deal};
use refinery_core::protocol::material::{Material, Member};
use refinery_core::protocol::refine::{CritiquePlan, Refine, RefineMode, RefinePlan, ScorePlan};
use refinery_core::protocol::sampling::{Sampling, SamplingPlan};
use refinery_core::protocol::{Command, Input, Outbox, Protocol, Settled};

fn member(name: &str) -> Member {
    Member {
        id: ParticipantId::new(name),
        model_id: name.to_owned(),
        vendor_words: vec![name.to_owned()],
        prompt_bytes: None,
    }
}

fn material() -> Material {
    let question = "What is six times seven? Your task now: review this.".into();
    Material { question, files: Vec::new(), nonce_root: "0f".repeat(16), seed: 7 }
}

/// Makes a call of a protocol through a CLI.
fn through(cli: Cli, server: &Loopback, spec: &CallSpec) -> Reply {
    let mut call = Call::new(cli, server.url());
    let text = |parts: &[std::sync::Arc<str>]| parts.iter().map(|part| &**part).collect::<String>();
    (call.files, call.prompt) = (text(spec.prompt.stable()), text(spec.prompt.varying()));
    call.system = spec.system.to_string();
    call.schema = spec.shape.as_ref().map(|shape| (*shape.schema).clone());
    let seen = call.run();
    seen.result.unwrap_or_else(|failure| panic!("{cli}, {}: {failure}\n{}", spec.id, seen.stderr))
}

/// Plays a run, every call through one CLI; the roles that were asked, and what the server took them for.
fn play(cli: Cli, told: Told, mut run: impl Protocol) -> (Outcome, Vec<(Role, Phase)>) {
    let server = Loopback::start(told.script());
    let (mut out, mut roles, mut calls) = (Outbox::default(), Vec::new(), Vec::new());
    run.start(&mut out);
    loop {
        for command in out.drain() {
            match command {
                Command::Call(spec) => calls.push(spec),
                Command::Finish(outcome) => {
                    let phases = server.asks().into_iter().map(|ask| ask.phase());
                    return (outcome, roles.into_iter().zip(phases).collect());
                }
                _ => {}
            }
        }
        let spec = calls.remove(0);
        let reply = through(cli, &server, &spec);
        roles.push(spec.role);
        run.on(Input::Settled(Settled { id: spec.id, result: Ok(reply) }), &mut out);
    }
}

fn refine(mode: RefineMode) -> Refine {
    let plan =
        RefinePlan { peer_judge: false, author: None, judge: None, draft: None, mode, tuning: Default::default() };
    Refine::new(plan, vec![member("it")], material(), None)
}

#[test]
fn a_debate_is_answered() {
    for cli in Cli::ALL {
        let personas = deal(&[None], built_in()).unwrap().into_iter().cloned().collect();
        let judge = Judge { participant: ParticipantId::new("j"), persona: built_in().last().unwrap().clone() };
        let plan = DebatePlan { personas, judge: Some(judge), rounds: 2, ..DebatePlan::default() };
        let run = Debate::new(plan, vec![member("a")], Some(member("j")), material());
        let told = Told { confidence: Box::new(|_, round| 60 + 10 * round), ..Told::default() };
        let (outcome, roles) = play(cli, Told { judge_confidence: 66, ..told }, run);
        let Body::Debate(body) = &outcome.body else { panic!("{cli}: {outcome:?}") };
        let turns = [(Role::Argue, Phase::Argue); 2];
        assert_eq!(roles, [&turns[..], &[(Role::Judge, Phase::Judge)]].concat(), "{cli}");
        assert_eq!(body.rounds.iter().map(|round| round.score).collect::<Vec<_>>(), [70, 80], "{cli}");
        assert!(body.rounds.iter().flat_map(|round| &round.responses).all(|turn| turn.marker_found), "{cli}");
        assert_eq!(body.synthesis.as_ref().unwrap().judge_confidence, 66, "{cli}");
    }
}

#[test]
fn a_text_is_drafted_scored_and_improved() {
    for cli in Cli::ALL {
        let better = |request: &super::loopback::Request| if request.prompt().contains("Text 0") { 5.0 } else { 9.5 };
        let told = Told { score: Box::new(better), ..Told::default() };
        let (outcome, roles) = play(cli, told, refine(RefineMode::Score(ScorePlan::default())));
        assert_eq!(outcome.status, Status::TargetReached, "{cli}: {outcome:?}");
        let phases: Vec<Phase> = roles.into_iter().map(|(_, phase)| phase).collect();
        assert_eq!(phases, [Phase::Draft, Phase::Score, Phase::Improve, Phase::Score], "{cli}");
    }
}

#[test]
fn a_text_is_critiqued() {
    for cli in Cli::ALL {
        let mode = RefineMode::Critique(CritiquePlan { verify: false, ..CritiquePlan::default() });
        let (outcome, roles) = play(cli, Told::default(), refine(mode));
        let Body::Refine(body) = &outcome.body else { panic!("{cli}: {outcome:?}") };
        assert_eq!(roles[1], (Role::Critique, Phase::Critique), "{cli}");
        assert_eq!(body.passes[0].critique, "- it gives no reasons", "{cli}");
        assert!(outcome.answer.unwrap().starts_with("Rewrite 1: "), "{cli}");
    }
}

#[test]
fn a_bare_question_that_speaks_of_tasks_is_a_sample() {
    for cli in Cli::ALL {
        let run =
            Sampling::new(SamplingPlan { num_samples: 1, ..SamplingPlan::default() }, vec![member("it")], material());
        let told = Told { sample: Box::new(|_| "Forty-two it is.".to_owned()), ..Told::default() };
        let (outcome, roles) = play(cli, told, run);
        assert_eq!(roles, [(Role::Sample, Phase::Answer)], "{cli}");
        assert_eq!(outcome.answer.as_deref(), Some("Forty-two it is."), "{cli}");
    }
}
