//! Gemini: `POST /v1beta/models/M:streamGenerateContent?alt=sse` with a key, and the same in an envelope
//! at `/v1internal:streamGenerateContent` with a Google login.

use super::answer::{Ending, Fault, Part, Turn};
use super::request::{Request, Vendor};
use super::wire::{Frame, Response, broken, pieces, tokens, unnamed, words};
use serde_json::{Value, json};

/// The model's turn.
pub fn say(request: &Request, turn: &Turn) -> Response {
    let finish = match turn.ending {
        Ending::Length => "MAX_TOKENS",
        Ending::Refusal => "SAFETY",
        _ => "STOP",
    };
    if !request.streams() {
        let text = words(turn);
        return Response::json(200, &chunk(request, &[json!({ "text": text })], Some(finish), Some(turn)));
    }
    let mut frames = Vec::new();
    let event = |part: &Value| unnamed(&chunk(request, std::slice::from_ref(part), None, None));
    for part in &turn.parts {
        match part {
            Part::Thinking(text) => frames.push(event(&json!({ "text": text, "thought": true }))),
            Part::Text(text) => {
                frames.extend(pieces(text, turn.piece).map(|piece| event(&json!({ "text": piece }))));
            }
            Part::Structured(value) => frames.push(event(&json!({ "text": value.to_string() }))),
            Part::Tool { name, input } => {
                frames.push(event(&json!({ "functionCall": { "name": name, "args": input } })));
            }
            Part::Wait(gate) => frames.push(Frame::Wait(gate.clone())),
            Part::NextMessage => {}
        }
    }
    if let Some(frame) = broken(turn.ending) {
        frames.push(frame);
    } else if !matches!(turn.ending, Ending::Unfinished | Ending::Unmarked) {
        frames.push(unnamed(&chunk(request, &[], Some(finish), Some(turn))));
    }
    Response::events(frames)
}

fn chunk(request: &Request, parts: &[Value], finish: Option<&str>, turn: Option<&Turn>) -> Value {
    let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    let mut chunk = json!({ "candidates": [candidate], "modelVersion": request.model(), "responseId": format!("resp-{}", request.nth) });
    if let Some(turn) = turn {
        let (input, output) = (tokens(request.prompt()), tokens(&words(turn)));
        chunk["usageMetadata"] = json!({ "promptTokenCount": input, "candidatesTokenCount": output,
            "thoughtsTokenCount": 2, "cachedContentTokenCount": 3, "totalTokenCount": input + output + 2 });
    }
    if request.asks == Some(Vendor::GoogleLogin) {
        chunk = json!({ "response": chunk, "traceId": "0001" });
    }
    chunk
}

/// How Google refuses or fails.
pub fn fault(fault: Fault, request: &Request) -> Response {
    let error = |code: u16, status: &str, message: &str, details: Value| {
        Response::json(
            code,
            &json!({ "error": { "code": code, "message": message, "status": status, "details": details } }),
        )
    };
    let quota = |id: &str| {
        json!({ "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests", "quotaId": id,
            "quotaDimensions": { "location": "global", "model": request.model() }, "quotaValue": "10" }] })
    };
    let exhausted = "RESOURCE_EXHAUSTED";
    match fault {
        Fault::BadCredential if request.asks == Some(Vendor::Gemini) => error(
            400,
            "INVALID_ARGUMENT",
            "API key not valid. Please pass a valid API key.",
            json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
                "domain": "googleapis.com", "metadata": { "service": "generativelanguage.googleapis.com" } }]),
        ),
        Fault::BadCredential => {
            error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", json!([]))
        }
        Fault::Forbidden => error(403, "PERMISSION_DENIED", "The caller does not have permission", json!([])),
        Fault::BadModel => error(
            404,
            "NOT_FOUND",
            &format!(
                "models/{} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.",
                request.model()
            ),
            json!([]),
        ),
        Fault::BadRequest => error(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", json!([])),
        Fault::TooLong | Fault::TooLarge => error(
            400,
            "INVALID_ARGUMENT",
            "The input token count (1300000) exceeds the maximum number of tokens allowed (1048576).",
            json!([]),
        ),
        Fault::RateLimited(Some(seconds)) => error(
            429,
            exhausted,
            &format!(
                "You exceeded your current quota, please check your plan and billing details.\nPlease retry in {seconds}s."
            ),
            json!([quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
                { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s") }]),
        ),
        Fault::RateLimited(None) => error(429, exhausted, "Resource has been exhausted (e.g. check quota).", json!([])),
        Fault::DailyQuota | Fault::Billing => error(
            429,
            exhausted,
            "You exceeded your current quota, please check your plan and billing details.",
            json!([quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier")]),
        ),
        // Google says how long, not when: the caller's moment is turned into a fixed delay by the case.
        Fault::UsageLimit(_) => error(
            429,
            exhausted,
            "You have exhausted your capacity on this model. Your quota will reset after 3h22m10s.",
            json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "QUOTA_EXHAUSTED",
                    "domain": "cloudcode-pa.googleapis.com", "metadata": { "model": request.model(), "quotaResetDelay": "3h22m10s" } },
                { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12130s" }]),
        ),
        Fault::ServerError => error(500, "INTERNAL", "An internal error has occurred.", json!([])),
        Fault::Unavailable | Fault::Overloaded => {
            error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", json!([]))
        }
    }
}

/// Start-up traffic of a Google login. An account whose token has `small` in it may not use the models that
/// Google calls previews.
pub fn side(request: &Request) -> Option<Response> {
    let path = request.path.as_str();
    if path == "/tokeninfo" {
        let scope = "https://www.googleapis.com/auth/cloud-platform";
        return Some(Response::json(200, &json!({ "aud": "loopback", "expires_in": 3600, "scope": scope })));
    }
    let method = path.rsplit(':').next().filter(|_| path.contains("v1internal"))?;
    Some(Response::json(
        200,
        &match method {
            "loadCodeAssist" => json!({ "currentTier": { "id": "standard-tier", "name": "Standard" },
                "allowedTiers": [], "cloudaicompanionProject": "loopback-project" }),
            "retrieveUserQuota" => {
                let small = request.header("authorization").is_some_and(|token| token.contains("small"));
                let model = if small { "gemini-2.5-flash" } else { "gemini-3.1-pro-preview" };
                json!({ "buckets": [{ "modelId": model, "tokenType": "REQUESTS", "remainingFraction": 0.5,
                    "remainingAmount": "50", "resetTime": "2099-01-01T00:00:00Z" }] })
            }
            "listExperiments" => json!({ "experimentIds": [], "flags": [] }),
            _ => json!({}),
        },
    ))
}
