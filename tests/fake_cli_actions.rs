//! What fakes say in every protocol: by themselves, in whole runs of the real machines, and as a
//! script has it. Each call is a process.

use crate::support::fake_cli::{CLAUDE, FakeCli};
use crate::support::simulate::{Played, material, member, members, play};
use refinery_core::exchange::{CallSpec, Reply, Tuning};
use refinery_core::failure::CallFailure;
use refinery_core::outcome::{Body, DebateBody, RefineBody, Status};
use refinery_core::protocol::debate::{Debate, DebatePlan, Judge, built_in, deal, read_synthesis};
use refinery_core::protocol::refine::{CritiquePlan, Refine, RefineMode, RefinePlan, ScorePlan};
use refinery_core::protocol::sampling::{Sampling, SamplingPlan};
use serde_json::Value;

/// Asks a program that takes the system prompt before the rest, and knows no schema.
fn plainly(fake: &FakeCli, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let prompt = [&*spec.system, &spec.prompt.to_string()].join("\n\n");
    let played = fake.ask_call(spec.id.as_str(), "plain", &["-m", spec.to.as_str()], &prompt);
    assert_eq!((played.stderr.as_str(), played.code), ("", Some(0)));
    Ok(Reply { text: played.text().trim_end().into(), ..Reply::default() })
}

/// Asks `claude`, which takes a system prompt and a schema of its own.
fn structured(fake: &FakeCli, spec: &CallSpec) -> Result<Reply, CallFailure> {
    let schema = spec.shape.as_ref().map(|shape| shape.to_json());
    let mut argv = [CLAUDE, &["--model", spec.to.as_str()]].concat();
    if !spec.system.is_empty() {
        argv.extend(["--system-prompt", &spec.system]);
    }
    argv.extend(schema.as_deref().into_iter().flat_map(|schema| ["--json-schema", schema]));
    let result = fake.ask_call(spec.id.as_str(), "claude", &argv, &spec.prompt.to_string()).events().pop().unwrap();
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
    let plan =
        RefinePlan { peer_judge: false, author: None, judge: None, draft: None, mode, tuning: Tuning::default() };
    Refine::new(plan, members(&["a"]), material("How?"), None)
}

fn refined(done: &Played) -> &RefineBody {
    let Body::Refine(body) = &done.outcome.body else { panic!("no text: {:?}", done.outcome) };
    body
}

#[test]
fn a_debate_comes_to_rest_without_a_rule() {
    for ask in [plainly, structured] {
        let fake = FakeCli::new("seed = 3");
        let done = play(debate(), &|spec| ask(&fake, spec));
        let body = debated(&done);
        assert_eq!(done.outcome.status, Status::Stable);
        assert!((2..=4).contains(&body.rounds_completed), "{} rounds", body.rounds_completed);
        let turns = || body.rounds.iter().flat_map(|round| &round.responses);
        assert!(turns().all(|turn| turn.marker_found), "{body:?}");
        let said = body.rounds[1].responses[0].content.as_deref().unwrap();
        let first = &body.rounds[1].order[0];
        assert!(said.starts_with("Round 2, by ") && said.contains(&format!("/{first}: ")), "{said}");
        let synthesis = body.synthesis.as_ref().unwrap();
        assert!(!synthesis.is_formless() && synthesis.judge_confidence == 80, "{synthesis:?}");
        assert!(synthesis.unresolved_disputes.starts_with("- "), "{synthesis:?}");
    }
}

#[test]
fn a_text_gets_better_without_a_rule() {
    for ask in [plainly, structured] {
        let fake = FakeCli::new("log = { file = 'log.jsonl' }");
        let done = play(refine(RefineMode::Score(ScorePlan::default())), &|spec| ask(&fake, spec));
        let scores: Vec<String> =
            refined(&done).history.iter().map(|one| format!("{:.2}", one.score.unwrap())).collect();
        assert_eq!(
            (done.outcome.status, scores),
            (Status::TargetReached, vec!["0.65".into(), "0.85".into(), "0.90".into()])
        );
        assert!(done.outcome.answer.as_ref().unwrap().contains(".3. It takes up"), "{:?}", done.outcome.answer);
        let phases: Vec<Value> = fake.log().iter().map(|line| line["phase"].clone()).collect();
        assert_eq!(phases, ["draft", "score", "refine", "score", "refine", "score"]);
    }
}

#[test]
fn a_score_has_the_keys_that_are_asked_for_and_no_others() {
    let fake = FakeCli::new("");
    let done = play(refine(RefineMode::Score(ScorePlan::default())), &|spec| plainly(&fake, spec));
    let score = done.calls.iter().find(|call| call.shape.is_some()).unwrap();
    let said: Value = serde_json::from_str(&plainly(&fake, score).unwrap().text).unwrap();
    let keys: Vec<&String> = said.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["rationale", "score"]);
}

#[test]
fn a_critique_rewrites_and_is_verified_without_a_rule() {
    let fake = FakeCli::new("");
    let mode = RefineMode::Critique(CritiquePlan { verify: true, max_passes: 3, ..CritiquePlan::default() });
    let done = play(refine(mode), &|spec| structured(&fake, spec));
    let passes = &refined(&done).passes;
    assert_eq!(done.outcome.status, Status::Refined);
    assert!(passes[0].adopted && passes[0].critique.starts_with("- "), "{passes:?}");
    assert!(passes[0].score_before < passes[0].score_after, "{passes:?}");
    assert!(passes.last().unwrap().converged, "a draft changes by its number alone: {passes:?}");
}

#[test]
fn samples_of_one_model_agree_without_a_rule() {
    let fake = FakeCli::new("");
    let run = Sampling::new(SamplingPlan { num_samples: 3, ..SamplingPlan::default() }, members(&["a"]), material("?"));
    let done = play(run, &|spec| structured(&fake, spec));
    let Body::Sample(body) = &done.outcome.body else { panic!("{:?}", done.outcome) };
    assert_eq!((done.outcome.status, body.agreement_ratio), (Status::Agreed, Some(1.0)));
}

#[test]
fn a_script_says_who_holds_what_and_when() {
    let fake = FakeCli::new(
        "
        [[rule]]
        when = { model = 'a', round = [1] }
        actions = [{ argue = { position = 'Never, says {{model}}.', confidences = [95] } }]
        [[rule]]
        when = { phase = 'argue', model = 'a' }
        actions = [{ argue = { position = 'Perhaps.', confidences = [0, 60, 70] } }]
        [[rule]]
        when = { phase = 'argue', round = [1, 2] }
        actions = [{ argue = { position = 'Now.', confidences = [20, 50] } }]
        [[rule]]
        when = { phase = 'argue' }
        actions = [{ argue = { position = 'Soon.', confidences = [70] } }]
        [[rule]]
        when = { phase = 'judge' }
        actions = [{ synthesis = { majority_position = 'Soon.', judge_confidence = 41 } }]
        ",
    );
    let done = play(debate(), &|spec| structured(&fake, spec));
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
    assert_eq!(a[..3], expected(&[(95, "Never, says a."), (60, "Perhaps."), (70, "Perhaps.")]));
    assert_eq!(b[..3], expected(&[(20, "Now."), (50, "Now."), (70, "Soon.")]));
    let synthesis = body.synthesis.as_ref().unwrap();
    assert_eq!((synthesis.majority_position.as_str(), synthesis.judge_confidence), ("Soon.", 41));
    assert_eq!(synthesis.minority_positions, "None was held to the end.");
    // Without a schema it is the four headings.
    let judge = done.calls.iter().find(|call| call.shape.is_some()).unwrap();
    let text = plainly(&fake, judge).unwrap().text;
    assert!(text.starts_with("## Majority Position\nSoon."), "{text}");
    assert_eq!(read_synthesis(&text, None, &refinery_core::protocol::parse::Shown::default()).judge_confidence, 41);
}

#[test]
fn a_script_scores_and_critiques_a_text() {
    let fake = FakeCli::new(
        "
        [[rule]]
        when = { phase = 'draft' }
        actions = [{ say = { text = 'First.', fill_bytes = 300 } }]
        [[rule]]
        when = { phase = 'critique' }
        actions = [{ critique = { points = ['too short', 'no reasons'], revised = 'Second, by {{who}}.' } }]
        [[rule]]
        when = { phase = 'score', contains = ['Second'] }
        actions = [{ review = { score = 3, rationale = 'Shorter still.' } }]
        [[rule]]
        when = { phase = 'score' }
        actions = [{ review = { score = 7.5 } }]
        ",
    );
    let mode = RefineMode::Critique(CritiquePlan { verify: true, ..CritiquePlan::default() });
    let done = play(refine(mode), &|spec| plainly(&fake, spec));
    let pass = &refined(&done).passes[0];
    assert_eq!(pass.critique, "- too short\n- no reasons");
    assert_eq!(pass.revised.as_deref(), Some("Second, by plain/a."));
    assert_eq!((pass.score_before, pass.score_after, pass.adopted), (Some(0.75), Some(0.3), false));
}

#[test]
fn a_turn_of_its_own_draws_a_latency_of_its_own() {
    let fake = FakeCli::new("latency = { median_ms = 3, sigma = 0.8 }\nlog = { file = 'log.jsonl' }");
    let done = play(debate(), &|spec| plainly(&fake, spec));
    assert!(debated(&done).rounds_completed > 1);
    let own = |line: &&Value| line["who"] == "plain/a" && line["phase"] == "argue";
    let mut drawn: Vec<u64> = fake.log().iter().filter(own).map(|line| line["latency_us"].as_u64().unwrap()).collect();
    let turns = drawn.len();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), turns);
}

#[test]
fn a_script_that_cannot_be_played_is_refused_with_the_place() {
    for (script, reasons) in [
        ("[[rule]]\nwhen = { phase = 'verify' }\nactions = []", &["line 2", "verify"][..]),
        ("[[rule]]\nactions = [{ argue = { confidence = 3 } }]", &["line 2", "confidence"]),
        ("[[rule]]\nactions = [{ synthesis = { majority = 'x' } }]", &["line 2", "majority"]),
        ("[[rule]]\nactions = [{ critique = { point = 'x' } }]", &["line 2", "point"]),
        ("[[rule]]\nactions = [{ argue = { confidences = [101] } }]", &["rule 1", "`argue`"]),
        ("[[rule]]\nactions = [{ synthesis = { judge_confidence = 101 } }]", &["rule 1", "`synthesis`"]),
        ("[[rule]]\nname = 'odd'\nwhen = { round = [0] }\nactions = []", &["rule odd", "`round`"]),
        ("[[rule]]\nwhen = { phase = 'judge', speaker = 'x' }\nactions = []", &["line 2", "speaker"]),
        ("[[rule]]\nwhen = { begins = 'x' }\nactions = ['unread']", &["rule 1", "`unread`"]),
    ] {
        let played = FakeCli::new(script).ask("plain", &[], "hello");
        assert_eq!((played.stdout.len(), played.code), (0, Some(64)), "{script}");
        assert!(reasons.iter().all(|reason| played.stderr.contains(reason)), "{script}: {}", played.stderr);
    }
}
