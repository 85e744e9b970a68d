//! How `claude` 2.1.197 fails: the rows of its failure table, its own retries turned off. All of
//! them exit with 1 and say nothing on standard error, unless noted.

use super::claude::{Ending, assistant, head, result, shown};
use super::{Rendered, Turn};
use crate::action::Fail;
use crate::failure_kind::FailureKind;
use serde_json::{Value, json};

/// One row: what the `assistant` event and the result say.
struct Row<'a> {
    error: Option<&'a str>,
    status: Option<u16>,
    text: String,
    terminal_reason: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn new(error: &'a str, status: impl Into<Option<u16>>, text: impl Into<String>) -> Self {
        Self { error: Some(error), status: status.into(), text: text.into(), terminal_reason: None }
    }
}

pub(super) fn fail(turn: &Turn<'_>, fail: &Fail) -> Rendered {
    let message = &fail.message;
    let row = match fail.kind {
        FailureKind::NotLoggedIn => Row::new("authentication_failed", None, "Not logged in · Please run /login"),
        FailureKind::Unauthorized => Row::new("authentication_failed", 401, "Invalid API key · Fix external API key"),
        FailureKind::Forbidden => {
            Row::new("authentication_failed", 403, format!("Failed to authenticate. API Error: 403 {message}"))
        }
        FailureKind::NoModel => Row::new(
            "model_not_found",
            404,
            format!(
                "There's an issue with the selected model ({}). It may not exist or you may not have access to it. \
                 Run --model to pick a different model.",
                turn.asked.model.as_deref().unwrap_or("default")
            ),
        ),
        FailureKind::BadRequest => Row::new("unknown", 400, format!("API Error: 400 {message}")),
        FailureKind::RateLimit => Row::new("rate_limit", 429, format!("API Error: Request rejected (429) · {message}")),
        FailureKind::UsageLimit => Row::new("rate_limit", 429, limit_words(turn, fail)),
        FailureKind::Billing => Row::new("billing_error", 400, "Credit balance is too low"),
        FailureKind::Overloaded => {
            Row::new("server_error", 529, "API Error: 529 Overloaded. This is a server-side issue, usually temporary.")
        }
        FailureKind::ServerError => Row::new(
            "server_error",
            500,
            "API Error: 500 Internal server error. This is a server-side issue, usually temporary.",
        ),
        FailureKind::Network => {
            Row::new("server_error", None, "API Error: Unable to connect to API (ConnectionRefused)")
        }
        FailureKind::CutStream => {
            Row::new("server_error", None, "API Error: Connection to the API was lost (ECONNRESET)")
        }
        FailureKind::TooLong => Row {
            terminal_reason: Some("prompt_too_long"),
            ..Row::new("invalid_request", 400, format!("Prompt is too long: {message}"))
        },
        FailureKind::Refusal => Row {
            error: None,
            ..Row::new(
                "",
                None,
                "API Error: Claude Code is unable to respond to this request, which appears to violate our Usage \
                 Policy (https://www.anthropic.com/legal/aup).",
            )
        },
        FailureKind::Cut => Row {
            error: None,
            ..Row::new(
                "",
                None,
                "API Error: Claude's response exceeded the 64000 output token maximum. To configure this behavior, \
                 set the CLAUDE_CODE_MAX_OUTPUT_TOKENS environment variable.",
            )
        },
        FailureKind::Empty => return quiet(turn, ""),
        FailureKind::SchemaMissed => return quiet(turn, "I would rather answer in prose."),
        FailureKind::Config => {
            let err = format!("Configuration error in /nowhere/.claude.json: JSON Parse error: {message}\n");
            return Rendered { err, code: 1, leaves: true, ..Rendered::default() };
        }
    };
    errored(turn, fail, &row)
}

/// Success in name: text, or nothing, and no structured output.
fn quiet(turn: &Turn<'_>, text: &str) -> Rendered {
    let ending = Ending { text, stop_reason: "end_turn", num_turns: 2, ..Ending::default() };
    let said = assistant(turn, &json!({"type": "text", "text": text}));
    let end: &[Value] = if text.is_empty() { &[] } else { &[said] };
    shown(turn, &head(turn), &[], end, &result(turn, &ending))
}

fn errored(turn: &Turn<'_>, fail: &Fail, row: &Row<'_>) -> Rendered {
    let mut end = Vec::new();
    if !fail.partial.is_empty() {
        end.push(assistant(turn, &json!({"type": "text", "text": fail.partial})));
    }
    if fail.kind == FailureKind::UsageLimit {
        end.push(json!({"type": "rate_limit_event", "session_id": turn.session, "rate_limit_info": {
            "status": "rejected", "resetsAt": resets_at(turn, fail), "rateLimitType": "five_hour",
            "overageStatus": "rejected"}}));
    }
    let mut said = assistant(turn, &json!({"type": "text", "text": row.text}));
    said["message"]["model"] = json!("<synthetic>");
    if let Some(error) = row.error {
        said["error"] = json!(error);
    }
    end.push(said);
    let ending = Ending {
        text: &row.text,
        stop_reason: match fail.kind {
            FailureKind::Refusal => "refusal",
            FailureKind::Cut => "max_tokens",
            _ => "stop_sequence",
        },
        num_turns: 1,
        is_error: true,
        status: row.status,
        terminal_reason: row.terminal_reason,
        ..Ending::default()
    };
    shown(turn, &head(turn), &[], &end, &result(turn, &ending))
}

fn resets_at(turn: &Turn<'_>, fail: &Fail) -> i64 {
    turn.now + i64::try_from(fail.resets_in_s.unwrap_or(3600)).unwrap_or(3600)
}

fn limit_words(turn: &Turn<'_>, fail: &Fail) -> String {
    let at = crate::clock::utc(resets_at(turn, fail), "%-I:%M%P");
    format!("You've hit your session limit · resets {at} (UTC)")
}
