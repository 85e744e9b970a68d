//! `--output-format jsonl`: each event on a line as it happens; the last line is the document.

use super::document::Document;
use super::json::compact;
use super::outlet::Outlet;
use super::reporter::Reporter;
use crate::event::{Event, EventKind};
use crate::outcome::Finished;
use serde::Serialize;
use std::io;

/// Writes the events of the run, and its document.
#[derive(Debug)]
pub struct Jsonl {
    out: Outlet,
}

/// `seq` (none for live events), `at` (RFC 3339), `event`, then the event's own fields.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    at: String,
    #[serde(flatten)]
    kind: &'a EventKind,
}

impl Jsonl {
    /// Writes to `out`.
    #[must_use]
    pub fn new(out: Outlet) -> Self {
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
