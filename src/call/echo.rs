//! `--debug`: each raw invocation as a line that makes it again when pasted, and its folder kept.

use super::backend::Attempt;
use crate::invocation::{Exit, Invocation, Turn};
use crate::process::{Scratch, paste};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Shows raw invocations, and keeps what they ran in.
pub struct Echo {
    folder: PathBuf,
    show: Mutex<Box<dyn FnMut(&str) + Send>>,
}

impl Echo {
    /// Keeps folders under `folder` (made when needed, mode 0700) and hands lines to `show`.
    pub fn new(folder: PathBuf, show: impl FnMut(&str) + Send + 'static) -> Self {
        Self { folder, show: Mutex::new(Box::new(show)) }
    }

    /// Shows the line, before the child starts.
    pub fn show(&self, attempt: &Attempt, invocation: &Invocation, turn: &Turn, scratch: &Path) {
        if let Err(error) = paste::write_stdin(scratch, turn) {
            self.line(&format!("# {}: cannot keep its input: {error}", attempt.spec.id));
        }
        let kept = self.kept(attempt);
        let line = paste::line(invocation, scratch, &kept);
        self.line(&format!("# {} attempt {}\n{line}", attempt.spec.id, attempt.number));
    }

    /// Keeps the folder, after the child is gone.
    pub fn keep(&self, attempt: &Attempt, scratch: Scratch, exit: &Exit) {
        let kept = self.kept(attempt);
        if let Err(error) = scratch.keep(&kept) {
            self.line(&format!("# {}: cannot keep {}: {error}", attempt.spec.id, kept.display()));
        }
        self.line(&format!(
            "# {} attempt {} ended: {:?}, exit code {:?}, signal {:?}, {} bytes out, {} bytes err, {} ms",
            attempt.spec.id,
            attempt.number,
            exit.ending,
            exit.code,
            exit.signal,
            exit.stdout_bytes,
            exit.stderr_bytes,
            exit.elapsed.as_millis(),
        ));
    }

    fn kept(&self, attempt: &Attempt) -> PathBuf {
        let safe: String =
            attempt.spec.id.as_str().chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
        self.folder.join(format!("{safe}.{}", attempt.number))
    }

    fn line(&self, line: &str) {
        let mut show = self.show.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        show(line);
    }
}
