//! `--output-format jsonl`: each event on a line as it happens; the last line is the document.

use super::json::compact;
use crate::event::{Event, EventKind};
use crate::outcome::Finished;
use crate::report::document::Document;
use crate::report::output_stream::OutputStream;
use crate::report::reporter::Reporter;
use serde::Serialize;
use std::io;

/// Writes the events of the run, and its document.
#[derive(Debug)]
pub struct Jsonl {
    out: OutputStream,
}

/// One line: `seq`, `at`, `event`, then the event's own fields.
#[derive(Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(crate) struct Line<'a> {
    /// Its place in the run, from 0 without gaps; `None` for live events, which a replay does not
    /// repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// When, RFC 3339.
    #[cfg_attr(feature = "cli", schemars(extend("format" = "date-time")))]
    at: String,
    #[serde(flatten)]
    kind: &'a EventKind,
}

impl Jsonl {
    /// Writes to `out`.
    #[must_use]
    pub fn new(out: OutputStream) -> Self {
        Self { out }
    }
}

impl Reporter for Jsonl {
    fn report(&mut self, event: &Event) {
        compact(&mut self.out, &Line { seq: event.seq, at: event.at.to_string(), kind: &event.kind });
    }

    fn finish(&mut self, finished: &Finished) -> io::Result<()> {
        compact(&mut self.out, &Document::of(finished));
        self.out.result()
    }
}
