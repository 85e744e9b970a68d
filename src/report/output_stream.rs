//! An output stream, until its reader is gone.

use super::terminal::{escaped, render, safe};
use rustix::fs::fstat;
use rustix::termios::tcgetwinsize;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd;

/// A stream for people or programs. When its reader is gone, it goes quiet; any other trouble is
/// kept for [`OutputStream::result`].
pub struct OutputStream {
    to: Box<dyn Write + Send>,
    terminal: bool,
    among_errors: bool,
    width: fn() -> Option<usize>,
    over: bool,
    trouble: Option<io::Error>,
}

impl fmt::Debug for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputStream").field("over", &self.over).field("trouble", &self.trouble).finish_non_exhaustive()
    }
}

impl OutputStream {
    /// Writes to `to`, which is no terminal.
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(to), terminal: false, among_errors: false, width: || None, over: false, trouble: None }
    }

    /// Our standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self {
            terminal: io::stdout().is_terminal(),
            among_errors: is_same(io::stdout(), io::stderr()),
            width: || width(io::stdout()),
            ..Self::new(io::stdout())
        }
    }

    /// Our standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self { terminal: io::stderr().is_terminal(), width: || width(io::stderr()), ..Self::new(io::stderr()) }
    }

    /// How many columns a line has now: those of the terminal; elsewhere lines are as long as they are.
    #[must_use]
    pub fn columns(&self) -> usize {
        (self.width)().unwrap_or(usize::MAX)
    }

    /// Whether our errors and progress go to the same place: a terminal, or the same pipe or file.
    #[must_use]
    pub fn is_among_errors(&self) -> bool {
        self.among_errors
    }

    /// Writes a text for people and ends its last line. It has no control sequences but the styles of
    /// [`Paint`](super::Paint), in a pipe neither: logs and pagers show pipes on terminals.
    pub fn line(&mut self, text: &str) {
        self.trusted(&render(text));
    }

    /// Writes an answer and ends its last line: byte for byte, but to a terminal.
    pub fn answer(&mut self, text: &str) {
        let text = if self.terminal { safe(text) } else { text.into() };
        self.trusted(&text);
    }

    /// Writes a text of ours that holds nothing of others, as it is, and ends its last line.
    pub fn trusted(&mut self, text: &str) {
        self.write(|to| {
            to.write_all(text.as_bytes())?;
            if !text.ends_with('\n') {
                to.write_all(b"\n")?;
            }
            to.flush()
        });
    }

    /// Writes a JSON text and ends its last line. A terminal gets control characters as JSON escapes.
    pub fn json(&mut self, text: &str) {
        let safe = if self.terminal { escaped(text) } else { text.into() };
        self.trusted(&safe);
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.over {
            return;
        }
        if let Err(error) = write(&mut self.to) {
            self.fail(error);
        }
    }

    /// Ends the stream with an error.
    pub(super) fn fail(&mut self, error: io::Error) {
        self.over = true;
        // `refinery … | head` has what it wants: that is no trouble.
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.trouble = Some(error);
        }
    }

    /// How the writing went so far.
    ///
    /// # Errors
    /// What went wrong, once, other than that nobody reads any more.
    pub fn result(&mut self) -> io::Result<()> {
        self.trouble.take().map_or(Ok(()), Err)
    }
}

/// Whether two streams lead to the same place.
fn is_same(one: impl AsFd, other: impl AsFd) -> bool {
    let (Ok(one), Ok(other)) = (fstat(one), fstat(other)) else { return false };
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

/// The columns of a terminal; `None` of anything else, and where it does not say.
fn width(stream: impl AsFd) -> Option<usize> {
    let columns = usize::from(tcgetwinsize(stream).ok()?.ws_col);
    (columns > 0).then_some(columns)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A stream that tests read afterwards.
    #[derive(Clone, Default)]
    pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Shared {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_trouble_but_a_full_disk_is() {
        let mut gone = OutputStream::new(Failing(io::ErrorKind::BrokenPipe));
        gone.line("x");
        assert!(gone.result().is_ok());
        let mut full = OutputStream::new(Failing(io::ErrorKind::StorageFull));
        full.line("x");
        assert!(full.result().is_err());
    }

    #[test]
    fn lines_end_once() {
        let shared = Shared::default();
        let mut stream = OutputStream::new(shared.clone());
        stream.line("a");
        stream.line("b\n");
        stream.line("");
        assert_eq!(shared.text(), "a\nb\n\n");
    }
}
