//! Claude Code.

use super::{Case, FAR, Reset, asks_for_shape};
use crate::driver::{Call, Pays};
use crate::loopback::{Answer, Ending, Fault, Part, Turn};
use refinery_core::failure::FailureClass as Class;
use serde_json::json;
use std::time::Duration;

pub fn cases() -> Vec<Case> {
    [answers(), shapes(), credentials(), refusals(), limits(), breaks()].into_iter().flatten().collect()
}

/// What the CLI says where no whole answer came.
const FAILED: &str = "\"api_error\":\"connection_failed\"";

fn token(call: &mut Call) {
    call.pays = Pays::Variable("CLAUDE_CODE_OAUTH_TOKEN");
}

/// Silence means trouble: it streams.
fn idles(call: &mut Call) {
    call.limits.idle = Some(Duration::from_secs(8));
}

fn answers() -> Vec<Case> {
    let reply = |_: &_| Answer::text("forty-two");
    vec![
        Case::new("success", reply),
        Case::new("success-token", reply).with(token),
        Case::new("success-login", reply).with(|call| call.pays = Pays::Login),
        Case::new("success-thinking", |_| {
            let parts = vec![Part::Thinking("six, seven".to_owned()), Part::Text("forty-two".to_owned())];
            Turn::new(parts).into()
        }),
        Case::new("success-pieces", |_| Turn::new(vec![Part::Text("forty-twö\n".repeat(20))]).in_pieces(8).into())
            .gives("forty-twö\n".repeat(20)),
        // On a cut at the limit of output tokens the CLI asks for the rest by itself, and its result has
        // only the last piece.
        Case::new("continuation", |request| match request.nth {
            0 => Answer::ending("forty-", Ending::Length),
            _ => Answer::text("two"),
        })
        .asks(2),
        Case::new("cut-at-limit", |_| Answer::ending("forty-", Ending::Length))
            .fails(Class::Truncated)
            .shows(&["output token maximum"])
            .asks(4),
        Case::new("refusal", |_| Answer::ending("", Ending::Refusal))
            .fails(Class::Declined)
            .shows(&["\"stop_reason\":\"refusal\""]),
        Case::new("empty", |_| Answer::empty()).fails(Class::Empty).shows(&["\"result\":\"\""]).asks(2),
        Case::new("imagined-tool", |request| match request.nth {
            0 => {
                Turn::new(vec![Part::Tool { name: "Read".to_owned(), input: json!({ "file_path": "/etc/hostname" }) }])
                    .into()
            }
            _ => Answer::text("forty-two"),
        })
        .asks(2),
        Case::new("slash", reply)
            .with(|call| {
                call.prompt = "/help me".to_owned();
                call.unguarded = true;
            })
            .fails(Class::NotAsked)
            .shows(&["isn't available in this environment", "\"num_turns\":0"])
            .asks(0),
    ]
}

fn shapes() -> Vec<Case> {
    let valid = |_: &_| Answer::structured(json!({ "n": 42 }));
    vec![
        Case::new("structured", valid)
            .with(asks_for_shape)
            .gives("{\"n\":42}")
            .shows(&["\"structured_output\":{\"n\":42}"]),
        // The CLI would ask up to four times more by itself: a repair is the protocol's, and counted.
        Case::new("structured-never", |_| Answer::structured(json!({ "n": "many" })))
            .with(asks_for_shape)
            .fails(Class::Malformed)
            .shows(&["error_max_structured_output_retries"]),
        Case::new("structured-words", |_| Answer::text("forty-two"))
            .with(asks_for_shape)
            .fails(Class::Malformed)
            .asks(2),
    ]
}

fn credentials() -> Vec<Case> {
    let refused = |_: &_| Fault::BadCredential.into();
    vec![
        Case::new("not-logged-in", refused)
            .with(|call| call.pays = Pays::Nobody)
            .fails(Class::NotLoggedIn)
            .shows(&["Not logged in", "authentication_failed"])
            .asks(0),
        Case::new("401-key", refused)
            .fails(Class::BadCredential)
            .shows(&["authentication_failed", "\"api_error_status\":401"]),
        Case::new("401-token", refused)
            .with(token)
            .fails(Class::BadCredential)
            .shows(&["authentication_failed", "\"api_error_status\":401"])
            // Once more, with its login read anew.
            .asks(2),
        Case::new("403", |_| Fault::Forbidden.into())
            .fails(Class::Forbidden)
            .shows(&["authentication_failed", "\"api_error_status\":403"]),
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        Case::new("400", |_| Fault::BadRequest.into()).fails(Class::BadRequest).shows(&["\"api_error_status\":400"]),
        Case::new("400-too-long", |_| Fault::TooLong.into())
            .fails(Class::ContextTooLong)
            .shows(&["Prompt is too long", "prompt_too_long"]),
        Case::new("400-credit", |_| Fault::Billing.into())
            .fails(Class::Billing)
            .shows(&["Credit balance is too low", "billing_error"]),
        Case::new("404", |_| Fault::BadModel.into()).fails(Class::BadModel).shows(&["model_not_found"]).asks(2),
        Case::new("413", |_| Fault::TooLarge.into()).fails(Class::ContextTooLong).shows(&["Request too large"]),
        Case::new("bad-flag", |_| Answer::text("forty-two"))
            .with(|call| call.prefix.push("--no-such-flag".to_owned()))
            .fails(Class::Misconfigured)
            .shows(&["error: unknown option"])
            .asks(0),
    ]
}

fn limits() -> Vec<Case> {
    vec![
        Case::new("429", |_| Fault::RateLimited(None).into())
            .fails(Class::RateLimited)
            .shows(&["\"api_error_status\":429", "rate_limit"]),
        Case::new("429-retry-after", |_| Fault::RateLimited(Some(7)).into())
            .fails(Class::RateLimited)
            .shows(&["\"api_error_status\":429"]),
        Case::new("429-token", |_| Fault::RateLimited(None).into())
            .with(token)
            .fails(Class::RateLimited)
            .shows(&["not your usage limit"]),
        Case::new("usage-limit", |_| Fault::UsageLimit(FAR).into()).with(token).resets(Reset::At(FAR)).shows(&[
            "rate_limit_event",
            "\"status\":\"rejected\"",
            "\"resetsAt\":1798881120",
        ]),
        Case::new("500", |_| Fault::ServerError.into())
            .fails(Class::Overloaded)
            .shows(&["\"api_error_status\":500", "server_error"]),
        Case::new("502-page", |_| Answer::page(502)).fails(Class::Overloaded).shows(&["\"api_error_status\":502"]),
        Case::new("529", |_| Fault::Overloaded.into())
            .fails(Class::Overloaded)
            .shows(&["529 Overloaded", "server_error"]),
    ]
}

fn breaks() -> Vec<Case> {
    vec![
        Case::unreachable("refused").fails(Class::Network).shows(&[FAILED, "ECONNREFUSED"]),
        Case::new("hang-up", |_| Answer::HangUp).fails(Class::Network).shows(&[FAILED]),
        Case::new("cut", |_| Answer::ending("forty-", Ending::Cut)).fails(Class::Network).shows(&[FAILED]),
        Case::new("unfinished", |_| Answer::ending("forty-", Ending::Unfinished))
            .fails(Class::Network)
            .shows(&[FAILED]),
        // A message that ended without its end mark is asked to go on, three times.
        Case::new("unmarked", |_| Answer::ending("forty-", Ending::Unmarked))
            .fails(Class::Network)
            .shows(&[FAILED])
            .asks(4),
        Case::new("resumed", |request| match request.nth {
            0 => Answer::ending("forty-", Ending::Unmarked),
            _ => Answer::text("two"),
        })
        .asks(2),
        // What a proxy says in the vendor's place.
        Case::new("malformed-page", |_| Answer::page(200))
            .fails(Class::Network)
            .shows(&["\"terminal_reason\":\"api_error\""]),
        Case::new("malformed-event", |_| Answer::Raw {
            status: 200,
            headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
            body: "event: message_start\ndata: {\"type\":\"message_st\n\n".to_owned(),
        })
        .fails(Class::Network)
        .shows(&["\"terminal_reason\":\"api_error\""]),
        Case::new("stall-before", |_| Answer::Silence).with(idles).fails(Class::Idle),
        Case::new("stall-within", |_| Answer::ending("forty-", Ending::Stall)).with(idles).fails(Class::Idle),
    ]
}
