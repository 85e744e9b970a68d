//! `refinery debate` with the real CLIs, from the command line to the exit code.

use super::audit::{QUESTION, asked, audit, phases, sorted};
use super::installed::Cli;
use super::loopback::{Answer, Phase, Request, Told};
use super::sandbox::Sandbox;
use super::slots;
use refinery_core::protocol::debate::built_in;
use serde_json::{Value, json};

/// Claude is sure and codex is not, and in the second round they are still far apart. Everybody speaks in
/// small pieces.
fn apart() -> impl Fn(&Request) -> Answer {
    let confidence = |request: &Request, round| match (asked(request), round) {
        (Cli::Claude, 1) => 90,
        (Cli::Claude, _) => 88,
        (_, 1) => 50,
        _ => 52,
    };
    let told = Told { confidence: Box::new(confidence), judge_confidence: 66, ..Told::default() }.script();
    move |request| match told(request) {
        Answer::Turn(turn) => turn.in_pieces(16).into(),
        other => other,
    }
}

#[test]
fn two_standpoints_are_argued_until_the_score_is_stable_and_judged() {
    let _slots = slots::two();
    let sandbox = Sandbox::new(apart()).with_keys();
    let shown = sandbox.run(&[
        "debate",
        QUESTION,
        "-m",
        "claude:pessimist,codex:domain-expert",
        "--judge",
        "gemini",
        "--seed",
        "1",
        "-o",
        "jsonl",
    ]);
    let document = audit(&sandbox, &shown, 0);
    assert_eq!((&document["status"], &document["stop_reason"]), (&json!("stable"), &json!("converged")));
    // Of 90 and 50, and of 88 and 52: the mean, less half the deviation.
    let of_rounds = |name: &str| document["rounds"].as_array().unwrap().iter().map(|one| one[name].clone()).collect();
    assert_eq!((of_rounds("score"), &document["final_score"]), (json!([60, 61]), &json!(61)), "{document:#}");
    assert_eq!(document["final_average_confidence"], 70.0);
    assert_eq!(document["rounds"][1]["disagreements"].as_array().unwrap().len(), 1, "{document:#}");
    let synthesis = &document["synthesis"];
    let majority = "Most hold that it is forty-two.";
    assert_eq!((&synthesis["majority_position"], &synthesis["judge_confidence"]), (&json!(majority), &json!(66)));
    assert_eq!(synthesis["unresolved_disputes"], "- What the question is.");
    assert_eq!(document["metadata"]["total_calls"], 5);
    assert_eq!(document["metadata"]["warnings"], json!([]));
    let turns = [(Cli::Claude, Phase::Argue), (Cli::Claude, Phase::Argue)];
    let answered = [(Cli::Codex, Phase::Argue), (Cli::Codex, Phase::Argue), (Cli::Gemini, Phase::Judge)];
    assert_eq!(sorted(phases(&sandbox)), [&turns[..], &answered[..]].concat());
    assert_prompts(&sandbox.server.asks());
    assert_tokens(&shown.events());
}

/// Who speaks as whom, and who hears what.
fn assert_prompts(asks: &[Request]) {
    let persona = |id: &str| built_in().iter().find(|one| one.id == id).unwrap();
    let (pessimist, expert, judge) = (persona("pessimist"), persona("domain-expert"), persona("judge"));
    let heard =
        |ask: &Request, name: &str, round: u32| ask.prompt().contains(&format!("as {name} I hold in round {round}"));
    for ask in asks {
        let (own, other) = match asked(ask) {
            Cli::Claude => (pessimist, expert),
            Cli::Codex => (expert, pessimist),
            Cli::Gemini => (judge, pessimist),
        };
        assert!(ask.system().contains(own.prompt.trim()), "{ask:?}: {}", ask.system());
        assert!(!ask.system().contains(other.prompt.trim()), "{ask:?}: {}", ask.system());
        match ask.floor().map(|floor| floor.round) {
            Some(1) => assert!(!ask.prompt().contains("I hold in round"), "blind: {}", ask.prompt()),
            Some(_) => assert!(heard(ask, &other.name, 1), "{}", ask.prompt()),
            None => {
                let last = [pessimist, expert].into_iter().all(|one| heard(ask, &one.name, 2));
                assert!(last && ask.schema().is_some(), "{}", ask.prompt());
            }
        }
    }
}

/// What claude says comes as it says it, and whole.
fn assert_tokens(events: &[Value]) {
    for round in [1, 2] {
        let own = |one: &&Value| one["participant"] == "claude" && one["round"] == round;
        let of = |name: &str| events.iter().filter(own).filter(|one| one["event"] == name).collect::<Vec<_>>();
        let pieces: Vec<_> = of("participantToken").iter().filter_map(|one| one["text"].as_str()).collect();
        let [complete] = &of("participantComplete")[..] else { panic!("{events:#?}") };
        assert!(pieces.len() > 1, "{events:#?}");
        let said = pieces.concat();
        let content = complete["content"].as_str().unwrap();
        assert!(
            said.starts_with(content) && said.trim_end().ends_with(&format!("CONFIDENCE: {}", complete["confidence"]))
        );
        assert!(said.contains(&format!("I hold in round {round}: it is forty-two")), "{said}");
    }
    for name in ["roundStart", "earlyStop", "synthesisStart", "synthesisComplete", "finalResult"] {
        assert!(events.iter().any(|one| one["event"] == name), "{name} is missing: {events:#?}");
    }
}
