//! A demo's script: the question, and the reply to each call of the run.

use serde::Deserialize;
use serde_json::Value;

/// A script, in TOML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The question of the run.
    pub question: String,
    /// One reply for each call.
    pub reply: Vec<Reply>,
}

/// The reply to a call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The id of the call: `r2/evaluate/claude>codex`.
    pub call: String,
    /// How long the call takes, in milliseconds.
    pub ms: u64,
    /// The reply in words.
    pub text: Option<String>,
    /// The reply in the shape that was asked for, where one was.
    pub json: Option<Value>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// What is wrong with it, and on which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The reply to a call.
    #[must_use]
    pub fn reply(&self, call: &str) -> Option<&Reply> {
        self.reply.iter().find(|reply| reply.call == call)
    }
}

impl Reply {
    /// The reply as the model writes it.
    #[must_use]
    pub fn written(&self) -> String {
        match (&self.text, &self.json) {
            (Some(text), _) => text.clone(),
            (None, Some(json)) => json.to_string(),
            (None, None) => String::new(),
        }
    }
}
