//! Real CLIs that are kept: many calls, one process, and nothing of one call in the requests of another.

use super::driver::{Call, Pays};
use super::installed::Cli;
use super::loopback::{Answer, Loopback, Request};
use super::texts::only;
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
    for (pays, schema) in [("ANTHROPIC_API_KEY", false), ("CLAUDE_CODE_OAUTH_TOKEN", false), ("ANTHROPIC_API_KEY", true)] {
        let server = Loopback::start(script);
        let mut call = Call::new(Cli::Claude, server.url());
        call.pays = Pays::Variable(pays);
        call.limits.hard = std::time::Duration::from_secs(20);
        call.schema = schema.then(|| {
            json!({ "type": "object", "additionalProperties": false, "required": ["n"],
                "properties": { "n": { "type": "integer" } } })
        });
        let (results, started) = call.ask_kept(&PROMPTS);
        let classes: Vec<_> = results.iter().map(|result| result.as_ref().err().map(|failure| failure.class)).collect();
        let expected = [None, Some(FailureClass::Overloaded), None, Some(FailureClass::TimedOut), None, None];
        assert_eq!(classes, expected, "{pays}: {results:#?}");
        assert_eq!(started, 1, "{pays}");
        let (asks, answers) = (server.asks(), server.answers());
        assert_eq!(asks.len(), PROMPTS.len(), "{pays}: {asks:?}");
        for (ask, prompt) in asks.iter().zip(PROMPTS) {
            only(ask, &answers, &call.system, prompt).unwrap();
        }
        // What it counts is one call's, however many there were: the last prompt is as long as the first.
        let usage = |at: usize| results[at].as_ref().unwrap().usage;
        assert!(usage(0).cost_usd.is_some_and(|cost| cost > 0.0), "{results:#?}");
        assert_eq!(usage(0), usage(5), "{pays}");
    }
}
