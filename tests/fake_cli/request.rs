//! One request as a fake sees it, whoever's format it came in.

use super::call::Call;
use super::marker::Mark;
use super::vendor::{Asked, Vendor};

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose CLI is played.
    pub vendor: Vendor,
    /// Who answers: `--name`, else `vendor/model`, else the vendor.
    pub who: String,
    /// The call that it is.
    pub call: Call,
    /// What the arguments ask for.
    pub asked: Asked,
    /// The prompt; `None` while it has not been read.
    pub prompt: Option<String>,
}

impl Request {
    /// A request whose prompt has not been read yet.
    #[must_use]
    pub fn new(vendor: Vendor, name: Option<&str>, call: Call, asked: Asked) -> Self {
        let who = match (name, asked.model.as_deref()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(model)) => format!("{}/{model}", vendor.as_str()),
            (None, None) => vendor.as_str().to_owned(),
        };
        Self { vendor, who, call, asked, prompt: None }
    }

    /// The prompt, or nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        self.prompt.as_deref().unwrap_or_default()
    }

    /// The marked drafts that the prompt quotes.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        Mark::find_all(self.text())
    }

    /// The highest version of anybody's draft in the prompt; 0 if there is none.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.marks().iter().map(|mark| mark.version).max().unwrap_or(0)
    }
}
