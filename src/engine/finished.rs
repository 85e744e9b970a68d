//! Whether a saved run is finished, told from two lines of its journal.

use crate::ids::RunId;
use crate::journal::Chain;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
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
    let mut file = File::open(path).ok()?;
    let mut line = String::new();
    BufReader::new(&file).read_line(&mut line).ok()?;
    let header = Chain::default().open(line.strip_suffix('\n')?).ok()?;
    let first: First = serde_json::from_str(&header).ok()?;
    if first.plan.run_id != *run {
        return None;
    }
    let last = last_line(&mut file).ok()?;
    let last = last.and_then(|line| serde_json::from_slice::<Last>(&line).ok());
    Some(last.is_some_and(|last| last.record.record == "closed" && last.record.status.is_none()))
}

/// The last line, if it is whole. It can be long: the line that closes a run holds its outcome.
fn last_line(file: &mut File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    let mut size = 4096;
    loop {
        let start = length.saturating_sub(size);
        file.seek(SeekFrom::Start(start))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let Some(lines) = tail.strip_suffix(b"\n") else { return Ok(None) };
        if let Some(line) =
            lines.rsplit(|byte| *byte == b'\n').next().filter(|line| start == 0 || line.len() < lines.len())
        {
            return Ok(Some(line.to_vec()));
        }
        size = size.saturating_mul(8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_line_of_any_length_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for long in [1, 4095, 4096, 4097, 100_000] {
            let line = "x".repeat(long);
            for (text, last) in [
                (format!("{line}\n"), Some(&line)),
                (format!("first\n{line}\n"), Some(&line)),
                (format!("first\n{line}"), None),
            ] {
                std::fs::write(&path, text).unwrap();
                let found = last_line(&mut File::open(&path).unwrap()).unwrap();
                assert_eq!(found.as_deref(), last.map(|line| line.as_bytes()), "{long}");
            }
        }
    }
}
