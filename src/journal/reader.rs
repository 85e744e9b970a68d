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
    let mut bodies = Vec::new();
    let contents = each(path, |_, body| {
        bodies.push(body);
        Ok::<_, ReadError>(())
    })?;
    Ok(Contents { bodies, ..contents })
}

/// Hands on the bodies of a journal one by one, each with the number of its line, and holds no more than one. The
/// contents that it returns have none.
///
/// # Errors
/// As [`read`]; what `take` says of a line.
pub fn each<E: From<ReadError>>(
    path: &Path,
    mut take: impl FnMut(usize, String) -> Result<(), E>,
) -> Result<Contents, E> {
    let failed = |error| ReadError::Io { path: path.to_owned(), error };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut contents = Contents { bodies: Vec::new(), chain: Chain::default(), whole_bytes: 0, torn: false };
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            break;
        }
        let Some(whole) = line.strip_suffix(b"\n") else {
            contents.torn = true;
            break;
        };
        let broken = |broken| ReadError::Broken { path: path.to_owned(), line: number, broken };
        let text = std::str::from_utf8(whole).map_err(|_| broken(Broken::Foreign))?;
        take(number, contents.chain.open(text).map_err(broken)?)?;
        contents.whole_bytes += line.len() as u64;
    }
    Ok(contents)
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
