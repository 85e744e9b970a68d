//! `codex` 0.171.0 `app-server`: what `exec` prints of a turn, as notifications of its thread.

use super::codex::MAX_CHARS;
use super::{Rendered, Turn};
use crate::failure_kind::FailureKind;
use serde_json::{Value, json};

/// A notification.
fn notify(method: &str, params: &Value) -> String {
    format!("{}\n", json!({"method": method, "params": params}))
}

/// The end of a turn.
fn completed(thread: &str, status: &str, error: &Value) -> String {
    let turn = json!({"id": thread, "status": status, "error": error, "items": []});
    notify("turn/completed", &json!({"threadId": thread, "turn": turn}))
}

/// The end of a turn that was interrupted.
#[must_use]
pub fn interrupted(thread: &str) -> String {
    completed(thread, "interrupted", &Value::Null)
}

/// What is said to a prompt that is too long.
#[must_use]
pub fn too_long(prompt: &str) -> Option<Value> {
    let chars = prompt.chars().count();
    let data = json!({"input_error_code": "input_too_large", "max_chars": MAX_CHARS, "actual_chars": chars});
    let message = format!("Input exceeds the maximum length of {MAX_CHARS} characters.");
    (chars > MAX_CHARS).then(|| json!({"code": -32602, "data": data, "message": message}))
}

/// What a process that is kept prints in place of events.
pub(super) fn notifications(turn: &Turn<'_>, failure: Option<FailureKind>, rendered: Rendered) -> Rendered {
    let Some(thread) = &turn.asked.thread else { return rendered };
    if !rendered.err.is_empty() {
        return Rendered { leaves: true, ..rendered };
    }
    let events = |text: &str| -> String {
        let events = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        events.map(|event| notification(turn, thread, failure, &event)).collect()
    };
    Rendered { head: events(&rendered.head), tail: events(&rendered.tail), ..Rendered::default() }
}

fn notification(turn: &Turn<'_>, thread: &str, failure: Option<FailureKind>, event: &Value) -> String {
    let error = |message: &Value| json!({"message": message, "codexErrorInfo": failure.map(info)});
    match event["type"].as_str().unwrap_or_default() {
        "turn.started" => notify("turn/started", &json!({"threadId": thread, "turn": {"id": thread}})),
        "item.completed" => {
            let text = event["item"]["text"].as_str().unwrap_or_default();
            let item = |text| json!({"threadId": thread, "item": {"type": "agentMessage", "id": "m1", "text": text}});
            let delta = |text| json!({"threadId": thread, "itemId": "m1", "delta": text});
            let deltas = turn.pieces(text).into_iter().map(|piece| notify("item/agentMessage/delta", &delta(piece)));
            let begins = notify("item/started", &item(""));
            [begins].into_iter().chain(deltas).chain([notify("item/completed", &item(text))]).collect()
        }
        "error" => notify("error", &json!({"threadId": thread, "error": error(&event["message"]), "willRetry": false})),
        "turn.failed" => completed(thread, "failed", &error(&event["error"]["message"])),
        "turn.completed" => {
            let used = |name: &str| event["usage"][name].clone();
            let total = json!({"inputTokens": used("input_tokens"), "cachedInputTokens": used("cached_input_tokens"),
                "outputTokens": used("output_tokens"), "reasoningOutputTokens": used("reasoning_output_tokens")});
            let usage = json!({"threadId": thread, "tokenUsage": {"total": total, "last": total}});
            notify("thread/tokenUsage/updated", &usage) + &completed(thread, "completed", &Value::Null)
        }
        _ => String::new(),
    }
}

/// `codexErrorInfo`.
fn info(kind: FailureKind) -> Value {
    let http = |status: u16| json!({"httpConnectionFailed": {"httpStatusCode": status}});
    match kind {
        FailureKind::NotLoggedIn | FailureKind::Unauthorized => http(401),
        FailureKind::Forbidden => http(403),
        FailureKind::Overloaded => http(503),
        FailureKind::RateLimit => json!({"responseTooManyFailedAttempts": {"httpStatusCode": 429}}),
        FailureKind::UsageLimit | FailureKind::Billing => json!("usageLimitExceeded"),
        FailureKind::NoModel => json!("modelNotFound"),
        FailureKind::TooLong => json!("contextWindowExceeded"),
        FailureKind::ServerError => json!("internalServerError"),
        _ => json!("other"),
    }
}
