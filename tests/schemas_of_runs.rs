//! What a run writes is what the published schemas describe, and nothing else is.

use crate::support::program::Desk;
use crate::support::room::who;
use crate::support::sandbox::{Sandbox, document, signal};
use crate::support::schemas::{assert_closed, is_valid, optional, rendered};
use crate::support::{debate, room, simulate};
use refinery_core::exchange::{CallSpec, Effort, Reply, Role, Tuning};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::plan::{Prices, ProtocolPlan, RunPlan};
use refinery_core::protocol::pipeline::{Feed, Pipeline, PipelinePlan, StepKind, StepPlan};
use refinery_core::protocol::refine::{
    CritiquePlan, Refine, RefineMode, RefinePlan, ScorePlan, SelfRefine, SelfRefinePlan,
};
use refinery_core::protocol::sampling::{EarlyStop, Sampling, SamplingPlan};
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn a_run_is_described_whole_and_nothing_else_is() {
    let sandbox = Sandbox::new("");
    let done = sandbox.run("'Which index fits?' -m claude,codex,gemini --seed 1 -o json");
    let outcome = document(&done);
    assert_closed("outcome", &outcome);
    // What may be missing are entries of maps, and what other protocols do not have.
    let mut free = optional("outcome", &outcome);
    free.retain(|place| !["/scores/", "/means/", "/answers"].iter().any(|map| place.contains(map)));
    assert_eq!(free, ["/metadata/models_dropped", "/metadata/total_rounds"]);

    let streamed = sandbox.run("'Which index fits?' -m claude,codex,gemini --seed 1 -o jsonl");
    let mut kinds = BTreeSet::new();
    for line in streamed.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        if line.get("event").is_some() && kinds.insert(line["event"].to_string()) {
            assert_closed("event", &line);
            assert!(!is_valid("outcome", &line));
        }
    }
    assert!(kinds.len() > 8, "{kinds:?}");

    let run = outcome["metadata"]["run_id"].as_str().unwrap();
    let whole = document(&sandbox.run(&format!("runs show {run} -o json")));
    assert_closed("run", &whole);
    assert!(whole.get("reviews").is_none());
    let said = document(&sandbox.run(&format!("runs show {run} --reviews -o json")));
    assert_closed("run", &said);
    assert_eq!(said["reviews"].as_array().unwrap().len(), 12);
    assert_closed("plan", &whole["plan"]);
    assert_closed("runs", &document(&sandbox.run("runs -o json")));
}

#[test]
fn every_end_of_a_run_is_described() {
    let rule = |when: &str, act: &str| format!("[[rule]]\nwhen = {{ {when} }}\nactions = [{act}]\n");
    let limit = "{ fail = { kind = 'usage-limit', resets_in_s = 3600 } }";
    for (script, line, status) in [
        (String::new(), "-m claude,codex -t 10 -r 2", "max_rounds_exceeded"),
        (String::new(), "-m claude", "single_model"),
        (String::new(), "-m claude,codex,gemini --budget-calls 8", "budget_exhausted"),
        (rule("vendor = 'codex'", "{ fail = { kind = 'unauthorized' } }"), "-m claude,codex", "insufficient_models"),
        (rule("vendor = 'claude'", limit), "-m claude,codex", "parked"),
        (rule("vendor = 'claude'", limit), "-m claude,codex --on-limit fail", "error"),
    ] {
        let sandbox = Sandbox::new(&script);
        // Playing it holds it against its schema.
        let ended = document(&sandbox.run(&format!("why {line} -o json --seed 1")));
        assert_eq!(ended["status"], status);
        assert_closed("outcome", &ended);
    }
    let sandbox = Sandbox::new(&rule("phase = 'refine'", "'hang'"));
    let child = sandbox.command(["why", "-m", "claude,codex", "-t", "10", "-o", "json"]).spawn().unwrap();
    sandbox.wait_for_requests(6);
    signal(child.id(), "INT");
    let cancelled = document(&sandbox.wait(child));
    assert_eq!(cancelled["status"], "cancelled");
    assert_closed("outcome", &cancelled);
    sandbox.assert_nothing_left();
}

fn steps() -> PipelinePlan {
    let tuning = Tuning::default();
    let score = RefineMode::Score(ScorePlan { max_iterations: 1, ..ScorePlan::default() });
    let step = |kind, condition: Option<&str>| StepPlan {
        kind,
        condition: condition.map(|text| text.parse().unwrap()),
        feed: Feed::default(),
    };
    let refine = RefinePlan { peer_judge: false, author: None, judge: None, draft: None, mode: score, tuning };
    PipelinePlan {
        steps: vec![
            step(StepKind::Sample(sampling()), None),
            step(StepKind::Refine(refine), Some("agreement < 0.5")),
            step(StepKind::Consensus(room::plan(1)), Some("agreement >= 0.5")),
        ],
    }
}

fn sampling() -> SamplingPlan {
    SamplingPlan { early_stop: Some(EarlyStop::Confident(0.9)), min_agreement: Some(0.1), ..SamplingPlan::default() }
}

fn refining() -> RefinePlan {
    let critique = CritiquePlan { verify: true, min_bytes: 0, effort: Some(Effort::Low), ..CritiquePlan::default() };
    RefinePlan {
        peer_judge: false,
        author: None,
        judge: None,
        draft: Some("a draft".into()),
        mode: RefineMode::Critique(critique),
        tuning: Tuning { temperature: Some(0.5), ..Tuning::default() },
    }
}

fn critique_after() -> SelfRefinePlan {
    let critique = CritiquePlan { min_bytes: 0, ..CritiquePlan::default() };
    SelfRefinePlan { peer_judge: false, critique, judge: None, wrote: None, tuning: Tuning::default() }
}

/// Who fails says so; everybody else gives what is asked for.
fn reply(spec: &CallSpec) -> Result<Reply, CallFailure> {
    match spec.role {
        Role::Sample if spec.id.as_str().ends_with("/2") => room::failure(FailureClass::TimedOut),
        Role::Sample => room::text("sampled"),
        Role::Score => room::text(if spec.round.get() == 1 { "7" } else { "9.5" }),
        Role::Evaluate => room::text(r#"{"score": 9}"#),
        Role::Critique => room::text("<critique>c</critique><revised>a whole rewritten text</revised>"),
        _ => room::text(format!("written in {}", spec.id)),
    }
}

#[test]
fn the_runs_of_all_protocols_are_described() {
    let names = ["ada", "bob"];
    let sample = || Sampling::new(sampling(), simulate::members(&names), simulate::material("How high?"));
    let scripts = [
        simulate::play(sample(), &reply),
        simulate::play(Refine::new(refining(), simulate::members(&names), room::material(), None), &reply),
        simulate::play(Pipeline::new(steps(), simulate::members(&names), Vec::new(), room::material()), &reply),
        simulate::play(
            SelfRefine::new(Box::new(sample()), critique_after(), simulate::members(&names), room::material()),
            &reply,
        ),
    ];
    let mut all: Vec<_> = scripts.into_iter().map(|played| (played.outcome, played.events)).collect();
    let speak = |spec: &CallSpec| match (spec.role, who(&spec.to)) {
        (Role::Judge, _) => room::text(debate::SYNTHESIS),
        (_, 1) if spec.round.get() == 2 => room::failure(FailureClass::Declined),
        (_, speaker) => debate::said(if speaker == 0 { 90 } else { 20 }),
    };
    let played = debate::play(debate::debate(&debate::judged(2), room::material()), &speak);
    all.push((played.outcome, played.events));
    let (mut protocols, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for (outcome, events) in &all {
        let lines = rendered(outcome, events);
        let (document, happened) = lines.split_last().unwrap();
        assert_closed("outcome", document);
        let other = if document["protocol"] == "sample" { "debate" } else { "sample" };
        let mut renamed = document.clone();
        renamed["protocol"] = other.into();
        assert!(!is_valid("outcome", &renamed), "{} as {other}", document["protocol"]);
        protocols.insert(document["protocol"].to_string());
        for line in happened.iter().filter(|line| kinds.insert(line["event"].to_string())) {
            assert_closed("event", line);
        }
    }
    assert_eq!(protocols.into_iter().collect::<Vec<_>>(), [r#""debate""#, r#""pipe""#, r#""refine""#, r#""sample""#]);
    assert!(kinds.len() >= 19, "{kinds:?}");
}

#[test]
fn the_plans_of_all_protocols_are_described() {
    let sandbox = Sandbox::new("");
    let line = "why -m claude,codex@high --budget-calls 90 --max-wall 1h -o json";
    let run = document(&sandbox.run(line))["metadata"]["run_id"].as_str().unwrap().to_owned();
    let output = document(&sandbox.run(&format!("runs show {run} -o json")));
    let mut plan: RunPlan = serde_json::from_value(output["plan"].clone()).unwrap();
    for protocol in [
        plan.protocol.clone(),
        ProtocolPlan::Debate(Box::new(debate::judged(2))),
        ProtocolPlan::Sample(sampling()),
        ProtocolPlan::Refine(refining()),
        ProtocolPlan::Pipe(steps()),
    ] {
        plan.protocol = protocol;
        let mut written = serde_json::to_value(&plan).unwrap();
        assert_closed("plan", &written);
        written["protocol"]["name"] = "another".into();
        assert!(!is_valid("plan", &written));
    }
    plan.self_refine = Some(critique_after());
    plan.limits.budget.usd = Some(5.0);
    plan.auxiliary = vec![plan.participants[0].id.clone()];
    plan.participants[0].prices = Some(Prices { input: 1.0, output: 2.5 });
    assert_closed("plan", &serde_json::to_value(&plan).unwrap());
}

#[test]
fn what_commands_write_that_only_look_is_described() {
    let desk = Desk::new().program("claude").program("codex").var("ANTHROPIC_API_KEY", "k").var("OPENAI_API_KEY", "k");
    for (line, name, code) in [
        ("why -m claude,codex@high --dry-run -o json", "dry-run", 0),
        ("adapters -o json", "adapters", 0),
        ("doctor -m claude,gemini -o json", "doctor", 4),
        ("config show -o json", "settings", 0),
        ("why -m claude -t 11 -o json", "error", 4),
        ("why -m nobody -o json", "error", 4),
    ] {
        let output = desk.run(line);
        assert_eq!(output.code, Some(code), "{line}: {}", output.stderr);
        assert_closed(name, &document(&output));
    }
    let refused = document(&desk.run("why -m claude -t 11 -o json"));
    assert!(is_valid("outcome", &refused) && is_valid("event", &refused), "where a run would have stood");
}
