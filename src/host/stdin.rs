//! Our standard input: read only when it is named, whole, and before anything else is started.

use crate::error::Error;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::Arc;

/// How many bytes it may have.
pub const CAP: u64 = 1_000_000;

/// Standard input, not read yet.
pub struct Stdin {
    reader: Box<dyn Read + Send>,
    carries: bool,
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").field("carries", &self.carries).finish_non_exhaustive()
    }
}

impl Stdin {
    /// The program's own.
    #[must_use]
    pub fn real() -> Self {
        let stdin = std::io::stdin();
        let carries = stdin
            .as_fd()
            .try_clone_to_owned()
            .map(File::from)
            .and_then(|file| file.metadata())
            .is_ok_and(|meta| meta.file_type().is_fifo() || (meta.is_file() && meta.len() > 0));
        Self { reader: Box::new(stdin), carries }
    }

    /// A made-up one: a pipe or a file with something in it, if it `carries`.
    pub fn made_up(reader: impl Read + Send + 'static, carries: bool) -> Self {
        Self { reader: Box::new(reader), carries }
    }

    /// Whether something was piped in: a pipe, or a file that is not empty.
    #[must_use]
    pub fn carries(&self) -> bool {
        self.carries
    }

    /// Reads it to its end.
    ///
    /// # Errors
    /// More than [`CAP`] bytes, or not UTF-8.
    pub fn read(&mut self) -> Result<Arc<str>, Error> {
        let mut bytes = Vec::new();
        self.reader
            .by_ref()
            .take(CAP + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::config("standard input cannot be read").because(error))?;
        if bytes.len() as u64 > CAP {
            return Err(Error::config("standard input is larger than 1 MB"));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(Error::config(format!(
                "standard input is not UTF-8 text (first invalid byte: {})",
                error.utf8_error().valid_up_to() + 1
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: Vec<u8>) -> Result<Arc<str>, Error> {
        Stdin::made_up(std::io::Cursor::new(bytes), true).read()
    }

    #[test]
    fn a_million_bytes_fit_and_no_more() {
        assert_eq!(read(vec![b'x'; 1_000_000]).unwrap().len(), 1_000_000);
        assert_eq!(read(vec![b'x'; 1_000_001]).unwrap_err().to_string(), "standard input is larger than 1 MB");
        assert_eq!(&*read(Vec::new()).unwrap(), "");
    }

    #[test]
    fn only_text_is_taken() {
        let error = read(b"ab\xff".to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "standard input is not UTF-8 text (first invalid byte: 3)");
    }
}
