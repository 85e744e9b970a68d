//! `codex` `exec` of 0.169.0, and `app-server` of 0.171.0: a prompt on standard input to its end, events as JSON lines or the bare
//! answer. Its own retries are turned off.

use super::argv::{Given, Known};
use super::codex_server::notifications;
use super::{Asked, Early, Format, Rendered, Turn};
use crate::action::Fail;
use crate::clock;
use crate::failure_kind::FailureKind;
use serde_json::{Value, json};
use std::io::BufRead;

const KNOWN: Known = Known {
    valued: &[
        "-s|--sandbox",
        "--color",
        "-C|--cd",
        "-m|--model",
        "-c|--config",
        "--output-schema",
        "-o|--output-last-message",
        "--disable",
        "--enable",
        "-p|--profile",
    ],
    bare: &[
        "--json",
        "--ephemeral",
        "--ignore-user-config",
        "--ignore-rules",
        "--skip-git-repo-check",
        "--strict-config",
        "-V|--version",
    ],
};

/// Characters that a prompt may have.
pub(super) const MAX_CHARS: usize = 1_048_576;

pub(super) fn parse(argv: &[String]) -> Result<Asked, Early> {
    if let [word, what, ..] = argv
        && word == "login"
        && what == "status"
    {
        return Err(Early { stderr: "Logged in using ChatGPT\n".to_owned(), ..Early::default() });
    }
    let given = Given::read(argv, &KNOWN)
        .map_err(|option| Early::refused(2, format!("error: unexpected argument '{option}' found")))?;
    if given.has("--version") {
        return Err(Early::told("codex-cli 0.169.0"));
    }
    let words = given.words();
    match words.first().map(String::as_str) {
        Some("exec") => {}
        Some("app-server") => return Ok(Asked { kept: true, format: Format::Events, ..Asked::default() }),
        _ => return Err(Early::refused(1, "the fake plays `codex exec` and `codex app-server` only")),
    }
    if !given.has("--skip-git-repo-check") {
        return Err(Early::refused(1, "Not inside a trusted directory and --skip-git-repo-check was not specified."));
    }
    Ok(Asked {
        model: given.value("--model").map(str::to_owned),
        effort: setting(&given, "model_reasoning_effort"),
        system: system(&given)?,
        schema: schema(&given)?,
        format: if given.has("--json") { Format::Events } else { Format::Text },
        argument: words.iter().skip(1).filter(|word| *word != "-").cloned().collect::<Vec<_>>().join(" "),
        ..Asked::default()
    })
}

/// The value of a `-c key=value`: TOML if it parses as that, else the text itself.
fn setting(given: &Given, key: &str) -> Option<String> {
    let value =
        given.values("--config").filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name == key).last()?.1;
    match toml::from_str::<toml::Table>(&format!("value = {value}")) {
        Ok(table) => Some(table["value"].as_str().map_or_else(|| value.to_owned(), str::to_owned)),
        Err(_) => Some(value.to_owned()),
    }
}

fn system(given: &Given) -> Result<Option<String>, Early> {
    let Some(file) = setting(given, "model_instructions_file") else {
        return Ok(setting(given, "instructions"));
    };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Early::refused(1, format!("Error: failed to read model instructions file {file}: {error}")))?;
    if text.trim().is_empty() {
        return Err(Early::refused(1, format!("Error: model instructions file is empty: {file}")));
    }
    Ok(Some(text))
}

fn schema(given: &Given) -> Result<Option<Value>, Early> {
    let Some(file) = given.value("--output-schema") else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|error| Early::refused(1, format!("Failed to read output schema file {file}: {error}")))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| Early::refused(1, format!("Output schema file {file} is not valid JSON: {error}")))
}

pub(super) fn prompt(asked: &Asked, input: &mut dyn BufRead) -> Result<String, Early> {
    let mut bytes = Vec::new();
    let _ = input.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let reason = format!("input is not valid UTF-8 (invalid byte at offset {offset})");
        Early::refused(1, format!("Failed to read prompt from stdin: {reason}"))
    })?;
    let whole = match (asked.argument.is_empty(), text.is_empty()) {
        (true, true) => return Err(Early::refused(1, "No prompt provided via stdin.")),
        (true, false) => text,
        (false, true) => asked.argument.clone(),
        (false, false) => format!("{}\n\n<stdin>\n{text}\n</stdin>", asked.argument),
    };
    let chars = whole.chars().count();
    if chars > MAX_CHARS {
        let data = json!({"input_error_code": "input_too_large", "max_chars": MAX_CHARS, "actual_chars": chars});
        let refused = Early::refused(
            1,
            format!(
                "Error: turn/start: turn/start failed: Input exceeds the maximum length of {MAX_CHARS} characters. \
                 (code -32602), data: {data}"
            ),
        );
        let stdout = json!({"type": "thread.started", "thread_id": "00000000-0000-7000-8000-000000000000"});
        return Err(Early { stdout: format!("{stdout}\n"), ..refused });
    }
    Ok(whole)
}

fn begun(turn: &Turn<'_>) -> String {
    if turn.asked.format == Format::Text {
        return String::new();
    }
    let started = json!({"type": "thread.started", "thread_id": turn.session});
    format!("{started}\n{}\n", json!({"type": "turn.started"}))
}

fn message(text: &str) -> String {
    let item = json!({"id": "item_0", "type": "agent_message", "text": text});
    format!("{}\n", json!({"type": "item.completed", "item": item}))
}

/// A turn that completed, with an answer or without one.
fn completed(turn: &Turn<'_>, text: Option<&str>) -> Rendered {
    if turn.asked.format == Format::Text {
        return Rendered { tail: text.map(|text| format!("{text}\n")).unwrap_or_default(), ..Rendered::default() };
    }
    let usage = json!({"input_tokens": Turn::tokens(turn.prompt), "cached_input_tokens": 0,
        "cache_write_input_tokens": 0, "output_tokens": Turn::tokens(text.unwrap_or_default()),
        "reasoning_output_tokens": 0});
    let end = json!({"type": "turn.completed", "usage": usage});
    let tail = format!("{}{end}\n", text.map(message).unwrap_or_default());
    Rendered { head: begun(turn), tail, ..Rendered::default() }
}

pub(super) fn answer(turn: &Turn<'_>, text: &str) -> Rendered {
    notifications(turn, None, completed(turn, Some(text)))
}

pub(super) fn fail(turn: &Turn<'_>, fail: &Fail) -> Rendered {
    notifications(turn, Some(fail.kind), failed(turn, fail))
}

fn failed(turn: &Turn<'_>, fail: &Fail) -> Rendered {
    let words = &fail.message;
    let url = "url: http://127.0.0.1:9/v1/responses, request id: req_standin";
    let last = match fail.kind {
        // Nobody is logged in: it asks all the same, and is refused.
        FailureKind::NotLoggedIn => {
            format!("unexpected status 401 Unauthorized: Missing bearer or basic authentication in header, {url}")
        }
        FailureKind::Unauthorized => format!("unexpected status 401 Unauthorized: {words}, {url}"),
        FailureKind::Forbidden => format!("unexpected status 403 Forbidden: {words}, {url}"),
        FailureKind::NoModel => {
            format!("The requested model '{}' does not exist.", turn.asked.model.as_deref().unwrap_or_default())
        }
        FailureKind::BadRequest => json!({"error": {"message": words, "type": "invalid_request_error",
            "param": null, "code": "invalid_json_schema"}})
        .to_string(),
        FailureKind::RateLimit => match fail.retry_after_s {
            Some(pause) => format!("rate limit exceeded: {words} Please try again in {pause}s."),
            None => "exceeded retry limit, last status: 429 Too Many Requests, request id: req_standin".to_owned(),
        },
        FailureKind::UsageLimit => {
            let reset = turn.now + i64::try_from(fail.resets_in_s.unwrap_or(3600)).unwrap_or(3600);
            let at = clock::codex_reset(turn.now, reset);
            format!(
                "You’ve hit your usage limit. Upgrade to Pro, visit the settings page to purchase more credits \
                 or try again at {at}."
            )
        }
        FailureKind::Billing => "Quota exceeded. Check your plan and billing details.".to_owned(),
        FailureKind::Overloaded => format!("unexpected status 503 Service Unavailable: {words}, {url}"),
        FailureKind::ServerError => {
            "We’re currently experiencing high demand, which may cause temporary errors.".to_owned()
        }
        FailureKind::Network => "Connection failed: error sending request".to_owned(),
        FailureKind::CutStream => {
            "stream disconnected before completion: stream closed before response.completed".to_owned()
        }
        FailureKind::TooLong => "Codex ran out of room in the model's context window. Start a new thread or clear \
                             earlier history before retrying."
            .to_owned(),
        FailureKind::Cut => "Incomplete response returned, reason: max_output_tokens".to_owned(),
        FailureKind::Refusal => return completed(turn, None),
        FailureKind::Empty => return completed(turn, Some("")),
        FailureKind::SchemaMissed => return completed(turn, Some("I would rather answer in prose.")),
        FailureKind::Config => {
            let err = format!("Error loading config.toml: {words}\n");
            return Rendered { err, code: 1, ..Rendered::default() };
        }
    };
    if turn.asked.format == Format::Text {
        return Rendered { err: format!("ERROR: {last}\nERROR: {last}\n"), code: 1, ..Rendered::default() };
    }
    let partial = if fail.partial.is_empty() { String::new() } else { message(&fail.partial) };
    let error = json!({"type": "error", "message": last});
    let failed = json!({"type": "turn.failed", "error": {"message": last}});
    Rendered { head: begun(turn), tail: format!("{partial}{error}\n{failed}\n"), code: 1, ..Rendered::default() }
}
