//! What the codec makes of the shapes in which the CLI speaks.

use super::super::testing::{Read, context, exit, read};
use super::super::{CodecKind, Progress};
use super::*;
use crate::invocation::{Ending, Flow};
use serde_json::json;

fn run(lines: &[Value], shaped: bool, ending: Ending) -> Read {
    let stdout = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let context = CodecContext {
        shaped,
        ..context(&json!([{ "class": "usage_limit", "fields": { "error": "rate_limit" }, "resets": true }]))
    };
    read(&CodecKind::Claude, context, &stdout, "", &exit(ending, 0))
}

fn said(id: &str, text: &str) -> Value {
    json!({ "type": "assistant", "message": { "id": id, "model": "claude-opus-4-8[1m]", "content": [{ "type": "text", "text": text }] } })
}

fn stopped(reason: &str) -> Value {
    json!({ "type": "stream_event", "event": { "type": "message_delta", "delta": { "stop_reason": reason } } })
}

fn result(more: Value) -> Value {
    let mut result = json!({ "type": "result", "subtype": "success", "is_error": false, "num_turns": 1,
        "result": "forty-two", "stop_reason": "end_turn", "total_cost_usd": 0.5,
        "usage": { "input_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2, "output_tokens": 7 },
        "modelUsage": { "claude-opus-4-8[1m]": {}, "claude-haiku-4-5": {} } });
    if let Value::Object(more) = more {
        result.as_object_mut().unwrap().extend(more);
    }
    result
}

#[test]
fn a_reply_has_text_tokens_cost_and_model() {
    let reply = run(&[said("a", "forty-two"), result(json!({}))], false, Ending::Done).result.unwrap();
    assert_eq!(&*reply.text, "forty-two");
    assert_eq!(reply.served.as_deref(), Some("claude-opus-4-8"));
    let usage = Usage {
        input_tokens: Some(10),
        cached_input_tokens: Some(3),
        output_tokens: Some(7),
        cost_usd: Some(0.5),
        extra_requests: Some(0),
        ..Usage::default()
    };
    assert_eq!(reply.usage, usage);
}

#[test]
fn pieces_are_joined_after_a_limit_and_dropped_before_a_tool() {
    let pieces = [
        said("a", "forty-"),
        stopped("max_tokens"),
        said("b", "two"),
        stopped("end_turn"),
        result(json!({ "result": "two" })),
    ];
    let reply = run(&pieces, false, Ending::Done).result.unwrap();
    assert_eq!(&*reply.text, "forty-two");
    assert_eq!(reply.usage.extra_requests, Some(1));
    let commentary =
        [said("a", "Let me see."), stopped("tool_use"), said("b", "forty-two"), stopped("end_turn"), result(json!({}))];
    assert_eq!(&*run(&commentary, false, Ending::Done).result.unwrap().text, "forty-two");
    // Without partial messages nobody says why the first one ended: nothing may be lost.
    let unknown = [said("a", "forty-"), said("b", "two"), result(json!({ "result": "two" }))];
    assert_eq!(&*run(&unknown, false, Ending::Done).result.unwrap().text, "forty-two");
}

#[test]
fn a_refused_credential_ends_it_early() {
    let retry = json!({ "type": "system", "subtype": "api_retry", "attempt": 1, "error_status": 401, "error": "authentication_failed" });
    let read = run(&[retry], false, Ending::Done);
    assert_eq!(read.steps[0].flow, Flow::Done);
    assert_eq!(read.result.unwrap_err().class, FailureClass::BadCredential);
}

/// Every way in which it asks more often than it was told to, as it says so.
#[test]
fn each_request_is_counted() {
    let failed = |more: Value| {
        let mut all = json!({ "is_error": true, "result": "?", "modelUsage": {}, "begun_message_ids": [] });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        result(all)
    };
    // It reads its login again after a 401, and says of both requests that they were refused.
    let refused = json!({ "type": "system", "subtype": "api_retry", "attempt": 0, "max_retries": 0,
        "error_status": 401, "error": "authentication_failed" });
    let begun = |ids: &[&str]| json!({ "begun_message_ids": ids });
    for (lines, extra) in [
        (vec![failed(json!({ "api_error_status": 400 }))], 0),
        (vec![failed(json!({ "api_error_status": 404 }))], 1),
        (vec![refused.clone(), refused.clone(), failed(json!({ "api_error_status": 401 }))], 1),
        (vec![refused, said("a", "forty-two"), result(begun(&["a"]))], 1),
        (vec![failed(begun(&["a", "b", "c", "d"]))], 3),
        (vec![said("a", "forty-"), said("b", "two"), result(begun(&["a", "b"]))], 1),
    ] {
        let usage = match run(&lines, false, Ending::Done).result {
            Ok(reply) => reply.usage,
            Err(failure) => failure.usage,
        };
        assert_eq!(usage.extra_requests, Some(extra), "{lines:?}");
    }
}

/// What the CLI says in fields counts before its words, which change.
#[test]
fn an_answer_that_never_came_whole_is_a_network_error() {
    for more in [
        json!({ "api_error": "connection_failed", "terminal_reason": "api_error", "result": "?" }),
        json!({ "terminal_reason": "api_error", "result": "API Error: Stream ended without receiving any events" }),
    ] {
        let mut ended = json!({ "is_error": true, "api_error_status": null, "stop_reason": "stop_sequence" });
        ended.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let rules = json!([{ "class": "network", "fields": { "api_error": "connection_failed" } },
            { "class": "overloaded", "fields": { "error": "server_error" } }]);
        let stdout = result(ended).to_string();
        let failure =
            read(&CodecKind::Claude, context(&rules), &stdout, "", &exit(Ending::Done, 1)).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::Network, "{more}");
    }
}

#[test]
fn thinking_is_counted_where_the_cli_says_how_much() {
    let usage = json!({ "input_tokens": 5, "output_tokens": 7, "output_tokens_details": { "thinking_tokens": 4 } });
    let reply = run(&[said("a", "forty-two"), result(json!({ "usage": usage }))], false, Ending::Done).result.unwrap();
    assert_eq!((reply.usage.output_tokens, reply.usage.reasoning_tokens), (Some(7), Some(4)));
}

#[test]
fn retries_are_shown_and_counted() {
    let retry =
        json!({ "type": "system", "subtype": "api_retry", "attempt": 1, "error_status": 529, "error": "server_error" });
    let lines = [retry.clone(), said("a", "forty-two"), result(json!({}))];
    let read = run(&lines, false, Ending::Done);
    assert_eq!(read.steps[0].progress, Some(Progress::Retrying("retry 1 after server_error (529)".to_owned())));
    assert_eq!(read.steps[2].flow, Flow::Done);
    assert_eq!(read.result.unwrap().usage.extra_requests, Some(1));
    let failure = run(&[retry], false, Ending::HardLimit).result.unwrap_err();
    assert_eq!(failure.class, FailureClass::TimedOut);
    assert_eq!(failure.message, "no complete answer after 7 s: retry 1 after server_error (529)");
    assert_eq!(failure.usage.extra_requests, Some(1));
}

#[test]
fn ends_that_look_like_success_are_none() {
    for (more, shaped, expected) in [
        (
            json!({ "num_turns": 0, "result": "Unknown command: /foo", "stop_reason": null }),
            false,
            FailureClass::NotAsked,
        ),
        (json!({ "stop_reason": "refusal" }), false, FailureClass::Declined),
        (json!({ "stop_reason": "max_tokens" }), false, FailureClass::Truncated),
        (json!({ "stop_reason": null }), false, FailureClass::Network),
        (json!({}), true, FailureClass::Malformed),
        (
            json!({ "is_error": true, "result": null, "subtype": "error_max_structured_output_retries", "errors": ["never"] }),
            true,
            FailureClass::Malformed,
        ),
        (
            json!({ "is_error": true, "result": "exceeded the 64000 output token maximum" }),
            false,
            FailureClass::Truncated,
        ),
        (json!({ "is_error": true, "api_error_status": 502, "result": "?" }), false, FailureClass::Overloaded),
        (json!({ "is_error": true, "api_error_status": 418, "result": "?" }), false, FailureClass::BadRequest),
        (json!({ "is_error": true, "result": "?" }), false, FailureClass::Crashed),
    ] {
        let failure = run(&[said("a", "words"), result(more.clone())], shaped, Ending::Done).result.unwrap_err();
        assert_eq!(failure.class, expected, "{more}");
        assert!(failure.partial.is_some(), "{more}");
        assert_eq!(failure.usage.cost_usd, Some(0.5), "{more}");
    }
    let failure = run(&[result(json!({ "result": " " }))], false, Ending::Done).result.unwrap_err();
    assert_eq!(failure.class, FailureClass::Empty);
}

#[test]
fn a_structured_reply_is_both_value_and_text() {
    let more = json!({ "structured_output": { "n": 42 }, "result": "{\"n\": 42}", "stop_reason": "tool_use" });
    let reply = run(&[result(more)], true, Ending::Done).result.unwrap();
    assert_eq!((&*reply.text, reply.structured), ("{\"n\":42}", Some(json!({ "n": 42 }))));
}

#[test]
fn a_reply_without_the_shape_is_kept_for_its_repair() {
    let tool = json!({ "type": "assistant", "message": { "id": "a", "model": "claude-opus-4-8", "content": [
        { "type": "tool_use", "name": "StructuredOutput", "input": { "n": "many" } }] } });
    let ended = json!({ "is_error": true, "subtype": "error_max_structured_output_retries", "result": null,
        "errors": ["Failed to provide valid structured output after 1 attempts"] });
    let failure = run(&[tool, result(ended)], true, Ending::Done).result.unwrap_err();
    assert_eq!((failure.class, failure.partial.as_deref()), (FailureClass::Malformed, Some(r#"{"n":"many"}"#)));
}

#[test]
fn a_usage_limit_has_the_reset_time_of_its_event() {
    let event =
        json!({ "type": "rate_limit_event", "rate_limit_info": { "status": "rejected", "resetsAt": 1_798_881_120 } });
    let error = json!({ "type": "assistant", "error": "rate_limit", "message": { "id": "x", "model": "<synthetic>", "content": [{ "type": "text", "text": "limit" }] } });
    let lines =
        [event, error, result(json!({ "is_error": true, "result": "You've hit your limit", "api_error_status": 429 }))];
    let failure = run(&lines, false, Ending::Done).result.unwrap_err();
    assert_eq!(failure.class, FailureClass::UsageLimit);
    assert_eq!(failure.resets_at, Some(Timestamp(1_798_881_120_000)));
    assert_eq!(failure.partial, None);
}

#[test]
fn a_fallback_is_told() {
    let event = json!({ "type": "system", "subtype": "model_fallback", "original_model": "claude-opus-4-8[1m]", "fallback_model": "claude-sonnet-5" });
    let reply = run(&[event, said("a", "forty-two"), result(json!({}))], false, Ending::Done).result.unwrap();
    assert_eq!(reply.warnings, ["the CLI fell back from claude-opus-4-8 to claude-sonnet-5"]);
}

#[test]
fn what_came_before_silence_is_kept() {
    let delta = json!({ "type": "stream_event", "event": { "type": "content_block_delta", "delta": { "type": "text_delta", "text": "forty-" } } });
    let read = run(&[delta], false, Ending::IdleLimit);
    assert_eq!(read.steps[0].progress, Some(Progress::Text("forty-".to_owned())));
    let failure = read.result.unwrap_err();
    assert_eq!((failure.class, failure.partial.as_deref()), (FailureClass::Idle, Some("forty-")));
}
