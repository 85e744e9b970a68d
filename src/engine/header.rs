//! The first line of a journal: the version of its format and the whole plan. `docs/journal.md` describes all
//! lines.

use crate::journal::Writer;
use crate::plan::RunPlan;
use crate::protocol::prompt::template_digests;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The major version of the journal's format: a version of the program reads one of them.
pub const FORMAT: u32 = 1;

/// The minor version: it grows when a record or a member is added that an older version can leave out.
pub const MINOR: u32 = 1;

/// The first line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The major version of the format.
    pub format: u32,
    /// The minor version.
    #[serde(default)]
    pub minor: u32,
    /// The version of the program that began the run; for people.
    pub version: String,
    /// The prompt templates that the run began with.
    pub templates: Templates,
    /// When the run began.
    pub at: Timestamp,
    /// What a person was warned of before the first call.
    pub warnings: Vec<String>,
    /// The whole plan, question and files in full.
    pub plan: RunPlan,
}

/// The prompt templates of a run, as digests: with other prompts, its replies would answer something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Templates {
    /// One digest for each template that the run's protocol uses, by name.
    Each(BTreeMap<String, String>),
    /// Format 1.0: one digest over all templates of all protocols.
    All(String),
}

impl Header {
    /// The header of a run that begins now.
    #[must_use]
    pub fn new(plan: RunPlan, warnings: Vec<String>, at: Timestamp) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let templates = Templates::Each(template_digests(&plan.protocols()));
        Self { format: FORMAT, minor: MINOR, version, templates, at, warnings, plan }
    }
}

/// Makes the journal of a new run, with its header.
///
/// # Errors
/// What the system says.
pub fn begin_journal(path: &Path, header: &Header) -> io::Result<Writer> {
    let body = serde_json::to_string(header)?;
    let mut writer = Writer::create(path)?;
    writer.append(&body).map_err(|failed| {
        // A journal without its header is none.
        let _ = std::fs::remove_file(path);
        io::Error::other(failed)
    })?;
    Ok(writer)
}
