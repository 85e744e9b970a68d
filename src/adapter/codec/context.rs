//! Which codec reads a CLI, and what it must know of the call.

use super::claude::ClaudeCodec;
use super::codex::CodexCodec;
use super::gemini::GeminiCodec;
use super::json::JsonCodec;
use super::jsonl::JsonlCodec;
use super::plain::PlainCodec;
use super::{Codec, Pointers};
use crate::adapter::rules::Rule;
use crate::invocation::Secret;
use std::sync::Arc;

/// What a codec must know of the call that it reads.
#[derive(Debug, Clone, Default)]
pub struct CodecContext {
    /// Whether a structured reply was asked for.
    pub shaped: bool,
    /// The adapter's table of failures.
    pub rules: Arc<[Rule]>,
    /// What pays; taken out of every message and warning.
    pub secret: Option<Secret>,
    /// The limit of output tokens that the CLI was given, for vendors that do not say that they
    /// reached it.
    pub max_output_tokens: Option<u32>,
    /// The model that the CLI was told to ask. Some of them ask another one in silence.
    pub model: Option<String>,
}

/// A wire format.
#[derive(Debug, Clone, PartialEq)]
pub enum CodecKind {
    /// `claude -p --output-format stream-json --verbose`.
    Claude,
    /// `codex exec --json`.
    Codex,
    /// `gemini -o json`.
    Gemini,
    /// Standard output is the answer.
    Plain,
    /// One JSON document on standard output.
    Json(Pointers),
    /// One JSON document in each line of standard output.
    Jsonl(Pointers),
}

/// A reader for one attempt.
#[must_use]
pub fn codec(kind: &CodecKind, context: CodecContext) -> Box<dyn Codec> {
    match kind {
        CodecKind::Claude => Box::new(ClaudeCodec::new(context)),
        CodecKind::Codex => Box::new(CodexCodec::new(context)),
        CodecKind::Gemini => Box::new(GeminiCodec::new(context)),
        CodecKind::Plain => Box::new(PlainCodec::new(context)),
        CodecKind::Json(pointers) => Box::new(JsonCodec::new(context, pointers.clone())),
        CodecKind::Jsonl(pointers) => Box::new(JsonlCodec::new(context, pointers.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::End;
    use super::super::testing::{NOW, exit};
    use super::*;
    use crate::invocation::{Ending, Line, Stream};
    use proptest::prelude::*;

    fn kinds() -> Vec<CodecKind> {
        let pointers: Pointers = toml::from_str("text = ['/a/*']\nerror = '/e'\ncost_usd = '/*'").unwrap();
        vec![
            CodecKind::Claude,
            CodecKind::Codex,
            CodecKind::Gemini,
            CodecKind::Plain,
            CodecKind::Json(pointers.clone()),
            CodecKind::Jsonl(pointers),
        ]
    }

    /// Values in the places where the formats have objects, texts and numbers.
    fn value() -> impl Strategy<Value = serde_json::Value> {
        let words = prop::sample::select(vec![
            "type",
            "event",
            "message",
            "content",
            "delta",
            "result",
            "assistant",
            "stream_event",
            "system",
            "subtype",
            "api_retry",
            "usage",
            "error",
            "item.completed",
            "item",
            "agent_message",
            "turn.failed",
            "turn.completed",
            "stats",
            "models",
            "response",
            "rate_limit_event",
            "rate_limit_info",
            "resetsAt",
            "rejected",
            "status",
            "is_error",
            "INVALID_STREAM",
            "modelUsage",
            "a",
            "text",
            "message_delta",
            "content_block_delta",
            "errors",
        ]);
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<u64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            words.clone().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map(words.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn feed(lines: &[(bool, bool, String)], code: i32) {
        for kind in kinds() {
            let mut codec = codec(&kind, CodecContext { shaped: code % 2 == 0, ..CodecContext::default() });
            for (stderr, cut, text) in lines {
                let stream = if *stderr { Stream::Stderr } else { Stream::Stdout };
                codec.line(&Line { stream, text: text.clone(), cut: *cut });
            }
            if let Ok(reply) = codec.end(&End { exit: &exit(Ending::Left, code), now: NOW }) {
                assert!(!reply.text.trim().is_empty());
            }
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(lines in prop::collection::vec((any::<bool>(), prop::bool::weighted(0.05), ".*"), 0..6), code in 0..4) {
            feed(&lines, code);
        }

        #[test]
        fn no_document_panics(values in prop::collection::vec((any::<bool>(), value()), 0..6), pretty: bool, code in 0..4) {
            let text = |value: &serde_json::Value| if pretty { format!("{value:#}") } else { value.to_string() };
            let lines: Vec<_> = values
                .iter()
                .flat_map(|(stderr, value)| text(value).lines().map(|line| (*stderr, false, line.to_owned())).collect::<Vec<_>>())
                .collect();
            feed(&lines, code);
        }
    }
}
