//! What the tests of all codecs share.

use super::{CodecContext, CodecKind, End, Step, codec};
use crate::adapter::rules::Rule;
use crate::exchange::Reply;
use crate::failure::CallFailure;
use crate::invocation::{Ending, Exit, Line, Stream};
use crate::time::Timestamp;
use std::time::Duration;

/// 2026-11-21T10:00:00Z.
pub(super) const NOW: Timestamp = Timestamp(1_795_255_200_000);

/// How a child ended, with an exit code.
pub(super) fn exit(ending: Ending, code: i32) -> Exit {
    Exit { ending, code: Some(code), ..Exit::at_answer(Duration::from_secs(7)) }
}

/// A context with these rules, as JSON.
pub(super) fn context(rules: &serde_json::Value) -> CodecContext {
    let rules: Vec<Rule> = serde_json::from_value(rules.clone()).unwrap();
    CodecContext { rules: rules.into(), ..CodecContext::default() }
}

/// What a codec makes of a transcript.
pub(super) fn read(kind: &CodecKind, context: CodecContext, stdout: &str, stderr: &str, exit: &Exit) -> Read {
    let mut codec = codec(kind, context);
    let mut steps = Vec::new();
    for (stream, text) in [(Stream::Stderr, stderr), (Stream::Stdout, stdout)] {
        for text in text.lines() {
            steps.push(codec.line(&Line { stream, text: text.to_owned(), cut: false }));
        }
    }
    Read { steps, result: codec.end(&End { exit, now: NOW }) }
}

/// A transcript, read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) steps: Vec<Step>,
    pub(super) result: Result<Reply, CallFailure>,
}
