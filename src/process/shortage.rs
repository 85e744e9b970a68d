//! Errors that say that descriptors, processes or memory ran out: with fewer at once it may go.

use rustix::io::Errno;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Whether the system ran out of something that is given back when others end.
pub fn is_shortage(error: &io::Error) -> bool {
    let known = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM];
    let placed = error.get_ref().and_then(|inner| inner.downcast_ref::<AtPath>());
    Errno::from_io_error(placed.map_or(error, |placed| &placed.error)).is_some_and(|errno| known.contains(&errno))
}

/// Says where an error happened, and keeps its number.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), AtPath { path: path.to_owned(), error })
}

#[derive(Debug)]
struct AtPath {
    path: PathBuf,
    error: io::Error,
}

impl fmt::Display for AtPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for AtPath {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_is_known_where_it_happened_too() {
        let full = || io::Error::from_raw_os_error(Errno::MFILE.raw_os_error());
        assert!(is_shortage(&full()) && is_shortage(&at(Path::new("/x"))(full())));
        let other = io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error());
        assert!(!is_shortage(&at(Path::new("/x"))(other)));
        assert!(!is_shortage(&io::Error::other("x")));
    }
}
