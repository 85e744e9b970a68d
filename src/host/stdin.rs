//! Our standard input: read only when it is named, whole, and before anything else is started.

use super::files::decode;
use crate::error::Error;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionread};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many bytes it may have.
pub const CAP: u64 = 1_000_000;

/// How long a pipe that is not named is watched: a program before us in a pipeline has begun to write by then.
const WATCH: Duration = Duration::from_millis(200);

/// Standard input, not read yet.
#[derive(Debug)]
pub struct Stdin {
    file: io::Result<File>,
}

/// What lies unread in standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// Nothing that was meant for us: a terminal, an empty file, a pipe without data.
    Nothing,
    /// A file, which a script may have for itself: `while read line; do …; done < list`.
    File,
    /// Data in a pipe or socket.
    Piped,
}

impl Stdin {
    /// The program's own.
    #[must_use]
    pub fn real() -> Self {
        Self { file: io::stdin().as_fd().try_clone_to_owned().map(File::from) }
    }

    /// Another open file, pipe or socket in its place.
    pub fn of(file: impl Into<OwnedFd>) -> Self {
        Self { file: Ok(File::from(file.into())) }
    }

    /// What lies in it; nothing is read. A pipe or socket is watched until data arrives, for 200 ms at most.
    #[must_use]
    pub fn unread(&self) -> Unread {
        let Ok((file, meta)) = self.file.as_ref().map(|file| (file, file.metadata())) else { return Unread::Nothing };
        match meta {
            Ok(meta) if meta.is_file() && meta.len() > 0 => Unread::File,
            Ok(meta) if (meta.file_type().is_fifo() || meta.file_type().is_socket()) && arrives(file) => Unread::Piped,
            _ => Unread::Nothing,
        }
    }

    /// Reads it to its end.
    ///
    /// # Errors
    /// More than [`CAP`] bytes, no UTF-8 text, or nothing to work on.
    pub fn read(&mut self) -> Result<Arc<str>, Error> {
        let unreadable = |error: &io::Error| Error::config(format!("standard input cannot be read: {error}"));
        let file = self.file.as_mut().map_err(|error| unreadable(error))?;
        let mut bytes = Vec::new();
        file.take(CAP + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        if bytes.len() as u64 > CAP {
            return Err(Error::config("standard input is larger than 1 MB"));
        }
        let text = decode(bytes).map_err(|reason| Error::config(format!("standard input{reason}")))?;
        if text.trim().is_empty() {
            return Err(Error::config("standard input is empty: nothing to work on"));
        }
        Ok(text.into())
    }
}

/// Whether a byte arrives while it is watched. The end of a pipe is an event too, but no data.
fn arrives(file: &File) -> bool {
    let until = Instant::now() + WATCH;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let mut watched = [PollFd::new(file, PollFlags::IN)];
        match poll(&mut watched, Timespec::try_from(left).ok().as_ref()) {
            Err(Errno::INTR) => {}
            Ok(1..) => return ioctl_fionread(file).is_ok_and(|bytes| bytes > 0),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    fn read(bytes: &[u8]) -> Result<Arc<str>, Error> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        Stdin::of(file).read()
    }

    #[test]
    fn a_million_bytes_fit_and_no_more() {
        assert_eq!(read(&vec![b'x'; 1_000_000]).unwrap().len(), 1_000_000);
        assert_eq!(read(&vec![b'x'; 1_000_001]).unwrap_err().to_string(), "standard input is larger than 1 MB");
    }

    #[test]
    fn only_text_is_taken() {
        let error = read(b"ab\xff").unwrap_err();
        assert_eq!(error.to_string(), "standard input is not UTF-8 text (first invalid byte: 3)");
        for empty in [&b""[..], b" \n\t"] {
            assert_eq!(read(empty).unwrap_err().to_string(), "standard input is empty: nothing to work on");
        }
    }

    #[test]
    fn what_is_unread_is_seen_and_left_where_it_is() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut stdin = Stdin::of(reader);
        assert_eq!(stdin.unread(), Unread::Nothing, "open, and nothing comes");
        let late = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            writer.write_all(b"late").unwrap();
        });
        assert_eq!(stdin.unread(), Unread::Piped);
        late.join().unwrap();
        assert_eq!(&*stdin.read().unwrap(), "late");
        assert_eq!(stdin.unread(), Unread::Nothing, "its writer is gone");

        let (own, mut other) = UnixStream::pair().unwrap();
        let stdin = Stdin::of(own);
        other.write_all(b"x").unwrap();
        assert_eq!(stdin.unread(), Unread::Piped);
        let (own, other) = UnixStream::pair().unwrap();
        drop(other);
        assert_eq!(Stdin::of(own).unread(), Unread::Nothing);

        let mut file = tempfile::tempfile().unwrap();
        assert_eq!(Stdin::of(file.try_clone().unwrap()).unread(), Unread::Nothing);
        file.write_all(b"x").unwrap();
        assert_eq!(Stdin::of(file).unread(), Unread::File);
        assert_eq!(Stdin::of(File::open("/dev/zero").unwrap()).unread(), Unread::Nothing);
    }
}
