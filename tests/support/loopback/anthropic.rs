//! Anthropic Messages: `POST /v1/messages`, as a stream of events or as one document.

use super::answer::{Ending, Fault, Part, Turn};
use super::request::Request;
use super::wire::{Frame, Response, broken, named, pieces, tokens, words};
use serde_json::{Value, json};

/// The model's turn.
pub fn say(request: &Request, turn: &Turn) -> Response {
    if request.streams() { Response::events(stream(request, turn)) } else { document(request, turn) }
}

fn stream(request: &Request, turn: &Turn) -> Vec<Frame> {
    let mut frames = vec![named(&json!({ "type": "message_start", "message": {
        "id": id(request), "type": "message", "role": "assistant", "model": request.model(), "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(request, 1),
    } }))];
    let mut index = 0;
    for part in &turn.parts {
        let (block, deltas) = match part {
            Part::Wait(gate) => {
                frames.push(Frame::Wait(gate.clone()));
                continue;
            }
            Part::NextMessage => continue,
            Part::Thinking(text) => (
                json!({ "type": "thinking", "thinking": "", "signature": "" }),
                vec![
                    json!({ "type": "thinking_delta", "thinking": text }),
                    json!({ "type": "signature_delta", "signature": "c2lnbmF0dXJl" }),
                ],
            ),
            Part::Text(text) => (
                json!({ "type": "text", "text": "" }),
                pieces(text, turn.piece).map(|piece| json!({ "type": "text_delta", "text": piece })).collect(),
            ),
            Part::Structured(value) if request.schema().is_some() => {
                tool(request, index, "StructuredOutput", value, turn.piece)
            }
            Part::Structured(value) => (
                json!({ "type": "text", "text": "" }),
                vec![json!({ "type": "text_delta", "text": value.to_string() })],
            ),
            Part::Tool { name, input } => tool(request, index, name, input, turn.piece),
        };
        frames.push(named(&json!({ "type": "content_block_start", "index": index, "content_block": block })));
        frames.extend(
            deltas
                .into_iter()
                .map(|delta| named(&json!({ "type": "content_block_delta", "index": index, "delta": delta }))),
        );
        if broken(turn.ending).is_none() && turn.ending != Ending::Unfinished {
            frames.push(named(&json!({ "type": "content_block_stop", "index": index })));
        }
        index += 1;
    }
    if let Some(frame) = broken(turn.ending) {
        frames.push(frame);
    } else if !matches!(turn.ending, Ending::Unfinished | Ending::Unmarked) {
        frames.push(named(&json!({ "type": "message_delta",
            "delta": { "stop_reason": stop_reason(request, turn), "stop_sequence": null },
            "usage": usage(request, tokens(&words(turn))) })));
        frames.push(named(&json!({ "type": "message_stop" })));
    }
    frames
}

fn document(request: &Request, turn: &Turn) -> Response {
    let content: Vec<Value> = turn
        .parts
        .iter()
        .enumerate()
        .filter_map(|(index, part)| match part {
            Part::Text(text) => Some(json!({ "type": "text", "text": text })),
            Part::Structured(value) if request.schema().is_none() => {
                Some(json!({ "type": "text", "text": value.to_string() }))
            }
            Part::Structured(input) => {
                Some(json!({ "type": "tool_use", "id": format!("toolu_{}_{index}", request.nth),
                "name": "StructuredOutput", "input": input }))
            }
            Part::Tool { name, input } => {
                Some(json!({ "type": "tool_use", "id": format!("toolu_{}_{index}", request.nth),
                "name": name, "input": input }))
            }
            Part::Thinking(_) | Part::NextMessage | Part::Wait(_) => None,
        })
        .collect();
    let mut response = Response::json(
        200,
        &json!({ "id": id(request), "type": "message", "role": "assistant", "model": request.model(), "content": content,
            "stop_reason": stop_reason(request, turn), "stop_sequence": null, "usage": usage(request, tokens(&words(turn))) }),
    );
    let breaks = broken(turn.ending);
    if breaks.is_some() || matches!(turn.ending, Ending::Unfinished | Ending::Unmarked) {
        // Half of the document, and then nothing good.
        if let Some(Frame::Bytes(body)) = response.frames.first_mut() {
            *body = body.chars().take(body.len() / 2).collect();
        }
        response.frames.extend(breaks);
    }
    response
}

fn tool(request: &Request, index: usize, name: &str, input: &Value, piece: usize) -> (Value, Vec<Value>) {
    (
        json!({ "type": "tool_use", "id": format!("toolu_{}_{index}", request.nth), "name": name, "input": {} }),
        pieces(&input.to_string(), piece)
            .map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }))
            .collect(),
    )
}

fn id(request: &Request) -> String {
    format!("msg_{:04}", request.nth)
}

fn stop_reason(request: &Request, turn: &Turn) -> &'static str {
    let calls = |part: &Part| match part {
        Part::Tool { .. } => true,
        Part::Structured(_) => request.schema().is_some(),
        Part::Thinking(_) | Part::Text(_) | Part::NextMessage | Part::Wait(_) => false,
    };
    match turn.ending {
        Ending::Length => "max_tokens",
        Ending::Refusal => "refusal",
        _ if turn.parts.iter().any(calls) => "tool_use",
        _ => "end_turn",
    }
}

fn usage(request: &Request, output: u64) -> Value {
    json!({ "input_tokens": tokens(request.prompt()), "cache_creation_input_tokens": 0, "cache_read_input_tokens": 3,
        "output_tokens": output, "service_tier": "standard" })
}

/// How Anthropic refuses or fails.
pub fn fault(fault: Fault, request: &Request) -> Response {
    let error = |status: u16, kind: &str, message: &str| {
        Response::json(
            status,
            &json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_0001" }),
        )
    };
    match fault {
        Fault::BadCredential if request.header("x-api-key").is_some() => {
            error(401, "authentication_error", "invalid x-api-key")
        }
        Fault::BadCredential => error(401, "authentication_error", "Invalid bearer token"),
        Fault::Forbidden => error(403, "permission_error", "Your account may not use this resource."),
        Fault::BadModel => error(404, "not_found_error", &format!("model: {}", request.model())),
        Fault::BadRequest => error(400, "invalid_request_error", "messages: at least one message is required"),
        Fault::TooLong => error(400, "invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"),
        Fault::TooLarge => error(413, "request_too_large", "Request exceeds the maximum size"),
        Fault::RateLimited(wait) => {
            let limited = error(429, "rate_limit_error", "This request would exceed your account's rate limit.");
            match wait {
                Some(seconds) => limited.with("retry-after", seconds.to_string()),
                None => limited,
            }
        }
        Fault::UsageLimit(resets_at) => {
            error(429, "rate_limit_error", "This request would exceed your account's rate limit.")
                .with("anthropic-ratelimit-unified-status", "rejected")
                .with("anthropic-ratelimit-unified-reset", resets_at.to_string())
                .with("anthropic-ratelimit-unified-representative-claim", "five_hour")
                .with("anthropic-ratelimit-unified-fallback", "unavailable")
                .with("anthropic-ratelimit-unified-overage-status", "rejected")
        }
        Fault::DailyQuota => {
            error(429, "rate_limit_error", "Number of request tokens has exceeded your daily rate limit.")
        }
        Fault::Billing => error(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
        ),
        Fault::ServerError => error(500, "api_error", "Internal server error"),
        Fault::Unavailable => error(503, "api_error", "Service unavailable"),
        Fault::Overloaded => error(529, "overloaded_error", "Overloaded"),
    }
}
