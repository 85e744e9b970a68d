//! `claude` 2.1.197 with `-p`: a prompt as text or as stream-json lines, answers as text, JSON or
//! stream-json.

use super::argv::{Given, Known};
use super::{Asked, Early, Format, Rendered, Turn};
use serde_json::{Value, json};
use std::io::BufRead;

const KNOWN: Known = Known {
    valued: &[
        "--input-format",
        "--output-format",
        "--system-prompt",
        "--system-prompt-file",
        "--append-system-prompt",
        "--append-system-prompt-file",
        "--tools",
        "--setting-sources",
        "--settings",
        "--model",
        "--effort",
        "--json-schema",
        "--max-turns",
        "--thinking",
        "--fallback-model",
        "-n|--name",
        "--session-id",
    ],
    bare: &[
        "-p|--print",
        "--verbose",
        "--strict-mcp-config",
        "--disable-slash-commands",
        "--no-session-persistence",
        "--include-partial-messages",
        "--safe-mode",
        "--bare",
        "-v|--version",
    ],
};

pub(super) fn parse(argv: &[String]) -> Result<Asked, Early> {
    if let [word, what, ..] = argv
        && word == "auth"
        && what == "status"
    {
        return Err(Early::told(
            json!({"loggedIn": true, "authMethod": "oauth_token", "apiProvider": "firstParty"}).to_string(),
        ));
    }
    let given =
        Given::read(argv, &KNOWN).map_err(|option| Early::refused(1, format!("error: unknown option '{option}'")))?;
    if given.has("--version") {
        return Err(Early::told("2.1.197 (Claude Code)"));
    }
    if !given.has("--print") {
        return Err(Early::refused(1, "the fake plays `claude -p` only"));
    }
    let format = match given.value("--output-format") {
        Some("stream-json") => Format::Events,
        Some("json") => Format::Json,
        _ => Format::Text,
    };
    if format == Format::Events && !given.has("--verbose") {
        return Err(Early::refused(1, "Error: When using --print, --output-format=stream-json requires --verbose"));
    }
    let stays = given.value("--input-format") == Some("stream-json");
    Ok(Asked {
        thread: None,
        model: given.value("--model").map(str::to_owned),
        effort: given.value("--effort").map(str::to_owned),
        system: system(&given)?,
        schema: schema(given.value("--json-schema"))?,
        stays,
        kept: stays && !given.has("--disable-slash-commands"),
        partial: format == Format::Events && given.has("--include-partial-messages"),
        format,
        argument: given.words().join(" "),
    })
}

fn system(given: &Given) -> Result<Option<String>, Early> {
    match (given.value("--system-prompt"), given.value("--system-prompt-file")) {
        (Some(_), Some(_)) => Err(Early::refused(
            1,
            "Error: Cannot use both --system-prompt and --system-prompt-file. Please use only one.",
        )),
        (None, Some(file)) => std::fs::read_to_string(file)
            .map(Some)
            .map_err(|_| Early::refused(1, format!("Error: System prompt file not found: {file}"))),
        (text, None) => Ok(text.map(str::to_owned)),
    }
}

fn schema(text: Option<&str>) -> Result<Option<Value>, Early> {
    text.map(serde_json::from_str).transpose().map_err(|error| {
        Early::refused(1, format!("Error: --json-schema is not valid JSON: JSON Parse error: {error}"))
    })
}

pub(super) fn prompt(asked: &Asked, input: &mut dyn BufRead) -> Result<Option<String>, Early> {
    if !asked.stays {
        let mut bytes = Vec::new();
        let _ = input.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if bytes.len() > 10 * 1024 * 1024 {
            let hint = "Pass large content as a file path in your prompt instead.";
            return Err(Early::refused(1, format!("Error: piped stdin input exceeds 10MB. {hint}")));
        }
        return match (asked.argument.is_empty(), text.is_empty()) {
            (true, true) => Err(Early::refused(
                1,
                "Error: Input must be provided either through stdin or as a prompt argument when using --print",
            )),
            (true, false) => Ok(Some(text)),
            (false, true) => Ok(Some(asked.argument.clone())),
            (false, false) => Ok(Some(format!("{}\n{text}", asked.argument))),
        };
    }
    let mut line = Vec::new();
    if input.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
        return Ok(None);
    }
    let refused = |reason: String| Early::refused(1, format!("Error parsing streaming input line: {reason}"));
    let message: Value = serde_json::from_slice(&line).map_err(|error| refused(error.to_string()))?;
    let content = &message["message"]["content"];
    match (content, content.as_array()) {
        (Value::String(text), _) => Ok(Some(text.clone())),
        (_, Some(blocks)) => Ok(Some(blocks.iter().filter_map(|block| block["text"].as_str()).collect())),
        _ => Err(refused("no message.content".to_owned())),
    }
}

/// What an alias stands for.
pub(super) fn resolved(model: Option<&str>) -> String {
    match model.map(str::to_ascii_lowercase).as_deref() {
        None | Some("sonnet") => "claude-sonnet-5",
        Some("opus" | "best") => "claude-opus-4-8",
        Some("haiku") => "claude-haiku-4-5-20251001",
        Some("fable") => "claude-fable-5",
        Some(_) => return model.unwrap_or_default().to_owned(),
    }
    .to_owned()
}

pub(super) fn answer(turn: &Turn<'_>, text: &str) -> Rendered {
    if let Some(local) = slash(turn.prompt) {
        let result = result(turn, &Ending { text: &local, num_turns: 0, ..Ending::default() });
        return shown(turn, &head(turn), &[], &[], &result);
    }
    let structured: Option<Value> = turn.asked.schema.as_ref().and_then(|_| serde_json::from_str(text).ok());
    let structured = structured.filter(Value::is_object);
    let block = match &structured {
        Some(value) => json!({"type": "tool_use", "id": "toolu_1", "name": "StructuredOutput", "input": value}),
        None => json!({"type": "text", "text": text}),
    };
    let mut end = vec![assistant(turn, &block)];
    if structured.is_some() {
        end.push(json!({"type": "user", "message": {"role": "user", "content": [{"type": "tool_result",
            "tool_use_id": "toolu_1", "content": "Structured output provided successfully"}]},
            "parent_tool_use_id": null, "session_id": turn.session}));
    }
    let ending = Ending {
        text,
        structured: structured.as_ref(),
        stop_reason: if structured.is_some() { "tool_use" } else { "end_turn" },
        // An empty answer is asked for once more by the program itself.
        num_turns: if structured.is_some() || text.is_empty() { 2 } else { 1 },
        ..Ending::default()
    };
    let body = deltas(turn, text, structured.is_some(), ending.stop_reason);
    shown(turn, &head(turn), &body, &end, &result(turn, &ending))
}

/// A prompt that begins with `/word` never reaches the model.
fn slash(prompt: &str) -> Option<String> {
    let word = prompt.strip_prefix('/')?.split_whitespace().next()?;
    let command = word.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !word.contains('/');
    command.then(|| format!("Unknown command: /{word}"))
}

/// How a turn ended.
#[derive(Default)]
pub(super) struct Ending<'a> {
    pub text: &'a str,
    pub structured: Option<&'a Value>,
    pub stop_reason: &'a str,
    pub num_turns: u32,
    pub is_error: bool,
    pub status: Option<u16>,
    pub terminal_reason: Option<&'a str>,
}

pub(super) fn head(turn: &Turn<'_>) -> Vec<Value> {
    let mut head = vec![json!({"type": "system", "subtype": "init", "session_id": turn.session, "tools": [],
        "mcp_servers": [], "model": resolved(turn.asked.model.as_deref()), "permissionMode": "default",
        "slash_commands": [], "apiKeySource": "none", "output_style": "default",
        "claude_code_version": "2.1.197", "analytics_disabled": true})];
    if turn.asked.partial {
        head.push(json!({"type": "system", "subtype": "status", "status": "requesting", "session_id": turn.session}));
    }
    head
}

/// What it prints when it has forgotten the conversation.
pub fn cleared(asked: &Asked) -> String {
    let turn = Turn { asked, prompt: "", session: "forgotten", chunks: 0, now: 0, millis: 0 };
    let reset = json!({"type": "conversation_reset", "trigger": "clear"});
    let result = result(&turn, &Ending::default());
    lines(&[&[reset], head(&turn).as_slice(), &[result]].concat())
}

/// What it prints when it is interrupted, whether or not a call was running.
pub fn interrupted(asked: &Asked, request: &Value, aborted: bool) -> String {
    let turn = Turn { asked, prompt: "", session: "interrupted", chunks: 0, now: 0, millis: 0 };
    let response = json!({"type": "control_response", "response": {"subtype": "success",
        "request_id": request["request_id"]}});
    let ending =
        Ending { is_error: true, num_turns: 1, terminal_reason: Some("aborted_streaming"), ..Ending::default() };
    let mut result = result(&turn, &ending);
    result["subtype"] = json!("error_during_execution");
    lines(&if aborted { vec![response, result] } else { vec![response] })
}

fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

pub(super) fn assistant(turn: &Turn<'_>, block: &Value) -> Value {
    json!({"type": "assistant", "message": {"id": "msg_1", "type": "message", "role": "assistant",
        "model": resolved(turn.asked.model.as_deref()), "content": [block], "stop_reason": null,
        "usage": {"input_tokens": Turn::tokens(turn.prompt), "output_tokens": 1}},
        "parent_tool_use_id": null, "session_id": turn.session})
}

fn deltas(turn: &Turn<'_>, text: &str, structured: bool, stop_reason: &str) -> Vec<Value> {
    if !turn.asked.partial {
        return Vec::new();
    }
    let event = |event: Value| json!({"type": "stream_event", "event": event, "session_id": turn.session});
    let block = if structured {
        json!({"type": "tool_use", "id": "toolu_1", "name": "StructuredOutput", "input": {}})
    } else {
        json!({"type": "text", "text": ""})
    };
    let mut events = vec![
        event(json!({"type": "message_start", "message": {"id": "msg_1", "role": "assistant", "content": []}})),
        event(json!({"type": "content_block_start", "index": 0, "content_block": block})),
    ];
    events.extend(turn.pieces(text).into_iter().map(|piece| {
        let delta = if structured {
            json!({"type": "input_json_delta", "partial_json": piece})
        } else {
            json!({"type": "text_delta", "text": piece})
        };
        event(json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    }));
    events.push(event(json!({"type": "content_block_stop", "index": 0})));
    events.push(event(json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}})));
    events.push(event(json!({"type": "message_stop"})));
    events
}

pub(super) fn result(turn: &Turn<'_>, ending: &Ending<'_>) -> Value {
    let asked = ending.num_turns > 0;
    let (input, output) = if asked { (Turn::tokens(turn.prompt), Turn::tokens(ending.text)) } else { (0, 0) };
    let cost = (input * 5 + output * 25) as f64 / 1e6;
    let model = resolved(turn.asked.model.as_deref());
    let models = if asked && !ending.is_error {
        json!({model: {"inputTokens": input, "outputTokens": output, "cacheReadInputTokens": 0,
            "cacheCreationInputTokens": 0, "webSearchRequests": 0, "costUSD": cost, "contextWindow": 200_000,
            "maxOutputTokens": 64_000}})
    } else {
        json!({})
    };
    let mut result = json!({"type": "result", "subtype": "success", "is_error": ending.is_error,
        "api_error_status": ending.status, "duration_ms": turn.millis, "duration_api_ms": turn.millis,
        "num_turns": ending.num_turns, "result": ending.text, "stop_reason": ending.stop_reason,
        "session_id": turn.session, "total_cost_usd": cost,
        "usage": {"input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
            "output_tokens": output, "service_tier": "standard"},
        "modelUsage": models, "permission_denials": [], "uuid": turn.session,
        "terminal_reason": ending.terminal_reason.unwrap_or("completed")});
    if let Some(value) = ending.structured {
        result["structured_output"] = value.clone();
    }
    result
}

/// What of all this the output format shows.
pub(super) fn shown(turn: &Turn<'_>, head: &[Value], body: &[Value], end: &[Value], result: &Value) -> Rendered {
    let code = u8::from(result["is_error"] == true);
    let line = |value: &Value| format!("{value}\n");
    match turn.asked.format {
        Format::Text => {
            let tail = format!("{}\n", result["result"].as_str().unwrap_or_default());
            Rendered { tail, code, ..Rendered::default() }
        }
        Format::Json => Rendered { tail: line(result), code, ..Rendered::default() },
        Format::Events => Rendered {
            head: head.iter().map(line).collect(),
            body: body.iter().map(line).collect(),
            tail: end.iter().map(line).collect::<String>() + &line(result),
            code,
            ..Rendered::default()
        },
    }
}
