//! Follows files that children write as they grow.

use crate::invocation::Stream;
use std::fs::File;
use std::io::Read;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Most bytes read in one go.
const CHUNK: usize = 64 * 1024;

/// First and longest pause between two looks at files that did not grow.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// The files of one child: none, one or two.
#[derive(Debug, Default)]
pub(super) struct Followed {
    files: Vec<(Stream, File)>,
    /// Allocated with the first file, and then reused.
    buffer: Vec<u8>,
    filled: usize,
    pause: Duration,
    /// When to look again; kept here so that waiting can be cancelled and taken up again.
    look: Option<Instant>,
}

impl Followed {
    /// Follows one more file, from its beginning.
    pub(super) fn add(&mut self, stream: Stream, file: File) {
        self.files.push((stream, file));
        self.buffer.resize(CHUNK, 0);
    }

    /// Whether there is nothing to follow.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The bytes that came last.
    pub(super) fn chunk(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Reads what is there now, if anything. A file that cannot be read counts as ended.
    ///
    /// It blocks, for the time of a copy: the child has just written these bytes, they are in
    /// memory, and a detour over a thread pool would cost more.
    pub(super) fn read(&mut self) -> Option<Stream> {
        for (stream, file) in &mut self.files {
            if let Ok(count @ 1..) = file.read(&mut self.buffer) {
                self.filled = count;
                self.pause = PAUSES.0;
                self.look = None;
                return Some(*stream);
            }
        }
        None
    }

    /// Waits until it is worth reading again: longer each time nothing has come.
    pub(super) async fn pause(&mut self) {
        let look = *self.look.get_or_insert_with(|| Instant::now() + self.pause);
        sleep_until(look).await;
        self.look = None;
        self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
    }
}
