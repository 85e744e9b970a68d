//! Reads a journal: every whole line, in order, checked.

use super::chain::{Broken, Chain};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What a journal holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The bodies of its lines, in order.
    pub bodies: Vec<String>,
    /// The chain after them, to go on with.
    pub chain: Chain,
    /// Bytes of whole lines: what comes after is a torn line, to be cut off before going on.
    pub whole_bytes: u64,
    /// Whether the last line was torn: a crash in the middle of writing it.
    pub torn: bool,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}: {error}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line is not what was written.
    #[error("{path}:{line}: {broken}", path = .path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        broken: Broken,
    },
}

/// Reads a whole journal. A last line without an end is torn, and ignored.
///
/// # Errors
/// The file cannot be read, or a whole line is not what was written.
pub fn read(path: &Path) -> Result<Contents, ReadError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| ReadError::Io { path: path.to_owned(), error })?;
    let mut contents = Contents { bodies: Vec::new(), chain: Chain::default(), whole_bytes: 0, torn: false };
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(whole) = line.strip_suffix(b"\n") else {
            contents.torn = true;
            break;
        };
        let broken = |broken| ReadError::Broken { path: path.to_owned(), line: number + 1, broken };
        let text = std::str::from_utf8(whole).map_err(|_| broken(Broken::Foreign))?;
        contents.bodies.push(contents.chain.open(text).map_err(broken)?);
        contents.whole_bytes += line.len() as u64;
    }
    Ok(contents)
}
