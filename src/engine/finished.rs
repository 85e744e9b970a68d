//! Whether a saved run is finished, told from two lines of its journal.

use crate::ids::RunId;
use crate::journal::{self, Chain};
use serde::Deserialize;
use std::path::Path;

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

#[derive(Deserialize)]
struct Last {
    record: Closing,
}

#[derive(Deserialize)]
struct Closing {
    record: String,
    status: Option<String>,
}

/// Whether the run of a journal is finished, so that there is nothing to resume; `None` if the file is not the journal
/// of `run`. Reads the first and the last line alone, of any format and version.
#[must_use]
pub fn is_finished(path: &Path, run: &RunId) -> Option<bool> {
    let (first, last) = journal::ends(path).ok()??;
    let header = Chain::default().open(first).ok()?;
    let first: First = serde_json::from_str(&header).ok()?;
    if first.plan.run_id != *run {
        return None;
    }
    let last = last.and_then(|line| serde_json::from_str::<Last>(&line).ok());
    Some(last.is_some_and(|last| last.record.record == "closed" && last.record.status.is_none()))
}
