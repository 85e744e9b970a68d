//! The writer of a child's standard input. It runs beside the readers: a prompt larger than a pipe
//! would otherwise wait for a child that waits for its reader.

use super::encode::Encoder;
use crate::invocation::{Piece, StdinClose};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No turn yet.
    Idle,
    /// Some of the turn is left.
    Writing,
    /// Everything handed over so far was taken.
    Written,
}

/// The open end of a child's standard input, and what is still to be written to it.
#[derive(Debug)]
pub(super) struct Input {
    stdin: Option<ChildStdin>,
    close: StdinClose,
    rest: Encoder,
    state: State,
}

impl Input {
    pub(super) fn new(stdin: Option<ChildStdin>, close: StdinClose) -> Self {
        Self { stdin, close, rest: Encoder::default(), state: State::Idle }
    }

    /// Hands the next turn's pieces over.
    pub(super) fn push(&mut self, pieces: Vec<Piece>) {
        self.rest.extend(pieces);
        self.state = State::Writing;
        self.settle();
    }

    /// Whether something is left to be written, and can be.
    pub(super) fn is_busy(&self) -> bool {
        self.stdin.is_some() && self.state == State::Writing
    }

    /// Whether the child took everything.
    pub(super) fn is_written(&self) -> bool {
        self.state == State::Written
    }

    /// Writes the next chunk. Safe to cancel: what was not written yet is still there.
    pub(super) async fn step(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        match stdin.write(self.rest.chunk()).await {
            Ok(count) if count > 0 => {
                self.rest.advance(count);
                self.settle();
            }
            // EPIPE: the child closed its input. Whether that matters, its answer tells.
            Ok(_) | Err(_) => self.close(),
        }
    }

    /// Closes the child's standard input.
    pub(super) fn close(&mut self) {
        self.stdin = None;
    }

    fn settle(&mut self) {
        if self.stdin.is_some() && self.rest.chunk().is_empty() {
            self.state = State::Written;
            if self.close == StdinClose::AfterPrompt {
                self.close();
            }
        }
    }
}
