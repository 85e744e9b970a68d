//! Readers of what the CLIs print, one per wire format.

mod claude;
mod codex;
mod codex_server;
mod context;
mod ending;
mod gemini;
mod json;
mod jsonl;
mod number;
mod plain;
mod pointer;
mod pointers;
mod scrub;
mod tail;
#[cfg(test)]
mod testing;

pub use context::{CodecContext, CodecKind, codec};
pub use pointer::Pointer;
pub use pointers::{Paths, Pointers};

use crate::exchange::Reply;
use crate::failure::CallFailure;
use crate::invocation::{Exit, Flow, Line};
use crate::time::Timestamp;

/// Reads one attempt's output, line by line, and says at its end what it was.
pub trait Codec: Send {
    /// Takes one line in.
    fn line(&mut self, line: &Line) -> Step;

    /// Whether the turn has ended without an error: what [`Codec::end`] says then does not depend on the exit.
    fn is_complete(&self) -> bool {
        false
    }

    /// The reply, or why there is none. Content and events decide; the exit code is only one more
    /// hint.
    ///
    /// # Errors
    /// The failure, in its class.
    fn end(self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure>;
}

/// What a codec says of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whether to go on.
    pub flow: Flow,
    /// What to show.
    pub progress: Option<Progress>,
}

impl Step {
    /// Nothing to show, go on.
    pub const MORE: Self = Self { flow: Flow::More, progress: None };

    /// Nothing to show, the answer is complete.
    pub const DONE: Self = Self { flow: Flow::Done, progress: None };

    /// The next piece of the answer, go on.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self { flow: Flow::More, progress: Some(Progress::Text(text)) }
    }

    /// The CLI thinks, go on.
    #[must_use]
    pub fn thinking() -> Self {
        Self { flow: Flow::More, progress: Some(Progress::Thinking) }
    }

    /// The CLI retries by itself, go on.
    #[must_use]
    pub fn retrying(why: String) -> Self {
        Self { flow: Flow::More, progress: Some(Progress::Retrying(why)) }
    }
}

/// What a CLI is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It thinks.
    Thinking,
    /// The next piece of the answer.
    Text(String),
    /// It retries by itself.
    Retrying(String),
}

/// What is known when the output has ended.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// How the child ended.
    pub exit: &'a Exit,
    /// When; vendors' reset times are relative to it.
    pub now: Timestamp,
}
