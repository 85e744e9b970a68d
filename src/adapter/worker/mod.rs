//! How a CLI is spoken to that is kept: one process, many calls. What is written to it, and whose each line is
//! that it prints; one file per vendor. A call's lines are read by the [`Codec`](super::Codec) of the adapter, as
//! those of a process of its own are.
//!
//! ```text
//! greet -> (ready) -> ask -> Line, Line, … -> Write(reset) -> Free -> ask …
//!                       `-> cancel -----------------^    `-> Unusable
//! ```

mod claude;
mod codex;
mod gemini;
mod rpc;
#[cfg(test)]
mod testing;

use super::manifest::{CodecName, Manifest};
use super::template::Values;
use crate::ids::CallId;
use crate::invocation::{Line, Piece};

/// A call's number within its worker.
pub type TurnId = u32;

/// What one call asks of a worker.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The prompt, guarded, each piece as the inside of a JSON string.
    pub prompt: Vec<Piece>,
    /// The system prompt, for CLIs that take it with each call; as the prompt.
    pub system: Vec<Piece>,
    /// What stands for the placeholders of a call: `model`, `effort`, `schema`, `temperature`, …
    pub values: Values,
    /// The call's id, for programs that play a CLI: see [`MARK_CALLS`](super::MARK_CALLS).
    pub mark: Option<CallId>,
}

impl Ask {
    /// The line that names the call to a program that plays a CLI; nothing for a real one.
    fn mark_line(&self) -> Option<Piece> {
        let line = serde_json::json!({ super::CALL: self.mark.as_ref()?.as_str() });
        Some(Piece::Raw(format!("{line}\n").into()))
    }
}

/// Speaks with one worker. It has no clocks: its caller sets the time limits.
pub trait WorkerCodec: Send {
    /// What is written as soon as it has been started. A call that is asked before the greeting is answered is
    /// held back by the codec itself.
    fn greet(&mut self) -> Vec<Piece> {
        Vec::new()
    }

    /// Begins a call. Asked only while fewer calls run than the manifest allows at once.
    fn ask(&mut self, turn: TurnId, ask: &Ask) -> Vec<Piece>;

    /// Ends a call early; [`WorkerEvent::Free`] confirms it. Nothing, if it has already ended.
    fn cancel(&mut self, turn: TurnId) -> Vec<Piece>;

    /// Takes a line of standard output in.
    fn line(&mut self, line: Line) -> Vec<WorkerEvent>;
}

/// What follows from a line.
#[derive(Debug, Clone)]
pub enum WorkerEvent {
    /// This is to be written.
    Write(Vec<Piece>),
    /// The line, or what it means for this call alone, is for its codec to read.
    Line(TurnId, Line),
    /// Nothing of the call is left in the worker: another one can be asked in its place.
    Free(TurnId),
    /// It must not be asked any more; why.
    Unusable(String),
}

/// What speaks with a worker of this adapter; `None` where its wire format has no such way.
#[must_use]
pub fn worker_codec(manifest: &Manifest) -> Option<Box<dyn WorkerCodec>> {
    match manifest.output.codec {
        CodecName::Claude => Some(Box::new(claude::ClaudeWorker::default())),
        CodecName::Codex => Some(Box::new(codex::CodexWorker::default())),
        CodecName::Gemini => Some(Box::new(gemini::GeminiWorker::default())),
        CodecName::Plain | CodecName::Json | CodecName::Jsonl => None,
    }
}
