//! How each vendor's CLI takes its arguments and its prompt, and how it prints: written down from
//! what the real programs were measured to do, for the arguments that the embedded adapters use.
//! An argument that the real program does not know ends the fake as it ends the program.

mod argv;
mod claude;
mod claude_failures;
mod codex;
pub mod codex_server;
mod gemini;
mod gemini_failures;
mod plain;

pub use claude::{cleared, interrupted};

use super::action::Fail;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::BufRead;

/// Whose CLI is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// `claude` 2.1.197.
    Claude,
    /// `codex` 0.169.0.
    Codex,
    /// `gemini` 0.61.0.
    Gemini,
    /// Any program that takes a prompt on standard input and prints the answer.
    Plain,
}

/// What the arguments (and the files and variables that they name) ask for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    /// The model, as given.
    pub model: Option<String>,
    /// How hard to think, as given.
    pub effort: Option<String>,
    /// The system prompt.
    pub system: Option<String>,
    /// The schema of a structured reply.
    pub schema: Option<Value>,
    /// Whether it takes line after line on standard input, and stays until that ends.
    pub stays: bool,
    /// Whether it can be asked again and forgets what was said when it is told to.
    pub kept: bool,
    /// The conversation, where one process has several at the same time.
    pub thread: Option<String>,
    /// Whether pieces of the answer are printed as they come.
    pub partial: bool,
    /// How the answer is printed.
    pub format: Format,
    /// Words of the prompt from the arguments.
    pub argument: String,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// As text for people.
    #[default]
    Text,
    /// As one JSON document at the end.
    Json,
    /// As events, one JSON object a line.
    Events,
}

/// An end before any answer: a version, a refusal of the arguments or the prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Early {
    /// What goes to standard output.
    pub stdout: String,
    /// What goes to standard error.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
}

impl Early {
    fn refused(code: u8, stderr: impl Into<String>) -> Self {
        Self { stdout: String::new(), stderr: stderr.into() + "\n", code }
    }

    fn told(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into() + "\n", stderr: String::new(), code: 0 }
    }
}

/// What a vendor's program prints for one answer or failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Standard output before the model has said anything.
    pub head: String,
    /// Standard output while it speaks, piece by piece.
    pub body: Vec<String>,
    /// Standard output when it is over.
    pub tail: String,
    /// Standard error.
    pub err: String,
    /// The exit code.
    pub code: u8,
    /// Whether it leaves at once, although it would else stay for more input.
    pub leaves: bool,
}

/// What rendering depends on beside the answer.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'a> {
    /// What was asked for.
    pub asked: &'a Asked,
    /// The prompt.
    pub prompt: &'a str,
    /// The session's name, a UUID.
    pub session: &'a str,
    /// Pieces that a streamed answer is cut into; 0: about one a sentence.
    pub chunks: usize,
    /// Seconds since 1970.
    pub now: i64,
    /// What the call takes, in milliseconds.
    pub millis: u64,
}

impl Turn<'_> {
    /// A plausible number of tokens of a text.
    fn tokens(text: &str) -> u64 {
        (text.len() as u64).div_ceil(4)
    }

    /// The answer in pieces.
    fn pieces<'t>(&self, text: &'t str) -> Vec<&'t str> {
        if self.chunks == 0 {
            return text.split_inclusive(['.', '\n']).collect();
        }
        let size = text.len().div_ceil(self.chunks).max(1);
        let (mut pieces, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let cut = (size..rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
            let (piece, left) = rest.split_at(cut);
            pieces.push(piece);
            rest = left;
        }
        pieces
    }
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Claude, Self::Codex, Self::Gemini, Self::Plain];

    /// The name, as in `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Plain => "plain",
        }
    }

    /// Reads the vendor's arguments.
    ///
    /// # Errors
    /// What the real program says to them before it asks any model, and its exit code.
    pub fn parse(self, argv: &[String]) -> Result<Asked, Early> {
        match self {
            Self::Claude => claude::parse(argv),
            Self::Codex => codex::parse(argv),
            Self::Gemini => gemini::parse(argv),
            Self::Plain => Ok(plain::parse(argv)),
        }
    }

    /// Reads the next prompt; `None` if there is none any more.
    ///
    /// # Errors
    /// What the real program says to a prompt that it does not take.
    pub fn prompt(self, asked: &Asked, input: &mut dyn BufRead) -> Result<Option<String>, Early> {
        match self {
            Self::Claude => claude::prompt(asked, input),
            Self::Codex => codex::prompt(asked, input).map(Some),
            Self::Gemini => gemini::prompt(input).map(Some),
            Self::Plain => Ok(Some(plain::prompt(asked, input))),
        }
    }

    /// What it prints for an answer.
    #[must_use]
    pub fn answer(self, turn: &Turn<'_>, text: &str) -> Rendered {
        match self {
            Self::Claude => claude::answer(turn, text),
            Self::Codex => codex::answer(turn, text),
            Self::Gemini => gemini::answer(turn, text),
            Self::Plain => plain::answer(turn, text),
        }
    }

    /// What it prints for a failure.
    #[must_use]
    pub fn fail(self, turn: &Turn<'_>, fail: &Fail) -> Rendered {
        match self {
            Self::Claude => claude_failures::fail(turn, fail),
            Self::Codex => codex::fail(turn, fail),
            Self::Gemini => gemini_failures::fail(turn, fail),
            Self::Plain => plain::fail(fail),
        }
    }

    /// Signals that the real program answers with an exit code of its own, and the code.
    #[must_use]
    pub fn signal_codes(self) -> &'static [(&'static str, i32)] {
        match self {
            Self::Claude => &[("TERM", 143), ("HUP", 129), ("INT", 0)],
            Self::Codex => &[("INT", 1)],
            // Told apart from success by nothing but what it did not print.
            Self::Gemini => &[("TERM", 0), ("INT", 0)],
            Self::Plain => &[],
        }
    }

    /// How many bytes of output the real program gets out at most if that is a pipe: the rest is
    /// lost at its exit.
    #[must_use]
    pub fn pipe_bytes(self) -> Option<usize> {
        (self == Self::Gemini).then_some(65_536)
    }
}
