//! A run as its journal holds it, and the ways in which a file is not a run that this version can show again
//! or continue.

use super::fold::{Listener, RunMeta};
use super::header::{FORMAT, Header, MINOR, Templates};
use super::record::{JournalEntry, Record};
use super::replay::{Replayed, replay};
use crate::error::Error;
use crate::journal::{self, Chain, Lines, ReadError, Writer};
use crate::outcome::{Finished, Status};
use crate::plan::{RunLimits, RunPlan};
use crate::protocol::prompt::{template_digests, templates_digest};
use crate::time::Timestamp;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A run as its journal holds it, looked through once: every line was checked, and none is kept but the header.
#[derive(Debug)]
pub struct Recorded {
    /// The first line.
    pub header: Header,
    /// How many records this version knows.
    pub records: usize,
    /// When the last of them was made; when the run began, if there are none.
    pub last_at: Timestamp,
    /// The end of the run, if the last of them is one.
    pub end: Option<RecordedEnd>,
    /// What a person should know of this journal.
    pub warnings: Vec<String>,
    path: PathBuf,
    /// What the last resume changed, of the limits and of the templates.
    resumed: (Option<Box<RunLimits>>, Option<BTreeMap<String, String>>),
    lines: usize,
    whole_bytes: u64,
    chain: Chain,
}

/// How a run ended, as far as its last record says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedEnd {
    /// How, other than as the protocol concluded.
    pub status: Option<Status>,
    /// Whether the outcome is there as it was printed.
    pub printed: bool,
}

impl Recorded {
    /// Looks through a whole journal. One of a newer minor format is read as far as this version knows it, with a
    /// warning.
    ///
    /// # Errors
    /// It cannot be read, was damaged or changed, is no journal of this program, or is of another major format.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut lines = Lines::open(path)?;
        let body = lines.next().transpose()?.ok_or_else(|| {
            Error::failed(format!("{}: it ends before its first line: nothing was asked in that run", path.display()))
        })?;
        let header = first(path, &body)?;
        let (mut records, mut last_at, mut end) = (0, header.at, None);
        let (mut resumed, mut count) = ((None, None), 1);
        for body in lines.by_ref() {
            count += 1;
            let Some(JournalEntry { at, record }) = known(&header, path, count, &body?)? else { continue };
            (records, last_at, end) = (records + 1, at, None);
            match record {
                Record::Closed { status, finished } => {
                    end = Some(RecordedEnd { status, printed: finished.is_some() });
                }
                Record::Resumed { limits, templates } => {
                    resumed = (limits.or(resumed.0), templates.or(resumed.1));
                }
                _ => {}
            }
        }
        let Header { format, minor, .. } = header;
        let unknown = count - 1 - records;
        let warning = || {
            format!(
                "this run was written by refinery {} in journal format {format}.{minor}, newer than {FORMAT}.{MINOR}: \
                 {unknown} unknown record{} left out",
                header.version,
                if unknown == 1 { " was" } else { "s were" }
            )
        };
        let warnings = (minor > MINOR).then(warning).into_iter().collect();
        let Lines { chain, whole_bytes, .. } = lines;
        let path = path.to_owned();
        Ok(Self { header, records, last_at, end, warnings, path, resumed, lines: count, whole_bytes, chain })
    }

    /// Folds the run by the rules of this version, from its file, record by record. The listener hears every event again.
    ///
    /// # Errors
    /// A record after the run's end, a plan that does not hold together, or a file that has changed meanwhile.
    pub fn replay<'a>(&self, listener: Listener<'a>) -> Result<Replayed<'a>, Error> {
        let Self { header, path, .. } = self;
        let meta = RunMeta::of(&header.plan).with_told(&header.warnings);
        let mut broken = None;
        // Who still writes it may have added lines.
        let bodies = Lines::open(path)?.zip(1..=self.lines).skip(1);
        let entry = |(body, line): (Result<String, _>, usize)| {
            body.map_err(Error::from).and_then(|body| known(header, path, line, &body)).transpose()
        };
        let entries = bodies.filter_map(entry).map_while(|entry| entry.map_err(|error| broken = Some(error)).ok());
        let replayed = replay(header.plan.machine()?, meta, header.at, entries, listener)
            .map_err(|unfit| Error::failed(header.plan.run_id.to_string()).because(unfit))?;
        broken.map_or(Ok(replayed), Err)
    }

    /// Header and outcome of a run that has ended, from the first and the last line of its journal alone; `None`
    /// if these do not say it. Whether anything was changed is not looked at.
    #[must_use]
    pub fn ends(path: &Path) -> Option<(Header, Finished)> {
        let (head, last) = journal::ends(path).ok()??;
        let entry: JournalEntry = serde_json::from_str(&last?).ok()?;
        let Record::Closed { finished: Some(finished), .. } = entry.record else { return None };
        Some((first(path, &head).ok()?, *finished))
    }

    /// Opens a journal to continue it, locked from the first look to the last line.
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

    /// The limits that hold at its end: those of the last resume that changed them, else the plan's.
    #[must_use]
    pub fn limits(&self) -> &RunLimits {
        self.resumed.0.as_deref().unwrap_or(&self.header.plan.limits)
    }

    /// Compares the prompt templates of the run's protocol with those of this version. What changed becomes a
    /// warning; the new digests are returned for the record of the resume.
    ///
    /// # Errors
    /// They differ, and `force` is not set: the rest of the run would mix two sets of prompts.
    pub fn check_templates(&mut self, force: bool) -> Result<Option<BTreeMap<String, String>>, Error> {
        let today = template_digests(&self.header.plan.protocols());
        let version = &self.header.version;
        let then = match (&self.resumed.1, &self.header.templates) {
            (Some(then), _) | (None, Templates::Each(then)) => then,
            (None, Templates::All(digest)) if *digest == templates_digest() => return Ok(None),
            (None, Templates::All(_)) => {
                self.warnings.push(format!(
                    "the journal of refinery {version} does not say which prompts changed since: the rest of this \
                     run uses those of {}",
                    env!("CARGO_PKG_VERSION")
                ));
                return Ok(Some(today));
            }
        };
        let names = then.keys().chain(today.keys());
        let changed: BTreeSet<_> =
            names.filter(|name| then.get(*name) != today.get(*name)).map(String::as_str).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let run = &self.header.plan.run_id;
        let changed = Vec::from_iter(changed).join(", ");
        let words = format!("run {run} was begun by refinery {version} with other prompts; changed: {changed}");
        if !force {
            return Err(Error::config(words)
                .hint("`--force` continues it with the prompts of this version")
                .hint(format!("use refinery {version} to keep its prompts")));
        }
        self.warnings.push(words);
        Ok(Some(today))
    }

    /// The writer that appends after the last whole line.
    ///
    /// # Errors
    /// What the system says.
    pub fn writer(&self, file: File) -> io::Result<Writer> {
        Writer::resume(file, self.whole_bytes, self.chain.clone())
    }
}

/// The record in a line; nothing, if only a newer version knows it.
fn known(header: &Header, path: &Path, line: usize, body: &str) -> Result<Option<JournalEntry>, Error> {
    match parsed(path, line, body) {
        Ok(entry) => Ok(Some(entry)),
        Err(_) if header.minor > MINOR => Ok(None),
        Err(error) => Err(error),
    }
}

/// The header in the first line.
fn first(path: &Path, body: &str) -> Result<Header, Error> {
    let place = path.display();
    let Written { format, minor, version } = parsed(path, 1, body)?;
    let hint = format!("use refinery {}, which wrote it", version.as_deref().unwrap_or("of the version"));
    if format != FORMAT {
        let words = format!("{place}: journal format {format}.{minor}; this version reads {FORMAT}.x");
        return Err(Error::failed(words).hint(hint));
    }
    let header: Header = parsed(path, 1, body).map_err(|error| if minor > MINOR { error.hint(hint) } else { error })?;
    in_range(&header.plan).map_or(Ok(()), |error| {
        Err(Error::failed(format!("{place}:1: no plan of a run: {error}")).hint("this file was changed by hand"))
    })?;
    Ok(header)
}

/// What is wrong with the numbers of a plan: memory is taken by them, and a file can be sealed anew with any.
fn in_range(plan: &RunPlan) -> Option<Error> {
    let names: Vec<_> = plan.participants.iter().map(|one| one.id.clone()).collect();
    let own = plan.protocol.problems(&names).into_iter();
    Error::all(own.chain(plan.self_refine.iter().flat_map(|plan| plan.problems(&names))))
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::failed(error.to_string())
    }
}

#[derive(Deserialize)]
struct Written {
    format: u32,
    #[serde(default)]
    minor: u32,
    version: Option<String>,
}

fn parsed<T: for<'a> Deserialize<'a>>(path: &Path, line: usize, body: &str) -> Result<T, Error> {
    serde_json::from_str(body)
        .map_err(|error| Error::failed(format!("{}:{line}: no record of a run", path.display())).because(error))
}
