//! Our three streams, and who writes what to them.

use crate::error::Error;
use crate::report::format::json::pretty;
use crate::report::live::Live;
use crate::report::{Human, OutputFormat, OutputStream, Paint, Plain, Reporters, problem};
use serde::Serialize;
use std::sync::Arc;

/// What the system says, in its context: an error that a person can do little about.
impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        let told = Self::failed(format!("{error:#}"));
        Self { source: Some(Arc::from(error.into_boxed_dyn_error())), ..told }
    }
}

/// Where output goes, and how.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// What standard output carries.
    pub format: OutputFormat,
    /// How standard output is dressed.
    pub out: Paint,
    /// How standard error is dressed.
    pub err: Paint,
}

impl Console {
    /// The real streams; colour where a terminal wants it and `NO_COLOR` does not forbid it.
    #[must_use]
    pub fn new(format: OutputFormat) -> Self {
        let paint = |choice| Paint { on: choice != anstream::ColorChoice::Never };
        Self {
            format,
            out: paint(anstream::AutoStream::choice(&std::io::stdout())),
            err: paint(anstream::AutoStream::choice(&std::io::stderr())),
        }
    }

    /// Tells people what they should know.
    pub fn warn(self, warnings: &[String]) {
        let mut err = OutputStream::stderr();
        for text in warnings {
            problem::warning(&mut err, self.err, text);
        }
    }

    /// Tells what went wrong; returns the exit code.
    pub fn fail(self, error: &Error) -> u8 {
        self.format.write_error(&mut OutputStream::stdout(), error);
        problem::for_people(&mut OutputStream::stderr(), self.err, error);
        error.kind.exit_code()
    }

    /// Writes a command's result: text for people, or a document for programs. Returns the exit code.
    pub fn tell(self, text: &str, document: &impl Serialize) -> u8 {
        let mut out = OutputStream::stdout();
        self.format.write(&mut out, text, document);
        self.written(&mut out)
    }

    /// Writes a list: text for people, a document, or a line for each entry. Returns the exit code.
    pub fn tell_list(self, text: &str, entries: &[impl Serialize]) -> u8 {
        if self.format != OutputFormat::Jsonl {
            return self.tell(text, &entries);
        }
        let mut out = OutputStream::stdout();
        entries.iter().for_each(|entry| self.format.write(&mut out, "", entry));
        self.written(&mut out)
    }

    /// Writes a document, whatever the format. Returns the exit code.
    pub fn document(self, document: &impl Serialize) -> u8 {
        let mut out = OutputStream::stdout();
        pretty(&mut out, document);
        self.written(&mut out)
    }

    /// The exit code of having written: 1, with the reason, if it did not arrive.
    fn written(self, out: &mut OutputStream) -> u8 {
        out.result().map_or_else(
            |trouble| {
                let error = Error::failed(format!("standard output cannot be written: {trouble}"));
                problem::for_people(&mut OutputStream::stderr(), self.err, &error);
                error.kind.exit_code()
            },
            |()| 0,
        )
    }

    /// The readers of a run's events. A live region only where nothing else writes to the terminal.
    #[must_use]
    pub fn reporters(self, verbose: bool, debug: bool) -> Reporters {
        let mut all = Reporters::default();
        let answer = self.format.is_text().then(OutputStream::stdout);
        match if debug { None } else { Live::on_stderr() } {
            Some(live) => all.push(Human::new(live, answer, verbose, self.err)),
            None => all.push(Human::new(Plain::new(OutputStream::stderr()), answer, verbose, self.err)),
        }
        all.extend(self.format.reporter(OutputStream::stdout()));
        all
    }
}
