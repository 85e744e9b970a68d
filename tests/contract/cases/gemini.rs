//! Gemini CLI. In json mode it is silent until its end, so only the hard limit can run.

use super::{Case, Reset, asks_for_shape, stops_soon};
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
        Case::new("success", reply),
        Case::new("success-login", reply).with(login),
        Case::new("success-thinking", |_| {
            let parts = vec![Part::Thinking("six, seven".to_owned()), Part::Text("forty-two".to_owned())];
            Turn::new(parts).into()
        }),
        Case::new("success-pieces", |_| Turn::new(vec![Part::Text("forty-twö\n".repeat(20))]).in_pieces(8).into())
            .gives("forty-twö\n".repeat(20)),
        Case::new("structured", |_| Answer::structured(json!({ "n": 42 }))).with(asks_for_shape).gives("{\"n\":42}"),
        Case::new("structured-words", reply).with(asks_for_shape),
        // Nothing that the CLI prints tells that the model was cut.
        Case::new("cut-at-limit", |_| Answer::ending("forty-two", Ending::Length)),
        Case::new("safety", |_| Answer::ending("", Ending::Refusal))
            .fails(Class::Declined)
            .shows(&["blocked due to safety", "SAFETY_BLOCKED"]),
        Case::new("prompt-blocked", |_| Answer::Raw {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
            body: format!(
                "data: {}\n\n",
                json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" },
                "usageMetadata": { "promptTokenCount": 7, "totalTokenCount": 7 }, "modelVersion": "gemini-2.5-flash" })
            ),
        })
        .fails(Class::Declined)
        .shows(&["INVALID_STREAM"]),
        Case::new("empty", |_| Answer::empty()).fails(Class::Empty).shows(&["INVALID_STREAM", "empty response"]),
        Case::new("imagined-tool", |_| {
            Turn::new(vec![Part::Tool { name: "read_file".to_owned(), input: json!({ "path": "/etc/hostname" }) }])
                .into()
        })
        .fails(Class::Empty)
        .shows(&["Reached max session turns"]),
    ]
}

fn credentials() -> Vec<Case> {
    vec![
        Case::new("not-logged-in", |_| Answer::text("forty-two"))
            .with(|call| call.pays = Pays::Nobody)
            .fails(Class::NotLoggedIn)
            .shows(&["Manual authorization is required"])
            .asks(0),
        Case::new("400-key", |_| Fault::BadCredential.into())
            .fails(Class::BadCredential)
            .shows(&["API key not valid", "API_KEY_INVALID"]),
        Case::new("401-login", |_| Fault::BadCredential.into())
            .with(login)
            .fails(Class::BadCredential)
            .shows(&["UNAUTHENTICATED"]),
        Case::new("403", |_| Fault::Forbidden.into()).fails(Class::Forbidden).shows(&["PERMISSION_DENIED"]),
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        Case::new("400", |_| Fault::BadRequest.into()).fails(Class::BadRequest).shows(&["INVALID_ARGUMENT"]),
        Case::new("400-too-long", |_| Fault::TooLong.into())
            .fails(Class::ContextTooLong)
            .shows(&["exceeds the maximum number of tokens"]),
        // More than the CLI's own estimate allows: it asks nobody, and says nothing.
        Case::new("too-long-locally", |_| Answer::text("forty-two"))
            .with(|call| {
                call.prompt = "x ".repeat(2_500_000);
                call.unguarded = true;
            })
            .fails(Class::ContextTooLong)
            .shows(&["\"models\": {}"])
            .asks(0),
        Case::new("404", |_| Fault::BadModel.into()).fails(Class::BadModel).shows(&["ModelNotFoundError"]),
        Case::new("bad-flag", |_| Answer::text("forty-two"))
            .with(|call| call.prefix.extend(["--approval-mode", "nope"].map(str::to_owned)))
            .fails(Class::Misconfigured)
            .shows(&["Invalid values:"])
            .asks(0),
    ]
}

fn limits() -> Vec<Case> {
    vec![
        Case::new("429", |_| Fault::RateLimited(None).into())
            .fails(Class::RateLimited)
            .shows(&["Resource has been exhausted"]),
        Case::new("429-minute", |_| Fault::RateLimited(Some(3)).into())
            .pauses(Duration::from_secs(3))
            .shows(&["Please retry in 3s", "retryDelayMs: 3000"]),
        Case::new("429-day", |_| Fault::DailyQuota.into())
            .fails(Class::UsageLimit)
            .shows(&["exhausted your daily quota", "TerminalQuotaError"]),
        Case::new("usage-limit", |_| Fault::UsageLimit(0).into())
            .with(login)
            .resets(Reset::After(Duration::from_secs(12_130)))
            .shows(&["Your quota will reset after 3h22m10s"]),
        Case::new("500", |_| Fault::ServerError.into()).fails(Class::Overloaded).shows(&["INTERNAL"]),
        Case::new("503", |_| Fault::Unavailable.into()).fails(Class::Overloaded).shows(&["The model is overloaded"]),
    ]
}

fn breaks() -> Vec<Case> {
    vec![
        Case::unreachable("refused").fails(Class::Network).shows(&["fetch failed"]),
        Case::new("hang-up", |_| Answer::HangUp).fails(Class::Network).shows(&["fetch failed"]),
        Case::new("cut", |_| Answer::ending("forty-", Ending::Cut)).fails(Class::Network).shows(&["terminated"]),
        // The same words as for a blocked prompt; but here is half of an answer.
        Case::new("unfinished", |_| Answer::ending("forty-", Ending::Unfinished))
            .fails(Class::Network)
            .shows(&["\"response\": \"forty-\"", "Model stream ended without a finish reason"]),
        Case::new("page", |_| Answer::page(200)).fails(Class::Network).shows(&["Incomplete JSON segment"]),
        Case::new("stall-before", |_| Answer::Silence).with(stops_soon).fails(Class::TimedOut),
        Case::new("stall-headers", |_| Answer::Silence).fails(Class::TimedOut).shows(&["fetch failed"]),
        Case::new("stall-within", |_| Answer::ending("forty-", Ending::Stall)).with(stops_soon).fails(Class::TimedOut),
    ]
}
