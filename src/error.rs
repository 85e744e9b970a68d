//! The one error that reaches a person: what kind it is, what happened, and what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// What kind of error it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something failed while running, or the run was cancelled: exit code 1.
    Failed,
    /// The command line, the configuration or an input is wrong; nothing was called: exit code 4, as for all below.
    Config,
    /// A flag, or an option of a step, that does not exist.
    UnknownFlag,
    /// A value that its flag, option or setting does not take.
    InvalidValue,
    /// A command, or a step, that does not exist.
    UnknownCommand,
    /// A model or an adapter that is not known.
    UnknownModel,
    /// The program of an adapter is not there, or cannot be started.
    NotInstalled,
    /// Nothing can pay for an adapter: no login, no key.
    NotLoggedIn,
}

impl ErrorKind {
    /// The exit code of the program.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            _ => 4,
        }
    }

    /// The name, as `error.code` in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Config => "config_invalid",
            Self::UnknownFlag => "unknown_flag",
            Self::InvalidValue => "invalid_value",
            Self::UnknownCommand => "unknown_command",
            Self::UnknownModel => "unknown_model",
            Self::NotInstalled => "not_installed",
            Self::NotLoggedIn => "not_logged_in",
        }
    }
}

/// What happened, to whom, and what to do next.
#[derive(Debug, Clone)]
pub struct Error {
    /// What kind it is.
    pub kind: ErrorKind,
    /// What happened, one line each; never empty.
    pub messages: Vec<String>,
    /// What to do next, one line each.
    pub hints: Vec<String>,
    /// The error that it follows from, if there is one.
    pub source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of the command line, the configuration or an input.
    pub fn config(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Config, messages: vec![message.into()], hints: Vec::new(), source: None }
    }

    /// An error while running.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Failed, messages: vec![message.into()], hints: Vec::new(), source: None }
    }

    /// The same error of another kind.
    #[must_use]
    pub fn of_kind(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// Several errors as one: all messages, then all hints, none twice; the first one's source, and the kind that all
    /// have, else that of the configuration.
    #[must_use]
    pub fn all(errors: impl IntoIterator<Item = Self>) -> Option<Self> {
        errors.into_iter().reduce(|mut all, next| {
            if all.kind != next.kind && all.kind != ErrorKind::Failed {
                all.kind = ErrorKind::Config;
            }
            all.messages.extend(next.messages);
            for hint in next.hints {
                if !all.hints.contains(&hint) {
                    all.hints.push(hint);
                }
            }
            all
        })
    }

    /// The same error because of another one: its text follows the last message, and it becomes the
    /// [source](StdError::source).
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        if let Some(last) = self.messages.last_mut() {
            *last = format!("{last}: {source}");
        }
        self.source = Some(Arc::new(source));
        self
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

/// Errors are equal if a person reads the same.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.messages, &self.hints) == (other.kind, &other.messages, &other.hints)
    }
}

impl Eq for Error {}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_said_and_kept() {
        let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::failed("the file cannot be written").because(cause).hint("make room");
        assert_eq!(error.to_string(), format!("the file cannot be written: {}", error.source().unwrap()));
        let other = Error::failed(error.to_string()).hint("make room");
        assert_eq!(error, other);
        assert!(other.source().is_none());
        let all = Error::all([error, Error::config("another")]).unwrap();
        assert!(all.source().is_some() && all.messages.len() == 2);
        let kinds =
            |kinds: [ErrorKind; 2]| Error::all(kinds.map(|kind| Error::config("x").of_kind(kind))).unwrap().kind;
        assert_eq!(kinds([ErrorKind::UnknownModel; 2]), ErrorKind::UnknownModel);
        assert_eq!(kinds([ErrorKind::UnknownModel, ErrorKind::NotLoggedIn]), ErrorKind::Config);
    }
}
