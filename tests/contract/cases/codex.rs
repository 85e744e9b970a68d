//! Codex. Its `exec` mode has no error codes: only prose, of which `shows` keeps the words that count.

use super::{Case, FAR, Reset, asks_for_shape, stops_soon};
use crate::driver::{Call, Pays};
use crate::loopback::{Answer, Ending, Fault, Part, Turn};
use refinery_core::failure::FailureClass as Class;
use serde_json::json;
use std::time::Duration;

pub fn cases() -> Vec<Case> {
    [answers(), credentials(), refusals(), limits(), breaks()].into_iter().flatten().collect()
}

fn login(call: &mut Call) {
    call.pays = Pays::Login;
}

fn answers() -> Vec<Case> {
    let reply = |_: &_| Answer::text("forty-two");
    vec![
        Case::new("success", reply).shows(&["completed"]),
        Case::new("success-login", reply).with(login),
        Case::new("success-thinking", |_| {
            let parts = vec![Part::Thinking("**Six, seven**".to_owned()), Part::Text("forty-two".to_owned())];
            Turn::new(parts).into()
        })
        .shows(&["\"type\":\"reasoning\""]),
        // The answer is the last message.
        Case::new("success-commentary", |_| {
            let parts =
                vec![Part::Text("Let me see.".to_owned()), Part::NextMessage, Part::Text("forty-two".to_owned())];
            Turn::new(parts).into()
        }),
        Case::new("success-pieces", |_| Turn::new(vec![Part::Text("forty-twö\n".repeat(20))]).in_pieces(8).into())
            .gives("forty-twö\n".repeat(20)),
        Case::new("success-unknown-model", reply)
            .with(|call| call.model = Some("o3"))
            .shows(&["Model metadata for `o3` not found"]),
        Case::new("structured", |_| Answer::structured(json!({ "n": 42 }))).with(asks_for_shape).gives("{\"n\":42}"),
        // Nothing checks the shape: the text is the answer.
        Case::new("structured-words", reply).with(asks_for_shape),
        Case::new("refusal", |_| Answer::ending("I cannot help with that.", Ending::Refusal)).fails(Class::Empty),
        Case::new("empty", |_| Answer::empty()).fails(Class::Empty),
        Case::new("cut-at-limit", |_| Answer::ending("forty-", Ending::Length))
            .fails(Class::Truncated)
            .shows(&["Incomplete response returned, reason: max_output_tokens"]),
        Case::new("imagined-tool", |request| match request.nth {
            0 => Turn::new(vec![Part::Tool { name: "exec_command".to_owned(), input: json!({ "cmd": "id" }) }]).into(),
            _ => Answer::text("forty-two"),
        })
        .asks(2),
    ]
}

fn credentials() -> Vec<Case> {
    vec![
        // It does not look before it asks: the vendor says so.
        Case::new("not-logged-in", |_| Answer::Raw {
            status: 401,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: json!({ "error": { "message": "Missing bearer or basic authentication in header",
                "type": "invalid_request_error", "param": null, "code": null } })
            .to_string(),
        })
        .with(|call| call.pays = Pays::Nobody)
        .fails(Class::NotLoggedIn)
        .shows(&["unexpected status 401 Unauthorized: Missing bearer"]),
        Case::new("401", |_| Fault::BadCredential.into())
            .fails(Class::BadCredential)
            .shows(&["unexpected status 401 Unauthorized: Incorrect API key provided"]),
        Case::new("403", |_| Fault::Forbidden.into())
            .fails(Class::Forbidden)
            .shows(&["unexpected status 403 Forbidden"]),
    ]
}

fn refusals() -> Vec<Case> {
    let body = |status: u16, body: serde_json::Value| Answer::Raw {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string(),
    };
    vec![
        Case::new("400", |_| Fault::BadRequest.into()).fails(Class::BadRequest).shows(&["invalid_json_schema"]),
        Case::new("400-model", |_| Fault::BadModel.into())
            .fails(Class::BadModel)
            .shows(&["The requested model 'gpt-5.5' does not exist"]),
        Case::new("400-plan-model", move |_| {
            body(
                400,
                json!({ "detail": "The 'gpt-5.5' model is not supported when using Codex with a ChatGPT account." }),
            )
        })
        .with(login)
        .fails(Class::BadModel)
        .shows(&["model is not supported when using Codex"]),
        Case::new("404", move |_| {
            body(
                404,
                json!({ "error": { "message": "The model `gpt-5.5` does not exist or you do not have access to it.",
                "type": "invalid_request_error", "param": null, "code": "model_not_found" } }),
            )
        })
        .fails(Class::BadModel)
        .shows(&["The model `gpt-5.5` does not exist or you do not have access to it."]),
        Case::new("too-long", |_| Fault::TooLong.into())
            .fails(Class::ContextTooLong)
            .shows(&["ran out of room in the model's context window"]),
        Case::new("too-long-locally", |_| Answer::text("forty-two"))
            .with(|call| {
                call.prompt = "x".repeat(1_048_640);
                call.unguarded = true;
            })
            .fails(Class::ContextTooLong)
            .shows(&["input_too_large"])
            .asks(0),
        Case::new("bad-flag", |_| Answer::text("forty-two"))
            .with(|call| call.prefix.push("--no-such-flag".to_owned()))
            .fails(Class::Misconfigured)
            .shows(&["error: unexpected argument"])
            .asks(0),
        Case::new("bad-setting", |_| Answer::text("forty-two"))
            .with(|call| call.prefix.extend(["-c", "model_verbosity=\"loud\""].map(str::to_owned)))
            .fails(Class::Misconfigured)
            .shows(&["Error"])
            .asks(0),
    ]
}

fn limits() -> Vec<Case> {
    vec![
        Case::new("429", |_| Fault::RateLimited(None).into())
            .fails(Class::RateLimited)
            .shows(&["exceeded retry limit, last status: 429 Too Many Requests"]),
        Case::new("429-retry-after", |_| Fault::RateLimited(Some(7)).into())
            .fails(Class::RateLimited)
            .shows(&["last status: 429"]),
        Case::new("429-quota", |_| Fault::Billing.into()).fails(Class::Billing).shows(&["Quota exceeded"]),
        Case::new("usage-limit", |_| Fault::UsageLimit(super::soon()).into())
            .with(login)
            .resets(Reset::After(super::SOON))
            .shows(&["hit your usage limit", "try again at "]),
        Case::new("usage-limit-later", |_| Fault::UsageLimit(FAR).into())
            .with(login)
            .resets(Reset::At(FAR))
            .shows(&["hit your usage limit", "try again at Jan 2nd, 2027 9:12 AM"]),
        Case::new("500", |_| Fault::ServerError.into()).fails(Class::Overloaded).shows(&["experiencing high demand"]),
        Case::new("503", |_| Fault::Unavailable.into())
            .fails(Class::Overloaded)
            .shows(&["unexpected status 503 Service Unavailable"]),
        Case::new("stream-overloaded", |_| Fault::Overloaded.into()).fails(Class::Overloaded).shows(&["at capacity"]),
        Case::new("stream-rate-limited", |_| {
            failed("rate_limit_exceeded", "Rate limit reached. Please try again in 1.5s.")
        })
        .pauses(Duration::from_millis(1500))
        .shows(&["rate limit exceeded", "try again in 1.5s"]),
        Case::new("stream-failed", |_| failed("server_error", "Something went wrong."))
            .fails(Class::Overloaded)
            .shows(&["stream disconnected before completion: Something went wrong."]),
    ]
}

/// The stream says that it failed.
fn failed(code: &str, message: &str) -> Answer {
    let event = json!({ "type": "response.failed", "response": { "id": "resp_0000", "object": "response",
        "status": "failed", "error": { "code": code, "message": message } } });
    Answer::Raw {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
        body: format!("event: response.failed\ndata: {event}\n\n"),
    }
}

fn breaks() -> Vec<Case> {
    let closed = "stream disconnected before completion";
    vec![
        Case::unreachable("refused").fails(Class::Network).shows(&["Connection failed"]),
        Case::new("hang-up", |_| Answer::HangUp).fails(Class::Network),
        Case::new("cut", |_| Answer::ending("forty-", Ending::Cut)).fails(Class::Network).shows(&[closed]),
        Case::new("unfinished", |_| Answer::ending("forty-", Ending::Unfinished))
            .fails(Class::Network)
            .shows(&["stream closed before response.completed"]),
        Case::new("unmarked", |_| Answer::ending("forty-", Ending::Unmarked))
            .fails(Class::Network)
            .shows(&["stream closed before response.completed"]),
        Case::new("page", |_| Answer::page(200)).fails(Class::Network).shows(&[closed]),
        // No clock of the CLI runs before the response's headers: ours ends it.
        Case::new("stall-before", |_| Answer::Silence).with(stops_soon).fails(Class::TimedOut),
        Case::new("stall-within", |_| Answer::ending("forty-", Ending::Stall)).with(stops_soon).fails(Class::TimedOut),
    ]
}
