//! A run on disk: its header, its entries, and the ways in which a file is not a run that this
//! program can show again or go on with.

use super::record::{Entry, Record};
use crate::error::Error;
use crate::ids::RunId;
use crate::journal::{self, Chain, Contents, Writer};
use crate::plan::{RunLimits, RunPlan};
use crate::protocol::prompt::templates_digest;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// The version of the journal's format: what a record means, and what a protocol makes of it. A
/// change to either is a new version; a change to anything else is none, so that an update of the
/// program or of a CLI does not orphan a run.
pub const FORMAT: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// The version of the program that began the run; for people.
    pub version: String,
    /// The digest of the prompt templates: with other prompts, the replies would answer something
    /// else.
    pub templates: String,
    /// When the run began.
    pub at: Timestamp,
    /// What a person was warned of before the first call.
    pub warnings: Vec<String>,
    /// The whole plan, question and files in full.
    pub plan: RunPlan,
}

impl Header {
    /// The header of a run that begins now.
    #[must_use]
    pub fn new(plan: RunPlan, warnings: Vec<String>, at: Timestamp) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, version, templates: templates_digest(), at, warnings, plan }
    }
}

/// A run as its journal holds it.
#[derive(Debug)]
pub struct Recorded {
    /// The first line.
    pub header: Header,
    /// All others.
    pub entries: Vec<Entry>,
    whole_bytes: u64,
    chain: Chain,
}

/// Makes the journal of a new run, with its header safe on the disk.
///
/// # Errors
/// What the system says.
pub async fn begin_journal(path: &Path, header: &Header) -> io::Result<Writer> {
    let body = serde_json::to_string(header)?;
    let writer = Writer::create(path)?;
    let mut written = writer.append(body).await;
    if written.is_ok() {
        written = writer.sync().await;
    }
    match written {
        Ok(()) => Ok(writer),
        Err(failed) => {
            // A journal without its header is none.
            let _ = std::fs::remove_file(path);
            Err(io::Error::other(failed))
        }
    }
}

/// Whether the run of a journal is finished, so that there is nothing to resume; `None` if the file is not the journal
/// of `run`. Reads the first and the last line alone, of any format and version.
#[must_use]
pub fn is_finished(path: &Path, run: &RunId) -> Option<bool> {
    #[derive(Deserialize)]
    struct First {
        #[expect(dead_code, reason = "it has to be there")]
        format: u32,
        plan: Plan,
    }
    #[derive(Deserialize)]
    struct Plan {
        run_id: RunId,
    }
    // The line that closes a run is far shorter.
    const TAIL: u64 = 4096;

    let mut file = File::open(path).ok()?;
    let mut line = String::new();
    BufReader::new(&file).read_line(&mut line).ok()?;
    let header = Chain::default().open(line.strip_suffix('\n')?).ok()?;
    let first: First = serde_json::from_str(&header).ok()?;
    if first.plan.run_id != *run {
        return None;
    }
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).ok()?;
    let last = tail.strip_suffix(b"\n").and_then(|lines| lines.rsplit(|byte| *byte == b'\n').next());
    let last = last.and_then(|line| serde_json::from_slice::<Entry>(line).ok());
    Some(last.is_some_and(|entry| matches!(entry.record, Record::Closed { status: None })))
}

impl Recorded {
    /// Reads a journal whole.
    ///
    /// # Errors
    /// It cannot be read, was damaged or changed, is no journal of this program, or is of another
    /// format or of other prompts.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let Contents { bodies, chain, whole_bytes, .. } =
            journal::read(path).map_err(|error| Error::failed(error.to_string()))?;
        let place = path.display();
        let mut bodies = bodies.iter();
        let first = bodies.next().ok_or_else(|| {
            Error::failed(format!("{place}: it ends before its first line: nothing was asked in that run"))
        })?;
        // The format is read by itself first: all else may have changed with it.
        let format: Format = parsed(path, 1, first)?;
        if format.format != FORMAT {
            let words = format!("{place}: it is of format {}, this program reads {FORMAT}", format.format);
            return Err(Error::failed(words).hint("use the version of refinery that made it"));
        }
        let header: Header = parsed(path, 1, first)?;
        if header.templates != templates_digest() {
            let words = format!(
                "{place}: it was made by refinery {} with other prompts than those of {}",
                header.version,
                env!("CARGO_PKG_VERSION")
            );
            return Err(Error::failed(words).hint(format!("use refinery {} for it", header.version)));
        }
        let entries = bodies.enumerate().map(|(at, body)| parsed(path, at + 2, body)).collect::<Result<_, _>>()?;
        Ok(Self { header, entries, whole_bytes, chain })
    }

    /// Opens a journal for going on with it, locked from the first look to the last line.
    ///
    /// # Errors
    /// As [`Self::read`]; another process holds it.
    pub fn open(path: &Path) -> Result<(Self, File), Error> {
        let file = Writer::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                Error::failed(format!("{}: another process goes on with this run right now", path.display()))
            }
            _ => Error::failed(format!("{} cannot be opened: {error}", path.display())),
        })?;
        Ok((Self::read(path)?, file))
    }

    /// The limits that hold at its end: those that it last went on with, else the plan's.
    #[must_use]
    pub fn limits(&self) -> &RunLimits {
        let raised = self.entries.iter().rev().find_map(|entry| match &entry.record {
            Record::Resumed { limits } => limits.as_deref(),
            _ => None,
        });
        raised.unwrap_or(&self.header.plan.limits)
    }

    /// The writer that goes on after the last whole line.
    ///
    /// # Errors
    /// What the system says.
    pub fn writer(&self, file: File) -> io::Result<Writer> {
        Writer::go_on(file, self.whole_bytes, self.chain.clone())
    }
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn parsed<T: for<'a> Deserialize<'a>>(path: &Path, line: usize, body: &str) -> Result<T, Error> {
    serde_json::from_str(body)
        .map_err(|error| Error::failed(format!("{}:{line}: it is no record of a run: {error}", path.display())))
}
