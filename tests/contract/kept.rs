//! Real CLIs that are kept: many calls, one process, and nothing of one call in the requests of another.

use super::driver::{Call, Pays};
use super::installed::Cli;
use super::loopback::{Answer, Gate, Loopback, Part, Request, Turn};
use super::texts::only;
use refinery_core::adapter::Transport;
use refinery_core::exchange::Effort;
use refinery_core::failure::FailureClass;
use serde_json::json;

/// What is asked: answered, refused, interrupted by our clock, and answered after each of them.
const PROMPTS: [&str; 6] = ["Say one.", "Fail at two.", "/clear three", "Be silent at four.", "Say five.", "Say six."];

fn script(request: &Request) -> Answer {
    match request.prompt() {
        text if text.contains("Fail") => Answer::page(502),
        text if text.contains("silent") => Answer::Silence,
        _ if request.schema().is_some() => Answer::structured(json!({ "n": 42 })),
        _ => Answer::text("forty-two"),
    }
}

#[test]
fn calls_share_a_process_and_nothing_else() {
    for (cli, pays, schema) in [
        (Cli::Claude, Pays::Variable("ANTHROPIC_API_KEY"), false),
        (Cli::Claude, Pays::Variable("CLAUDE_CODE_OAUTH_TOKEN"), false),
        (Cli::Claude, Pays::Variable("ANTHROPIC_API_KEY"), true),
        (Cli::Codex, Pays::Variable("OPENAI_API_KEY"), false),
        (Cli::Codex, Pays::StoredKey, true),
        (Cli::Codex, Pays::Login, false),
    ] {
        let server = Loopback::start(script);
        let mut call = Call::new(cli, server.url());
        call.pays = pays;
        call.limits.hard = std::time::Duration::from_secs(20);
        call.schema = schema.then(|| {
            json!({ "type": "object", "additionalProperties": false, "required": ["n"],
                "properties": { "n": { "type": "integer" } } })
        });
        let (results, started) = call.ask_kept(&PROMPTS);
        let classes: Vec<_> = results.iter().map(|result| result.as_ref().err().map(|failure| failure.class)).collect();
        let expected = [None, Some(FailureClass::Overloaded), None, Some(FailureClass::TimedOut), None, None];
        assert_eq!(classes, expected, "{pays:?}: {results:#?}");
        assert_eq!(started, 1, "{pays:?}");
        let (asks, answers) = (server.asks(), server.answers());
        assert_eq!(asks.len(), PROMPTS.len(), "{pays:?}: {asks:?}");
        for (ask, prompt) in asks.iter().zip(PROMPTS) {
            only(ask, &answers, &call.system, prompt).unwrap();
        }
        // What it counts is one call's, however many there were: the last prompt is as long as the first.
        let usage = |at: usize| results[at].as_ref().unwrap().usage;
        assert_eq!(usage(0).cost_usd.is_some_and(|cost| cost > 0.0), cli == Cli::Claude, "{results:#?}");
        assert!(usage(0).input_tokens.is_some_and(|tokens| tokens > 0), "{results:#?}");
        assert_eq!(usage(0), usage(5), "{pays:?}");
    }
}

/// codex takes many calls at once, and of each of them all that one process per call has in its arguments.
#[test]
fn calls_at_the_same_time_share_nothing() {
    let gate = Gate::new();
    let wait = gate.clone();
    let script = move |request: &Request| {
        let answer = format!("to {}", request.prompt());
        Turn::new(vec![Part::Wait(wait.clone()), Part::Text(answer)]).into()
    };
    let server = Loopback::start(script);
    let call = |model, effort, system: &str, prompt: &str| {
        let mut call = Call::new(Cli::Codex, server.url());
        (call.model, call.effort, call.transport) = (Some(model), Some(effort), Transport::Kept);
        (call.system, call.prompt) = (system.to_owned(), prompt.to_owned());
        call
    };
    let calls = [
        call("gpt-5.5", Effort::Low, "You are the first.", "One?"),
        call("gpt-5.5", Effort::Max, "You are the second.", "Two?"),
        call("gpt-6-sol", Effort::High, "You are the third.", "Three?"),
    ];
    let (results, started) = std::thread::scope(|scope| {
        let opened = scope.spawn(|| {
            // All of them are asked before one is answered.
            server.wait_for_asks(calls.len());
            gate.open();
        });
        let asked = Call::ask_at_once(&calls);
        opened.join().unwrap();
        asked
    });
    assert_eq!(started, 1, "{results:#?}");
    let (asks, answers) = (server.asks(), server.answers());
    assert_eq!(asks.len(), calls.len(), "{asks:?}");
    for (call, result) in calls.iter().zip(results) {
        assert_eq!(&*result.unwrap().text, format!("to {}", call.prompt));
        let ask = asks.iter().find(|ask| ask.prompt() == call.prompt).unwrap();
        assert_eq!((Some(ask.model()), ask.effort()), (call.model, call.effort.map(|effort| effort.to_string())));
        only(ask, &answers, &call.system, &call.prompt).unwrap();
    }
}
