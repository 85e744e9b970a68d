//! Everything that comes out of a child: bytes of two streams, and the fact that it is gone.
//!
//! The one file that knows `tokio-process-stream`, whose chunk stream carries standard output and the
//! exit status. Two of its traits are worked around here. It polls standard error first, every time,
//! so that a noisy one would starve the answer: standard error is taken out and read beside it, in
//! turns. And it owns the child, so that the exit cannot be awaited while another process holds a pipe
//! open: SIGCHLD says when to look, and the look leaves the reap, and with it the number of the
//! group, alone.

use super::follow::Followed;
use super::group::{Group, has_exited};
use crate::invocation::Stream;
use std::io;
use std::process::ExitStatus;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_process_stream::{Item, ProcessChunkStream};
use tokio_stream::StreamExt;

/// Most bytes of standard error read in one go.
const CHUNK: usize = 8 * 1024;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Bytes came; [`Output::chunk`] holds them.
    Bytes(Stream),
    /// The child has exited; another process may still hold its streams open. Said once.
    Exited,
    /// The child has exited and nothing more can come. Said for ever after.
    Ended,
}

/// The outputs of one child.
pub(super) struct Output {
    child: ProcessChunkStream,
    stderr: Option<ChildStderr>,
    fresh: Vec<u8>,
    followed: Followed,
    chunk: Vec<u8>,
    children: Option<Signal>,
    exited: bool,
    /// Set when the child has been reaped; `None` within if the system lost its status.
    status: Option<Option<ExitStatus>>,
}

impl Output {
    /// Takes the outputs of a child that was just started.
    pub(super) fn new(mut child: Child, followed: Followed) -> Self {
        let stderr = child.stderr.take();
        Self {
            child: child.into(),
            stderr,
            fresh: Vec::with_capacity(CHUNK),
            followed,
            chunk: Vec::new(),
            // Without the signal a leak is noticed by the clocks only.
            children: signal(SignalKind::child()).ok(),
            exited: false,
            status: None,
        }
    }

    /// The bytes that came last.
    pub(super) fn chunk(&self) -> &[u8] {
        &self.chunk
    }

    /// Whether the child has been reaped.
    pub(super) fn is_reaped(&self) -> bool {
        self.status.is_some()
    }

    /// Waits for what happens next. Safe to cancel: no byte is lost.
    pub(super) async fn next(&mut self, group: &Group) -> Event {
        loop {
            // The child may have gone before the signal was listened to, and signals are merged.
            if !self.exited && has_exited(group.id()) {
                self.exited = true;
                return Event::Exited;
            }
            // Looked at before the files are: what was written before the end has then been written.
            let over =
                self.status.is_some() && self.stderr.is_none() && (self.followed.is_empty() || !group.is_alive());
            if !self.followed.is_empty() {
                // Reading a file never waits: give way to others now and then all the same.
                tokio::task::coop::consume_budget().await;
                if let Some(stream) = self.followed.read() {
                    self.chunk.clear();
                    self.chunk.extend_from_slice(self.followed.chunk());
                    return Event::Bytes(stream);
                }
            }
            if over {
                return Event::Ended;
            }
            tokio::select! {
                item = self.child.next(), if self.status.is_none() => match item {
                    Some(Item::Stdout(bytes)) => return self.deliver(Stream::Stdout, &bytes),
                    Some(Item::Stderr(bytes)) => return self.deliver(Stream::Stderr, &bytes),
                    Some(Item::Done(status)) => self.status = Some(status.ok()),
                    None => self.status = Some(None),
                },
                read = read_some(self.stderr.as_mut(), &mut self.fresh) => {
                    if let Ok(1..) = read {
                        std::mem::swap(&mut self.fresh, &mut self.chunk);
                        return Event::Bytes(Stream::Stderr);
                    }
                    self.stderr = None;
                },
                Some(()) = next_signal(self.children.as_mut()), if !self.exited => {}
                () = self.followed.pause(), if !self.followed.is_empty() => {}
            }
            if self.status.is_some() && !self.exited {
                self.exited = true;
                return Event::Exited;
            }
        }
    }

    /// The child's status; reaps it if it has exited although its streams have not ended.
    pub(super) fn reap(&mut self) -> Option<ExitStatus> {
        if self.status.is_none()
            && let Some(child) = self.child.child_mut()
        {
            self.status = match child.try_wait() {
                Ok(Some(status)) => Some(Some(status)),
                Ok(None) => None,
                Err(_) => Some(None),
            };
        }
        self.status.flatten()
    }

    fn deliver(&mut self, stream: Stream, bytes: &[u8]) -> Event {
        self.chunk.clear();
        self.chunk.extend_from_slice(bytes);
        Event::Bytes(stream)
    }
}

async fn read_some(stderr: Option<&mut ChildStderr>, fresh: &mut Vec<u8>) -> io::Result<usize> {
    match stderr {
        Some(stderr) => {
            fresh.clear();
            fresh.reserve(CHUNK);
            stderr.read_buf(fresh).await
        }
        None => std::future::pending().await,
    }
}

async fn next_signal(children: Option<&mut Signal>) -> Option<()> {
    match children {
        Some(children) => children.recv().await,
        None => None,
    }
}
