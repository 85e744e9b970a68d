//! No word reaches a model but ours and those that are known: the texts that a CLI adds by itself and that
//! nothing takes away stand in `known_texts.toml`, each with its reason.

use super::audit::asked;
use super::loopback::{Answer, Request, Vendor, words};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::sync::LazyLock;

/// A text of a CLI's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    cli: String,
    role: String,
    /// A regular expression that the whole text matches.
    pattern: String,
    /// Why it is there, and why it stays.
    why: String,
    /// Whether a key keeps it away: then it stands in no request that a key pays for.
    #[serde(default)]
    never_with_a_key: bool,
}

#[derive(Deserialize)]
struct Table {
    text: Vec<Known>,
}

static KNOWN: LazyLock<Vec<(Known, Regex)>> = LazyLock::new(|| {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/known_texts.toml");
    let table: Table = toml::from_str(&std::fs::read_to_string(table).unwrap()).unwrap();
    let compiled = |known: Known| {
        assert!(!known.why.is_empty());
        let whole = Regex::new(&format!("^(?:{})$", known.pattern)).unwrap();
        (known, whole)
    };
    table.text.into_iter().map(compiled).collect()
});

/// A text of a request, and who is made to say it: a role of the API, or `instructions` for the place of a
/// system prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The role.
    pub role: String,
    /// The text.
    pub text: String,
}

/// Every text of a request that is not known to be its CLI's own, nor the model's own earlier words.
pub fn ours(request: &Request, answers: &[(Request, Answer)]) -> Vec<Said> {
    let spoken: Vec<_> = answers
        .iter()
        .filter_map(|(_, answer)| match answer {
            Answer::Turn(turn) => Some(words(turn)),
            _ => None,
        })
        .collect();
    let mut left: Vec<Said> = all(request);
    left.retain(|said| {
        let model = matches!(said.role.as_str(), "assistant" | "model");
        !(is_known(request, said) || model && spoken.contains(&said.text))
    });
    // codex sends the instructions of some models twice.
    left.dedup();
    left
}

/// Whether the only texts in a request beside the known ones are this system prompt and this prompt.
///
/// # Errors
/// All that are not known, and who says them.
pub fn only(request: &Request, answers: &[(Request, Answer)], system: &str, prompt: &str) -> Result<(), String> {
    let left = ours(request, answers);
    let right = match left.as_slice() {
        [instructions, user] => {
            // A guard in front; where messages are joined, a line's end behind.
            let sent = user.text.strip_suffix('\n').filter(|_| !prompt.ends_with('\n')).unwrap_or(&user.text);
            let sent = sent.strip_prefix('\u{2060}').unwrap_or(sent);
            let sent = sent == prompt || sent.strip_prefix('\n') == Some(prompt);
            instructions.text.trim_end() == system.trim_end() && user.role == "user" && sent
        }
        _ => false,
    };
    if right { Ok(()) } else { Err(format!("{}: more or less than {prompt:?}: {left:#?}", asked(request))) }
}

/// Whether `known_texts.toml` has this text.
pub fn is_known(request: &Request, said: &Said) -> bool {
    let cli = asked(request).name();
    let key = ["x-api-key", "x-goog-api-key"].iter().any(|name| request.header(name).is_some());
    KNOWN.iter().any(|(known, whole)| {
        known.cli == cli && known.role == said.role && whole.is_match(&said.text) && !(key && known.never_with_a_key)
    })
}

/// Every text of every message of every role, the place of a system prompt among them.
pub fn all(request: &Request) -> Vec<Said> {
    let body = match request.asks {
        Some(Vendor::GoogleLogin) => &request.json["request"],
        _ => &request.json,
    };
    let (instructions, messages) = match request.asks.unwrap() {
        Vendor::Anthropic => (&body["system"], &body["messages"]),
        Vendor::OpenAi => (&body["instructions"], &body["input"]),
        Vendor::Gemini | Vendor::GoogleLogin => (&body["systemInstruction"]["parts"], &body["contents"]),
    };
    let mut found = Vec::new();
    collect("instructions", instructions, &mut found);
    for message in messages.as_array().into_iter().flatten() {
        let role = message["role"].as_str().or(message["type"].as_str()).unwrap_or("?");
        let content = [&message["content"], &message["parts"]].into_iter().find(|content| !content.is_null());
        collect(role, content.unwrap_or(message), &mut found);
    }
    found
}

/// The texts of a message's content. What is no text says its kind, but for a model's call of a tool.
fn collect(role: &str, content: &Value, found: &mut Vec<Said>) {
    let mut say = |text: &str| found.push(Said { role: role.to_owned(), text: text.to_owned() });
    match content {
        Value::Null => {}
        Value::String(text) => say(text),
        Value::Array(blocks) => blocks.iter().for_each(|block| collect(role, block, found)),
        block if block["text"].is_string() => say(block["text"].as_str().unwrap_or_default()),
        block if block["type"] == "tool_result" => collect("tool", &block["content"], found),
        block if block["type"] == "function_call_output" => collect("tool", &block["output"], found),
        block if block["functionResponse"].is_object() => say(&block["functionResponse"]["response"].to_string()),
        block => {
            let kind = block["type"].as_str().unwrap_or("?");
            let call = ["tool_use", "thinking", "function_call", "custom_tool_call", "reasoning"].contains(&kind);
            let tools =
                block["tools"].as_array().into_iter().flatten().map(|tool| tool["name"].as_str().unwrap_or("?"));
            let tools: Vec<_> = tools.collect();
            if !tools.is_empty() {
                say(&format!("{kind}: {}", tools.join(", ")));
            } else if !call && !block["functionCall"].is_object() {
                say(&format!("{kind}: {block}"));
            }
        }
    }
}
