//! A script for a whole consensus run: answers proposals, reviews and refinements by themselves.

use super::answer::Answer;
use super::request::{Request, Vendor};
use serde_json::{Map, Value, json};

/// Answers a whole run. A request with a schema is a review and gets the schema's keys filled: numbers
/// with `score(request)`, lists with one line, all else with words. Everything else gets an answer that
/// names its maker, so that a test sees whether the name comes through.
pub fn consensus(score: impl Fn(&Request) -> f64 + Send + Sync) -> impl Fn(&Request) -> Answer + Send + Sync {
    move |request| match request.schema() {
        Some(schema) => Answer::structured(fill(schema, score(request))),
        None => {
            let name = name(request);
            Answer::text(format!("I am {name}. Answer {} is forty-two.", request.nth))
        }
    }
}

/// Who answers, in words that tell.
pub fn name(request: &Request) -> &'static str {
    match request.asks {
        Some(Vendor::Anthropic) => "Claude, made by Anthropic",
        Some(Vendor::OpenAi) => "Codex, made by OpenAI",
        Some(Vendor::Gemini | Vendor::GoogleLogin) => "Gemini, made by Google",
        None => "nobody",
    }
}

/// A value that a schema allows.
fn fill(schema: &Value, score: f64) -> Value {
    let resolved = |kind: &Value| match kind {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or("string").to_owned(),
        kind => kind.as_str().unwrap_or("object").to_owned(),
    };
    match resolved(&schema["type"]).as_str() {
        "object" => Value::Object(
            schema["properties"]
                .as_object()
                .unwrap_or(&Map::new())
                .iter()
                .map(|(key, inner)| (key.clone(), fill(inner, score)))
                .collect(),
        ),
        "array" => json!([fill(&schema["items"], score)]),
        "number" => json!(score),
        "integer" => json!(score.round()),
        "boolean" => json!(true),
        _ => match &schema["enum"][0] {
            Value::Null => json!("clear and short"),
            first => first.clone(),
        },
    }
}
