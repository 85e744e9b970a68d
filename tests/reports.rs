//! What people and programs see of one and the same run.

use crate::support::schemas::assert_valid;
use insta::assert_snapshot;
use refinery_core::event::{Announced, Event, EventKind};
use refinery_core::exchange::{Role, Usage};
use refinery_core::failure::FailureClass;
use refinery_core::ids::{CallId, ParticipantId, Round, RunId};
use refinery_core::outcome::{Body, ConsensusBody, Finished, Outcome, Status};
use refinery_core::report::format::json::Json;
use refinery_core::report::format::jsonl::Jsonl;
use refinery_core::report::{Human, OutputStream, Paint, Plain, Reporter};
use refinery_core::time::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A stream that is read afterwards.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn stream(&self) -> OutputStream {
        OutputStream::new(self.clone())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn who(name: &str) -> ParticipantId {
    ParticipantId::new(name)
}

fn scores(of: &[(&str, f64)]) -> BTreeMap<ParticipantId, f64> {
    of.iter().map(|(name, score)| (who(name), *score)).collect()
}

/// The events of a short run in which everything happens once.
fn events() -> Vec<Event> {
    let announced = |name: &str, pays: &str| Announced {
        participant: who(name),
        model_id: format!("{name}-model"),
        effort: (name == "claude").then(|| "high".to_owned()),
        pays: pays.to_owned(),
    };
    let call = CallId::new("r1/propose/claude");
    let round = Round::FIRST;
    let kinds = vec![
        EventKind::RunStarted {
            run: RunId::new("20261121-100500-abcdef"),
            protocol: "consensus".into(),
            participants: vec![announced("claude", "subscription"), announced("codex", "API key (OPENAI_API_KEY)")],
            max_calls: 22,
        },
        EventKind::RoundStarted { round, max_rounds: 5 },
        EventKind::CallQueued { call: call.clone(), participant: who("claude"), role: Role::Propose, round },
        EventKind::AttemptStarted { call: call.clone(), attempt: 1 },
        EventKind::AttemptEnded {
            call: call.clone(),
            attempt: 1,
            failure: Some(FailureClass::Overloaded),
            message: Some("529".into()),
            usage: Usage::default(),
            elapsed_ms: 900,
        },
        EventKind::Retrying {
            call: call.clone(),
            pause: Duration::from_millis(1500),
            failure: FailureClass::Overloaded,
        },
        EventKind::AttemptStarted { call: call.clone(), attempt: 2 },
        EventKind::Progress { call: call.clone(), doing: "answering".into(), bytes: 1200 },
        EventKind::Token { call: call.clone(), text: "An ".into() },
        EventKind::CallSettled { call, participant: who("claude"), failure: None, attempts: 2, elapsed_ms: 4200 },
        EventKind::Proposed { round, participant: who("claude"), words: 250, preview: "An answer".into() },
        EventKind::ProposeFailed {
            round,
            participant: who("codex"),
            failure: FailureClass::TimedOut,
            message: "600 s".into(),
        },
        EventKind::RepairAsked { round, reviewer: who("codex"), reason: "no score".into() },
        EventKind::Reviewed {
            round,
            reviewer: who("codex"),
            author: who("claude"),
            score: 7.5,
            preview: "Good".into(),
        },
        EventKind::ReviewDropped {
            round,
            reviewer: who("claude"),
            author: who("codex"),
            failure: FailureClass::Malformed,
            message: "no JSON".into(),
        },
        EventKind::RoundClosed {
            round,
            means: scores(&[("claude", 7.5), ("codex", 6.0)]),
            leader: Some(who("claude")),
            stable: 1,
            stability_rounds: 2,
            threshold: 8.0,
            converged: false,
        },
        EventKind::RefineFailed {
            round,
            participant: who("codex"),
            failure: FailureClass::Network,
            message: "reset".into(),
        },
        EventKind::Refined { round, participant: who("claude"), words: 260, preview: "A better answer".into() },
        EventKind::QuoteCut { call: CallId::new("r2/evaluate/codex>claude"), bytes: 51_200 },
        EventKind::CallAbandoned { call: CallId::new("r2/refine/codex") },
        EventKind::Warning { text: "codex cannot take a temperature".into() },
        EventKind::RoundClosed {
            round: round.next(),
            means: scores(&[("claude", 9.0), ("codex", 7.0)]),
            leader: Some(who("claude")),
            stable: 2,
            stability_rounds: 2,
            threshold: 8.0,
            converged: true,
        },
        EventKind::RunEnded { status: Status::Converged },
    ];
    let mut numbers = 0_u64..;
    (0..)
        .zip(kinds)
        .map(|(step, kind)| {
            let number = if kind.is_live() { None } else { numbers.next() };
            Event { seq: number, at: Timestamp(1_795_256_333_000 + step * 1250), kind }
        })
        .collect()
}

fn finished() -> Finished {
    let answer = |name: &str, reviewer: &str, mean: f64| {
        json!({ "model_id": format!("{name}-model"), "participant": name, "answer": format!("{name}'s answer\n"),
            "mean_score": mean, "scores": { reviewer: mean }, "round": 2 })
    };
    let account = |name: &str, pool: &str, cost: Option<f64>| {
        json!({ "participant": name, "adapter": name, "model_id": format!("{name}-model"), "effort": null,
            "pool": pool, "billing": pool, "served": [format!("{name}-model-1")], "calls": 5, "attempts": 6,
            "failed_calls": 1, "attempts_without_usage": 1,
            "usage": Usage { input_tokens: Some(12_000), output_tokens: Some(800), cost_usd: cost, ..Usage::default() } })
    };
    let round = json!({ "round": 1, "scores": { "codex": { "claude": 7.5 } }, "means": { "claude": 7.5 },
        "leader": "claude", "stable": 1, "answers": {}, "reviews_dropped": 1, "missing": [], "repairs": 1,
        "converged": false, "tied_with": [], "adjusted": null });
    let body = json!({ "protocol": "consensus",
        "winner": { "model_id": "claude-model", "participant": "claude", "answer": "claude's answer\n", "mean_score": 9.0 },
        "final_round": 2, "strategy": "vote-threshold", "threshold": 8.0, "stability_rounds": 2,
        "all_answers": [answer("claude", "codex", 9.0), answer("codex", "claude", 7.0)],
        "dissent": [{ "reviewer": "codex", "model_id": "codex-model", "score": 6.0,
            "overall_assessment": "Misses the edge cases.\nMore.", "weaknesses": ["edge cases"] }],
        "rounds": [round], "reviews": [], "answer_round": 2, "tied_with": [], "contested": false,
        "models_dropped": [{ "participant": "gemini", "model_id": "gemini-model", "reason": "usage_limit",
            "message": "resets at 10:05" }],
        "quotes_cut": [{ "call": "r2/evaluate/codex>claude", "bytes": 51_200 }] });
    let totals = json!({ "run_id": "20261121-100500-abcdef", "total_calls": 10, "total_attempts": 12,
        "elapsed_ms": 45_000, "seed": 7, "resumable": false, "resume_at": null,
        "participants": [account("claude", "subscription", Some(0.5)), account("codex", "api_key", None)],
        "warnings": ["codex cannot take a temperature"] });
    let outcome = json!({ "status": "converged", "answer": "claude's answer\n", "body": body });
    serde_json::from_value(json!({ "outcome": outcome, "totals": totals })).unwrap()
}

fn play(mut reporter: impl Reporter, finished: &Finished) {
    for event in events() {
        reporter.report(&event);
    }
    reporter.finish(finished).unwrap();
}

fn human(verbose: bool, finished: &Finished) -> String {
    let (out, err) = (Shared::default(), Shared::default());
    play(Human::new(Plain::new(err.stream()), Some(out.stream()), verbose, Paint { on: false }), finished);
    format!("--- stdout\n{}--- stderr\n{}", out.text(), err.text())
}

#[test]
fn for_people() {
    assert_snapshot!(human(false, &finished()));
}

#[test]
fn for_people_who_want_to_know_everything() {
    assert_snapshot!(human(true, &finished()));
}

#[test]
fn every_status_has_its_text() {
    let mut text = String::new();
    for status in [
        Status::SingleModel,
        Status::MaxRoundsExceeded,
        Status::InsufficientModels,
        Status::BudgetExhausted,
        Status::Parked,
        Status::Cancelled,
        Status::Error,
    ] {
        let mut finished = finished();
        let mut body = ConsensusBody::default();
        body.final_round = 1;
        finished.outcome = Outcome::new(status, None, Body::Consensus(body));
        text += human(false, &finished).lines().find(|line| line.starts_with("Status:")).unwrap();
        text += "\n";
    }
    assert_snapshot!(text);
}

#[test]
fn for_programs_at_the_end() {
    let out = Shared::default();
    play(Json::new(out.stream()), &finished());
    assert_snapshot!(out.text());
}

#[test]
fn for_programs_as_it_happens() {
    let (lines, document) = (Shared::default(), Shared::default());
    play(Jsonl::new(lines.stream()), &finished());
    play(Json::new(document.stream()), &finished());
    let text = lines.text();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let whole: serde_json::Value = serde_json::from_str(&document.text()).unwrap();
    assert_eq!(last, whole, "the last line is the document");
    text.lines().for_each(|line| assert_valid("event", &serde_json::from_str(line).unwrap()));
    assert_snapshot!(text.lines().take(events().len()).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_run_without_an_answer_says_why_to_programs() {
    let out = Shared::default();
    let mut finished = finished();
    let Body::Consensus(body) = &mut finished.outcome.body else { unreachable!("it is a consensus run") };
    (body.winner, body.all_answers, body.dissent) = (None, Vec::new(), Vec::new());
    finished.outcome.status = Status::InsufficientModels;
    play(Json::new(out.stream()), &finished);
    let document: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
    assert_eq!(document["status"], "insufficient_models");
    assert_eq!(document["winner"], serde_json::Value::Null);
    assert_eq!(document["error"]["code"], "insufficient_models");
    assert_eq!(document["error"]["message"], "gemini: usage_limit: resets at 10:05");
}

#[test]
fn an_answer_that_did_not_arrive_is_an_error_but_a_reader_that_left_is_none() {
    struct Failing(io::ErrorKind);
    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (kind, arrives) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
        let mut json = Json::new(OutputStream::new(Failing(kind)));
        assert_eq!(json.finish(&finished()).is_ok(), arrives, "{kind}");
        let screen = Plain::new(Shared::default().stream());
        let mut human = Human::new(screen, Some(OutputStream::new(Failing(kind))), false, Paint::default());
        assert_eq!(human.finish(&finished()).is_ok(), arrives, "{kind}");
    }
}
