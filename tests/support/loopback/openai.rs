//! OpenAI Responses: `POST …/responses` as a stream of events.

use super::answer::{Ending, Fault, Part, Turn};
use super::request::Request;
use super::wire::{Frame, Response, broken, named, pieces, tokens, words};
use serde_json::{Value, json};

/// The model's turn.
pub fn say(request: &Request, turn: &Turn) -> Response {
    let mut stream = Stream { frames: Vec::new(), output: Vec::new(), nth: request.nth, piece: turn.piece };
    stream
        .frames
        .push(named(&json!({ "type": "response.created", "response": response(request, "in_progress", &[]) })));
    let mut text = String::new();
    for part in &turn.parts {
        match part {
            // Words that follow each other are one message.
            Part::Text(more) => text.push_str(more),
            Part::Structured(value) => text.push_str(&value.to_string()),
            Part::NextMessage => stream.message(&std::mem::take(&mut text)),
            Part::Wait(gate) => {
                stream.flush_delta(&mut text);
                stream.frames.push(Frame::Wait(gate.clone()));
            }
            Part::Thinking(summary) => stream.item(&json!({ "type": "reasoning", "id": format!("rs_{}", request.nth),
                "summary": [{ "type": "summary_text", "text": summary }], "encrypted_content": null })),
            Part::Tool { name, input } => stream
                .item(&json!({ "type": "function_call", "id": format!("fc_{}", request.nth),
                "call_id": format!("call_{}", request.nth), "name": name, "arguments": input.to_string() })),
        }
    }
    match turn.ending {
        Ending::Refusal => stream
            .item(&json!({ "type": "message", "id": format!("msg_{}", request.nth), "role": "assistant",
            "status": "completed", "content": [{ "type": "refusal", "refusal": text }] })),
        Ending::Cut | Ending::Stall | Ending::Unfinished => stream.flush_delta(&mut text),
        Ending::Complete | Ending::Length | Ending::Unmarked => stream.message(&text),
    }
    let Stream { mut frames, output, .. } = stream;
    let mut done = response(request, "completed", &output);
    done["usage"] = usage(request, turn);
    match (broken(turn.ending), turn.ending) {
        (Some(frame), _) => frames.push(frame),
        (None, Ending::Length) => {
            done["status"] = json!("incomplete");
            done["incomplete_details"] = json!({ "reason": "max_output_tokens" });
            frames.push(named(&json!({ "type": "response.incomplete", "response": done })));
        }
        (None, Ending::Unfinished | Ending::Unmarked) => {}
        (None, _) => frames.push(named(&json!({ "type": "response.completed", "response": done }))),
    }
    Response::events(frames)
}

struct Stream {
    frames: Vec<Frame>,
    output: Vec<Value>,
    nth: usize,
    piece: usize,
}

impl Stream {
    /// An item that comes whole.
    fn item(&mut self, item: &Value) {
        let index = self.output.len();
        self.frames.push(named(&json!({ "type": "response.output_item.added", "output_index": index, "item": item })));
        self.frames.push(named(&json!({ "type": "response.output_item.done", "output_index": index, "item": item })));
        self.output.push(item.clone());
    }

    /// A message, in pieces and then whole.
    fn message(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let index = self.output.len();
        let id = format!("msg_{}_{index}", self.nth);
        let item = |status: &str, content: Value| json!({ "type": "message", "id": id, "role": "assistant", "status": status, "content": content });
        let part = json!({ "type": "output_text", "text": text, "annotations": [] });
        let added = json!({ "type": "response.output_item.added", "output_index": index, "item": item("in_progress", json!([])) });
        let opened = json!({ "type": "response.content_part.added", "item_id": id, "output_index": index, "content_index": 0,
            "part": { "type": "output_text", "text": "", "annotations": [] } });
        let done = item("completed", json!([part]));
        self.frames.extend([named(&added), named(&opened)]);
        self.frames.extend(pieces(text, self.piece).map(|piece| {
            named(&json!({ "type": "response.output_text.delta", "item_id": id, "output_index": index, "content_index": 0, "delta": piece }))
        }));
        self.frames.extend([
            named(&json!({ "type": "response.output_text.done", "item_id": id, "output_index": index, "content_index": 0, "text": text })),
            named(&json!({ "type": "response.content_part.done", "item_id": id, "output_index": index, "content_index": 0, "part": part })),
            named(&json!({ "type": "response.output_item.done", "output_index": index, "item": done })),
        ]);
        self.output.push(done);
    }

    /// Words of a message that is not complete yet: they stay in `text` too, for the whole of it.
    fn flush_delta(&mut self, text: &mut String) {
        if text.is_empty() {
            return;
        }
        let index = self.output.len();
        let id = format!("msg_{}_{index}", self.nth);
        self.frames.push(named(&json!({ "type": "response.output_item.added", "output_index": index,
            "item": { "type": "message", "id": id, "role": "assistant", "status": "in_progress", "content": [] } })));
        self.frames.push(named(&json!({ "type": "response.output_text.delta", "item_id": id, "output_index": index,
            "content_index": 0, "delta": text })));
    }
}

fn response(request: &Request, status: &str, output: &[Value]) -> Value {
    json!({ "id": format!("resp_{:04}", request.nth), "object": "response", "created_at": 1_795_256_333, "status": status,
        "model": request.model(), "output": output, "error": null, "incomplete_details": null })
}

fn usage(request: &Request, turn: &Turn) -> Value {
    let (input, output) = (tokens(request.prompt()), tokens(&words(turn)));
    json!({ "input_tokens": input, "input_tokens_details": { "cached_tokens": 3 }, "output_tokens": output,
        "output_tokens_details": { "reasoning_tokens": 2 }, "total_tokens": input + output })
}

/// How OpenAI refuses or fails.
pub fn fault(fault: Fault, request: &Request) -> Response {
    let error = |status: u16, kind: &str, code: Option<&str>, message: &str| {
        Response::json(status, &json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }))
            .with("x-request-id", "req_0001")
    };
    let failed = |code: &str, message: &str| {
        let mut failed = response(request, "failed", &[]);
        failed["error"] = json!({ "code": code, "message": message });
        Response::events(vec![
            named(&json!({ "type": "response.created", "response": response(request, "in_progress", &[]) })),
            named(&json!({ "type": "response.failed", "response": failed })),
        ])
    };
    let invalid = "invalid_request_error";
    match fault {
        Fault::BadCredential => error(401, invalid, Some("invalid_api_key"), "Incorrect API key provided."),
        Fault::Forbidden => error(
            403,
            "request_forbidden",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        Fault::BadModel => error(
            400,
            invalid,
            Some("model_not_found"),
            &format!("The requested model '{}' does not exist.", request.model()),
        ),
        Fault::BadRequest => error(
            400,
            invalid,
            Some("invalid_json_schema"),
            "Invalid schema for response_format 'codex_output_schema'.",
        ),
        Fault::TooLong => failed("context_length_exceeded", "Your input exceeds the context window of this model."),
        Fault::TooLarge => error(413, invalid, None, "Request body too large."),
        Fault::RateLimited(wait) => {
            let limited = error(429, "requests", Some("rate_limit_exceeded"), "Rate limit reached for requests.");
            match wait {
                Some(seconds) => limited.with("retry-after", seconds.to_string()),
                None => limited,
            }
        }
        Fault::UsageLimit(resets_at) => Response::json(
            429,
            &json!({ "error": { "type": "usage_limit_reached", "message": "The usage limit has been reached",
                "plan_type": "plus", "resets_at": resets_at } }),
        ),
        Fault::DailyQuota | Fault::Billing => error(
            429,
            "insufficient_quota",
            Some("insufficient_quota"),
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        Fault::ServerError => {
            error(500, "server_error", None, "The server had an error while processing your request.")
        }
        Fault::Unavailable => error(503, "server_error", None, "Service unavailable."),
        Fault::Overloaded => failed("server_is_overloaded", "Our servers are currently overloaded."),
    }
}
