//! One request as a stand-in sees it, whoever's format it came in.

use super::marker::{self, Mark};
use super::phase::{self, Floor, Phase};
use super::vendor::{Asked, Vendor};

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whose CLI is played.
    pub vendor: Vendor,
    /// Who answers: `--name`, else `vendor/model`, else the vendor.
    pub who: String,
    /// What the arguments ask for.
    pub asked: Asked,
    /// The prompt; `None` while it has not been read.
    pub prompt: Option<String>,
}

impl Request {
    /// A request whose prompt has not been read yet.
    #[must_use]
    pub fn new(vendor: Vendor, name: Option<&str>, asked: Asked) -> Self {
        let who = match (name, asked.model.as_deref()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(model)) => format!("{}/{model}", vendor.as_str()),
            (None, None) => vendor.as_str().to_owned(),
        };
        Self { vendor, who, asked, prompt: None }
    }

    /// The prompt, or nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        self.prompt.as_deref().unwrap_or_default()
    }

    /// What the prompt asks for.
    #[must_use]
    pub fn phase(&self) -> Phase {
        phase::phase(self.asked.system.as_deref(), self.text(), self.asked.schema.is_some())
    }

    /// Which turn of a debate it asks for, if it does.
    #[must_use]
    pub fn floor(&self) -> Option<Floor<'_>> {
        Floor::of_prompt(self.asked.system.as_deref(), self.text())
    }

    /// The marked drafts that the prompt quotes.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        Mark::find_all(self.text())
    }

    /// The highest version of one's own draft in the prompt; 0 if there is none.
    #[must_use]
    pub fn own_version(&self) -> u32 {
        let own = marker::author(&self.who);
        self.marks().iter().filter(|mark| mark.author == own).map(|mark| mark.version).max().unwrap_or(0)
    }

    /// The highest version of anybody's draft in the prompt; 0 if there is none.
    #[must_use]
    pub fn any_version(&self) -> u32 {
        self.marks().iter().map(|mark| mark.version).max().unwrap_or(0)
    }
}
