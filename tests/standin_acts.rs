//! What stand-ins say in every protocol: by themselves, in whole runs of the real machines, and as a
//! scene has it. Each call is a process.

use crate::support::simulate::{Played, material, member, members, play};
use crate::support::standin::{CLAUDE, Stage};
use refinery_core::exchange::{CallSpec, Reply, Tuning};
use refinery_core::failure::CallFailure;
use refinery_core::outcome::{Body, DebateBody, RefineBody, Status};
use refinery_core::protocol::debate::{Debate, DebatePlan, Judge, built_in, deal, read_synthesis};
use refinery_core::protocol::refine::{CritiquePlan, Refine, RefineMode, RefinePlan, ScorePlan};
use refinery_core::protocol::sampling::{Sampling, SamplingPlan};
use serde_json::Value;

/// Asks a program that takes the system prompt before the rest, and knows no schema.
fn plainly(stage: &Stage, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let prompt = [&*spec.system, &spec.prompt.to_string()].join("\n\n");
    let played = stage.ask("plain", &["-m", spec.to.as_str()], &prompt);
    assert_eq!((played.stderr.as_str(), played.code), ("", Some(0)));
    Ok(Reply { text: played.text().trim_end().into(), ..Reply::default() })
}

/// Asks `claude`, which takes a system prompt and a schema of its own.
fn structured(stage: &Stage, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let schema = spec.shape.as_ref().map(|shape| shape.to_json());
    let mut argv = CLAUDE.to_vec();
    if !spec.system.is_empty() {
        argv.extend(["--system-prompt", &spec.system]);
    }
    argv.extend(schema.as_deref().into_iter().flat_map(|schema| ["--json-schema", schema]));
    let result = stage.ask("claude", &argv, &spec.prompt.to_string()).events().pop().unwrap();
    let structured = result.get("structured_output").cloned();
    Ok(Reply { text: result["result"].as_str().unwrap().into(), structured, ..Reply::default() })
}

fn debate() -> Debate {
    let personas = deal(&[None, None, None], built_in()).unwrap().into_iter().cloned().collect();
    let judge = Judge { participant: member("j").id, persona: built_in().last().unwrap().clone() };
    let plan = DebatePlan { personas, judge: Some(judge), rounds: 6, ..DebatePlan::default() };
    Debate::new(plan, members(&["a", "b", "c"]), Some(member("j")), material("Shall we?"))
}

fn debated(done: &Played) -> &DebateBody {
    let Body::Debate(body) = &done.outcome.body else { panic!("no debate: {:?}", done.outcome) };
    body
}

fn refine(mode: RefineMode) -> Refine {
    let plan = RefinePlan { author: None, judge: None, draft: None, mode, tuning: Tuning::default() };
    Refine::new(plan, members(&["a"]), material("How?"), None)
}

fn refined(done: &Played) -> &RefineBody {
    let Body::Refine(body) = &done.outcome.body else { panic!("no text: {:?}", done.outcome) };
    body
}

#[test]
fn a_debate_comes_to_rest_without_a_rule() {
    for ask in [plainly, structured] {
        let stage = Stage::new("seed = 3");
        let done = play(debate(), &|spec| ask(&stage, spec));
        let body = debated(&done);
        assert_eq!(done.outcome.status, Status::Stable);
        assert!((2..=4).contains(&body.rounds_completed), "{} rounds", body.rounds_completed);
        let turns = || body.rounds.iter().flat_map(|round| &round.responses);
        assert!(turns().all(|turn| turn.marker_found), "{body:?}");
        let said = body.rounds[1].responses[0].content.as_deref().unwrap();
        let speaker = &body.positions.iter().find(|one| one.participant == body.rounds[1].order[0]).unwrap().speaker;
        assert!(said.starts_with(&format!("Round 2, as {speaker}: ")), "{said}");
        let synthesis = body.synthesis.as_ref().unwrap();
        assert!(!synthesis.is_formless() && synthesis.judge_confidence == 80, "{synthesis:?}");
        assert!(synthesis.unresolved_disputes.starts_with("- "), "{synthesis:?}");
    }
}

#[test]
fn a_text_gets_better_without_a_rule() {
    for ask in [plainly, structured] {
        let stage = Stage::new("log = { file = 'log.jsonl' }");
        let done = play(refine(RefineMode::Score(ScorePlan::default())), &|spec| ask(&stage, spec));
        let scores: Vec<String> =
            refined(&done).history.iter().map(|one| format!("{:.2}", one.score.unwrap())).collect();
        assert_eq!(
            (done.outcome.status, scores),
            (Status::TargetReached, vec!["0.65".into(), "0.85".into(), "0.90".into()])
        );
        assert!(done.outcome.answer.as_ref().unwrap().contains(".3. It takes up"), "{:?}", done.outcome.answer);
        let phases: Vec<Value> = stage.log().iter().map(|line| line["phase"].clone()).collect();
        assert_eq!(phases, ["draft", "score", "improve", "score", "improve", "score"]);
    }
}

#[test]
fn a_score_has_the_keys_that_are_asked_for_and_no_others() {
    let stage = Stage::new("");
    let done = play(refine(RefineMode::Score(ScorePlan::default())), &|spec| plainly(&stage, spec));
    let score = done.calls.iter().find(|call| call.shape.is_some()).unwrap();
    let said: Value = serde_json::from_str(&plainly(&stage, score).unwrap().text).unwrap();
    let keys: Vec<&String> = said.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["rationale", "score"]);
}

#[test]
fn a_critique_rewrites_and_is_verified_without_a_rule() {
    let stage = Stage::new("");
    let mode = RefineMode::Critique(CritiquePlan { verify: true, max_passes: 3, ..CritiquePlan::default() });
    let done = play(refine(mode), &|spec| structured(&stage, spec));
    let passes = &refined(&done).passes;
    assert_eq!(done.outcome.status, Status::Refined);
    assert!(passes[0].adopted && passes[0].critique.starts_with("- "), "{passes:?}");
    assert!(passes[0].score_before < passes[0].score_after, "{passes:?}");
    assert!(passes.last().unwrap().converged, "a draft changes by its number alone: {passes:?}");
}

#[test]
fn samples_of_one_model_agree_without_a_rule() {
    let stage = Stage::new("");
    let run = Sampling::new(SamplingPlan { num_samples: 3, ..SamplingPlan::default() }, members(&["a"]), material("?"));
    let done = play(run, &|spec| structured(&stage, spec));
    let Body::Sample(body) = &done.outcome.body else { panic!("{:?}", done.outcome) };
    assert_eq!((done.outcome.status, body.agreement_ratio), (Status::Agreed, Some(1.0)));
}

#[test]
fn a_scene_says_who_holds_what_and_when() {
    let stage = Stage::new(
        "
        [[rule]]
        when = { speaker = 'Risk Analyst', round = [1] }
        act = [{ argue = { position = 'Never, says {{model}}.', confidences = [95] } }]
        [[rule]]
        when = { phase = 'argue', speaker = 'Risk Analyst' }
        act = [{ argue = { position = 'Perhaps.', confidences = [0, 60, 70] } }]
        [[rule]]
        when = { phase = 'argue', round = [1, 2] }
        act = [{ argue = { position = 'Now.', confidences = [20, 50] } }]
        [[rule]]
        when = { phase = 'argue' }
        act = [{ argue = { position = 'Soon.', confidences = [70] } }]
        [[rule]]
        when = { phase = 'judge' }
        act = [{ synthesis = { majority_position = 'Soon.', judge_confidence = 41 } }]
        ",
    );
    let done = play(debate(), &|spec| structured(&stage, spec));
    let body = debated(&done);
    let of = |who: &str| -> Vec<(u32, String)> {
        let turns =
            body.rounds.iter().flat_map(|round| &round.responses).filter(|turn| turn.participant.as_str() == who);
        turns
            .map(|turn| {
                (turn.confidence.unwrap(), turn.content.as_ref().unwrap().split('\n').next().unwrap().to_owned())
            })
            .collect()
    };
    let expected = |said: &[(u32, &str)]| said.iter().map(|(one, text)| (*one, (*text).to_owned())).collect::<Vec<_>>();
    let (a, b) = (of("a"), of("b"));
    assert_eq!(a[..3], expected(&[(95, "Never, says opus."), (60, "Perhaps."), (70, "Perhaps.")]));
    assert_eq!(b[..3], expected(&[(20, "Now."), (50, "Now."), (70, "Soon.")]));
    let synthesis = body.synthesis.as_ref().unwrap();
    assert_eq!((synthesis.majority_position.as_str(), synthesis.judge_confidence), ("Soon.", 41));
    assert_eq!(synthesis.minority_positions, "None was held to the end.");
    // Without a schema it is the four headings.
    let judge = done.calls.iter().find(|call| call.shape.is_some()).unwrap();
    let text = plainly(&stage, judge).unwrap().text;
    assert!(text.starts_with("## Majority Position\nSoon."), "{text}");
    assert_eq!(read_synthesis(&text, None).judge_confidence, 41);
}

#[test]
fn a_scene_scores_and_critiques_a_text() {
    let stage = Stage::new(
        "
        [[rule]]
        when = { phase = 'draft' }
        act = [{ say = { text = 'First.', fill_bytes = 300 } }]
        [[rule]]
        when = { phase = 'critique' }
        act = [{ critique = { points = ['too short', 'no reasons'], revised = 'Second, by {{who}}.' } }]
        [[rule]]
        when = { phase = 'score', contains = ['Second'] }
        act = [{ review = { score = 3, rationale = 'Shorter still.' } }]
        [[rule]]
        when = { phase = 'score' }
        act = [{ review = { score = 7.5 } }]
        ",
    );
    let mode = RefineMode::Critique(CritiquePlan { verify: true, ..CritiquePlan::default() });
    let done = play(refine(mode), &|spec| plainly(&stage, spec));
    let pass = &refined(&done).passes[0];
    assert_eq!(pass.critique, "- too short\n- no reasons");
    assert_eq!(pass.revised.as_deref(), Some("Second, by plain/a."));
    assert_eq!((pass.score_before, pass.score_after, pass.adopted), (Some(0.75), Some(0.3), false));
}

#[test]
fn a_turn_of_its_own_draws_a_latency_of_its_own() {
    let stage = Stage::new("latency = { median_ms = 3, sigma = 0.8 }\nlog = { file = 'log.jsonl' }");
    let done = play(debate(), &|spec| plainly(&stage, spec));
    assert!(debated(&done).rounds_completed > 1);
    let own = |line: &&Value| line["who"] == "plain/a" && line["phase"] == "argue";
    let mut drawn: Vec<u64> = stage.log().iter().filter(own).map(|line| line["latency_us"].as_u64().unwrap()).collect();
    let turns = drawn.len();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), turns);
}

#[test]
fn a_scene_that_cannot_be_played_is_refused_with_the_place() {
    for (scene, reasons) in [
        ("[[rule]]\nwhen = { phase = 'verify' }\nact = []", &["line 2", "verify"][..]),
        ("[[rule]]\nact = [{ argue = { confidence = 3 } }]", &["line 2", "confidence"]),
        ("[[rule]]\nact = [{ synthesis = { majority = 'x' } }]", &["line 2", "majority"]),
        ("[[rule]]\nact = [{ critique = { point = 'x' } }]", &["line 2", "point"]),
        ("[[rule]]\nact = [{ argue = { confidences = [101] } }]", &["rule 1", "`argue`"]),
        ("[[rule]]\nact = [{ synthesis = { judge_confidence = 101 } }]", &["rule 1", "`synthesis`"]),
        ("[[rule]]\nname = 'odd'\nwhen = { round = [0] }\nact = []", &["rule odd", "`round`"]),
        ("[[rule]]\nwhen = { phase = 'judge', speaker = 'x' }\nact = []", &["rule 1", "`argue`"]),
        ("[[rule]]\nwhen = { round = [1] }\nact = ['unread']", &["rule 1", "`unread`"]),
    ] {
        let played = Stage::new(scene).ask("plain", &[], "hello");
        assert_eq!((played.stdout.len(), played.code), (0, Some(64)), "{scene}");
        assert!(reasons.iter().all(|reason| played.stderr.contains(reason)), "{scene}: {}", played.stderr);
    }
}
