//! The one error that reaches a person: what kind it is, what happened, and what to do next.

use std::fmt;

/// What kind of error it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something failed while running, or the run was cancelled: exit code 1.
    Failed,
    /// The command line, the configuration or an input is wrong; nothing was called: exit code 4.
    Config,
}

impl ErrorKind {
    /// The exit code of the program.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Config => 4,
        }
    }

    /// The name, as `error.code` in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Config => "config_invalid",
        }
    }
}

/// What happened, to whom, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind it is.
    pub kind: ErrorKind,
    /// What happened, one line each; never empty.
    pub messages: Vec<String>,
    /// What to do next, one line each.
    pub hints: Vec<String>,
}

impl Error {
    /// An error of the command line, the configuration or an input.
    pub fn config(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Config, messages: vec![message.into()], hints: Vec::new() }
    }

    /// An error while running.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Failed, messages: vec![message.into()], hints: Vec::new() }
    }

    /// Several errors as one: all messages, then all hints, none twice; the first one's kind.
    #[must_use]
    pub fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        errors.into_iter().reduce(|mut all, next| {
            all.messages.extend(next.messages);
            for hint in next.hints {
                if !all.hints.contains(&hint) {
                    all.hints.push(hint);
                }
            }
            all
        })
    }

    /// The same error with one more thing to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.messages.join("; "))
    }
}

impl std::error::Error for Error {}
