//! One call to a real CLI, and everything that came of it.

use super::installed::Cli;
use refinery_core::invocation::{Exit, Limits};
use serde_json::Value;
use std::time::Duration;

/// Who pays, as far as a loopback can tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pays {
    /// A key in the environment.
    Key,
    /// A subscription's token in the environment (claude, gemini).
    Token,
    /// A stored login (claude, codex).
    Login,
    /// Nobody.
    Nobody,
}

/// What is asked, and of whom.
#[derive(Debug, Clone)]
pub struct Call {
    /// The program.
    pub cli: Cli,
    /// The vendor's address, without a path.
    pub url: String,
    /// Who pays.
    pub pays: Pays,
    /// The model's name.
    pub model: &'static str,
    /// The vendor's word for the effort.
    pub effort: &'static str,
    /// The system prompt.
    pub system: String,
    /// The prompt.
    pub prompt: String,
    /// The shape of the reply.
    pub schema: Option<Value>,
    /// Further arguments: the ways in which a caller can be wrong.
    pub args: Vec<&'static str>,
    /// Whether the prompt goes in as it is, without what keeps a CLI from taking it for a command.
    pub bare: bool,
    /// The clocks.
    pub limits: Limits,
}

/// What came back.
#[derive(Debug)]
pub struct Seen {
    /// Standard output, lossily.
    pub stdout: String,
    /// Standard error, lossily.
    pub stderr: String,
    /// How the program ended.
    pub exit: Exit,
    /// The scratch folder, which occurs in the output.
    pub scratch: String,
}

impl Call {
    /// A plain call, paid by a key, with clocks that a loaded machine does not reach.
    pub fn new(cli: Cli, url: impl Into<String>) -> Self {
        let (model, effort) = match cli {
            Cli::Claude => ("opus", "low"),
            Cli::Codex => ("gpt-5.5", "low"),
            Cli::Gemini => ("gemini-2.5-flash", "low"),
        };
        Self {
            cli,
            url: url.into(),
            pays: Pays::Key,
            model,
            effort,
            system: "You answer in one line.".to_owned(),
            prompt: "What is six times seven?".to_owned(),
            schema: None,
            args: Vec::new(),
            bare: false,
            limits: Limits { hard: Duration::from_secs(120), first_byte: None, idle: None },
        }
    }

    /// Makes the call.
    pub fn run(&self) -> Seen {
        super::raw::run(self)
    }
}
