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
