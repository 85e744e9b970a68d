//! `--output-format json`: one document at the end, and nothing before it.

use crate::event::Event;
use crate::outcome::Finished;
use crate::report::document::Document;
use crate::report::output_stream::OutputStream;
use crate::report::reporter::Reporter;
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
    written(out, serde_json::to_string_pretty(document));
}

/// Writes a document on one line, in one piece.
pub fn compact(out: &mut OutputStream, document: &impl Serialize) {
    written(out, serde_json::to_string(document));
}

fn written(out: &mut OutputStream, text: serde_json::Result<String>) {
    match text {
        Ok(text) => out.json(&text),
        Err(error) => out.fail(error.into()),
    }
}
