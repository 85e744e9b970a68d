//! How the three vendors' programs print an answer, with the arguments that the embedded adapters give them.

use serde_json::{Value, json};

/// A program that a demo stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vendor {
    Claude,
    Codex,
    Gemini,
}

/// An answer, and what is said of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    /// As the model writes it.
    pub text: &'a str,
    /// The same, where a shape was asked for.
    pub json: Option<&'a Value>,
    pub model: &'a str,
    pub prompt_bytes: usize,
    pub millis: u64,
}

/// What goes to standard output.
#[derive(Debug, Clone, Default)]
pub(super) struct Printed {
    /// Before the model has said anything.
    pub head: String,
    /// While it speaks, piece by piece.
    pub body: Vec<String>,
    /// When it is over.
    pub tail: String,
}

impl Answer<'_> {
    /// Plausible numbers of tokens of prompt and answer.
    fn tokens(&self) -> (usize, usize) {
        (self.prompt_bytes.div_ceil(4), self.text.len().div_ceil(4))
    }
}

impl Vendor {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "claude" => Some(Self::Claude),
            "codex" => Some(Self::Codex),
            "gemini" => Some(Self::Gemini),
            _ => None,
        }
    }

    pub(super) fn print(self, answer: &Answer<'_>) -> Printed {
        match self {
            Self::Claude => claude(answer),
            Self::Codex => codex(answer),
            Self::Gemini => gemini(answer),
        }
    }
}

fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

/// `claude -p --output-format stream-json --include-partial-messages`.
fn claude(answer: &Answer<'_>) -> Printed {
    let Answer { text, json, model, millis, .. } = *answer;
    let (input, output) = answer.tokens();
    let streamed = |event: Value| lines(&[json!({"type": "stream_event", "event": event})]);
    let (kind, delta_kind, part) = match json {
        Some(_) => ("tool_use", "input_json_delta", "partial_json"),
        None => ("text", "text_delta", "text"),
    };
    let mut body = vec![
        streamed(json!({"type": "message_start", "message": {"id": "msg_1", "model": model}})),
        streamed(json!({"type": "content_block_start", "index": 0, "content_block": {"type": kind}})),
    ];
    body.extend(text.split_inclusive(['.', '\n']).map(|piece| {
        streamed(json!({"type": "content_block_delta", "index": 0, "delta": {"type": delta_kind, part: piece}}))
    }));
    body.push(streamed(json!({"type": "content_block_stop", "index": 0})));
    let block = match json {
        Some(value) => json!({"type": "tool_use", "id": "toolu_1", "name": "StructuredOutput", "input": value}),
        None => json!({"type": "text", "text": text}),
    };
    let message = json!({"type": "assistant",
        "message": {"id": "msg_1", "role": "assistant", "model": model, "content": [block]}});
    let cost = (input * 5 + output * 25) as f64 / 1e6;
    let mut result = json!({"type": "result", "subtype": "success", "is_error": false, "num_turns": 1,
        "result": text, "stop_reason": "end_turn", "duration_ms": millis, "total_cost_usd": cost,
        "usage": {"input_tokens": input, "output_tokens": output},
        "modelUsage": {model: {"inputTokens": input, "outputTokens": output, "costUSD": cost}}});
    if let Some(value) = json {
        result["structured_output"] = value.clone();
    }
    let head = json!({"type": "system", "subtype": "init", "session_id": "demo", "tools": [], "model": model});
    Printed { head: lines(&[head]), body, tail: lines(&[message, result]) }
}

/// `codex exec --json`.
fn codex(answer: &Answer<'_>) -> Printed {
    let (input, output) = answer.tokens();
    let head = [json!({"type": "thread.started", "thread_id": "demo"}), json!({"type": "turn.started"})];
    let tail = [
        json!({"type": "item.completed", "item": {"id": "item_0", "type": "agent_message", "text": answer.text}}),
        json!({"type": "turn.completed",
            "usage": {"input_tokens": input, "cached_input_tokens": 0, "output_tokens": output}}),
    ];
    Printed { head: lines(&head), body: Vec::new(), tail: lines(&tail) }
}

/// `gemini -o json`: nothing before the end, and then one document.
fn gemini(answer: &Answer<'_>) -> Printed {
    let (input, output) = answer.tokens();
    let model = json!({"api": {"totalRequests": 1, "totalErrors": 0, "totalLatencyMs": answer.millis},
        "tokens": {"prompt": input, "candidates": output, "total": input + output, "cached": 0, "thoughts": 0},
        "roles": {"main": {"totalRequests": 1}}});
    let document = json!({"session_id": "demo", "response": answer.text, "stats": {"models": {answer.model: model}}});
    Printed { tail: document.to_string(), ..Printed::default() }
}
