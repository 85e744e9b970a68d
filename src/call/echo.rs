//! `--debug`: each raw invocation as a line that makes it again when pasted, and its folder kept.

use crate::invocation::{EnvValue, Exit, Invocation, Turn};
use crate::process::{Scratch, paste};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

type Show = Box<dyn FnMut(&str) + Send>;

/// The invocation with the scratch folder's own name in place of its short one, which goes with the call.
fn by_its_own_name(invocation: &Invocation, scratch: &Scratch) -> Invocation {
    let (short, own) = (scratch.short().to_string_lossy(), scratch.path().to_string_lossy());
    let mut shown = invocation.clone();
    for value in shown.env.values_mut() {
        if let EnvValue::Plain(text) = value {
            *text = text.replace(&*short, &own);
        }
    }
    shown
}

/// Shows raw invocations, and keeps what they ran in.
pub struct Echo {
    folder: PathBuf,
    show: Mutex<Show>,
}

impl Echo {
    /// Keeps folders under `folder` (made when needed, mode 0700) and hands lines to `show`.
    pub fn new(folder: PathBuf, show: impl FnMut(&str) + Send + 'static) -> Self {
        Self { folder, show: Mutex::new(Box::new(show)) }
    }

    /// Where scratch folders are made, so that they can stay.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Shows the line, before the child starts. `name` says what it answers.
    pub(super) fn show(&self, name: &str, invocation: &Invocation, turn: &Turn, scratch: &Scratch) {
        if let Err(error) = paste::write_stdin(scratch.path(), turn) {
            self.line(&format!("# {name}: cannot keep its input: {error}"));
        }
        let line = paste::line(&by_its_own_name(invocation, scratch), scratch.path());
        self.line(&format!("# {name}\n{line}"));
    }

    /// Says which turn of a worker an attempt is.
    pub(super) fn turn(&self, attempt: &str, turn: &str) {
        self.line(&format!("# {attempt}: {turn}"));
    }

    /// Says how it ended.
    pub(super) fn ended(&self, name: &str, exit: &Exit) {
        let how = match (exit.code, exit.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no exit code".to_owned(),
        };
        self.line(&format!(
            "# {name} ended ({:?}): {how}, {} bytes out, {} bytes err, {} ms",
            exit.ending,
            exit.stdout_bytes,
            exit.stderr_bytes,
            exit.elapsed.as_millis(),
        ));
    }

    fn line(&self, line: &str) {
        let mut show = self.show.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        show(line);
    }
}
