//! Reads a journal: every whole line, in order, checked.

use super::chain::{Broken, Chain};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
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
    let mut lines = Lines::open(path)?;
    let bodies = lines.by_ref().collect::<Result<_, _>>()?;
    let Lines { chain, whole_bytes, torn, .. } = lines;
    Ok(Contents { bodies, chain, whole_bytes, torn })
}

/// The bodies of a journal, one at a time: it holds no more than one of them.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    number: usize,
    /// The chain after what was read.
    pub chain: Chain,
    /// Bytes of the lines that were read.
    pub whole_bytes: u64,
    /// Whether what follows them is a torn line.
    pub torn: bool,
}

impl Lines {
    /// From the first line on.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| ReadError::Io { path: path.to_owned(), error })?;
        let (path, file) = (path.to_owned(), BufReader::new(file));
        Ok(Self { path, file, number: 0, chain: Chain::default(), whole_bytes: 0, torn: false })
    }

    fn whole_line(&mut self) -> Result<Option<String>, ReadError> {
        let mut line = Vec::new();
        let read = self.file.read_until(b'\n', &mut line);
        read.map_err(|error| ReadError::Io { path: self.path.clone(), error })?;
        let bytes = line.len() as u64;
        if line.pop_if(|last| *last == b'\n').is_none() {
            self.torn = bytes > 0;
            return Ok(None);
        }
        self.number += 1;
        let broken = |broken| ReadError::Broken { path: self.path.clone(), line: self.number, broken };
        let text = String::from_utf8(line).map_err(|_| broken(Broken::Foreign))?;
        let body = self.chain.open(text).map_err(broken)?;
        self.whole_bytes += bytes;
        Ok(Some(body))
    }
}

impl Iterator for Lines {
    type Item = Result<String, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.whole_line().transpose()
    }
}

/// The first line of a journal, and the last if that is another one and whole, without a look at what is between:
/// their sums are not checked. `None` without a first line of text.
///
/// # Errors
/// What the system says.
pub fn ends(path: &Path) -> io::Result<Option<(String, Option<String>)>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut first = Vec::new();
    file.read_until(b'\n', &mut first)?;
    let mut file = file.into_inner();
    let (begin, end) = (first.len() as u64, file.metadata()?.len());
    let (mut tail, mut from) = (Vec::new(), end);
    // Backwards, in steps that grow: the last line holds a whole outcome.
    while from > begin {
        from = begin.max(end.saturating_sub(64 * 1024 + 2 * (end - from)));
        file.seek(SeekFrom::Start(from))?;
        tail.clear();
        (&mut file).take(end - from).read_to_end(&mut tail)?;
        if tail.strip_suffix(b"\n").is_none_or(|whole| whole.contains(&b'\n')) {
            break;
        }
    }
    let last = tail.strip_suffix(b"\n").and_then(|whole| whole.rsplit(|byte| *byte == b'\n').next());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    Ok(first.strip_suffix(b"\n").and_then(text).map(|first| (first, last.and_then(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_journal_of_any_size_are_its_first_and_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for (middle, last) in [(0, 1), (3, 10), (100_000, 70_000), (10, 400_000)] {
            let last = "l".repeat(last);
            std::fs::write(&path, format!("first\n{}{last}\n", "middle\n".repeat(middle))).unwrap();
            assert_eq!(ends(&path).unwrap(), Some(("first".to_owned(), Some(last))), "{middle}");
        }
        for (text, found) in [("", None), ("first", None), ("first\n", Some("first")), ("first\ntorn", Some("first"))] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(ends(&path).unwrap(), found.map(|first| (first.to_owned(), None)), "{text}");
        }
    }
}
