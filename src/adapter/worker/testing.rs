//! What the tests of all workers share.

use super::{WorkerCodec, WorkerEvent};
use crate::invocation::{Line, Piece, Stream};
use serde_json::Value;

/// What pieces are on the way to a worker.
pub(super) fn text(pieces: &[Piece]) -> String {
    let text = pieces.iter().map(|piece| match piece {
        Piece::Raw(text) => text.to_string(),
        Piece::JsonEscaped(text) => {
            let quoted = Value::from(&**text).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
    });
    text.collect()
}

/// A line of standard output.
pub(super) fn line(text: &str, cut: bool) -> Line {
    Line { stream: Stream::Stdout, text: text.to_owned(), cut }
}

/// What a line leads to, in words.
pub(super) fn take(worker: &mut dyn WorkerCodec, said: Line) -> Vec<String> {
    let shown = worker.line(said).into_iter().map(|event| match event {
        WorkerEvent::Write(pieces) => format!("> {}", text(&pieces).trim_end()),
        WorkerEvent::Line(turn, line) => format!("{turn}: {}", line.text),
        WorkerEvent::Free(turn) => format!("free {turn}"),
        WorkerEvent::Unusable(why) => why,
    });
    shown.collect()
}
