//! `--output-format json`: one document at the end, and nothing before it.

use super::document::Document;
use super::output_stream::OutputStream;
use super::reporter::Reporter;
use crate::event::Event;
use crate::outcome::Finished;
use serde::Serialize;
use std::io;

/// Writes the document of the run.
#[derive(Debug)]
pub struct Json {
    out: OutputStream,
}

impl Json {
    /// Writes to `out`.
    #[must_use]
    pub fn new(out: OutputStream) -> Self {
        Self { out }
    }
}

impl Reporter for Json {
    fn report(&mut self, _: &Event) {}

    fn finish(&mut self, finished: &Finished) -> io::Result<()> {
        pretty(&mut self.out, &Document::of(finished));
        self.out.result()
    }
}

/// Writes a document over several lines.
pub fn pretty(out: &mut OutputStream, document: &impl Serialize) {
    out.write(|to| {
        serde_json::to_writer_pretty(&mut *to, document)?;
        to.write_all(b"\n")?;
        to.flush()
    });
}

/// Writes a document on one line.
pub fn compact(out: &mut OutputStream, document: &impl Serialize) {
    out.write(|to| {
        // In one piece, so that a reader never sees half a line for long.
        let mut line = serde_json::to_vec(document)?;
        line.push(b'\n');
        to.write_all(&line)?;
        to.flush()
    });
}
