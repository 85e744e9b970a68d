//! What a run is about.

use std::sync::Arc;

/// A question, and files beside it. Text becomes one by itself: `engine.run("why?")`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    pub(super) text: Arc<str>,
    pub(super) files: Vec<(String, Arc<str>)>,
}

impl Question {
    /// A question without files.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), files: Vec::new() }
    }

    /// With one more file: its path, as it is shown, and its contents. Nothing is read.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<String>, contents: impl Into<Arc<str>>) -> Self {
        self.files.push((path.into(), contents.into()));
        self
    }
}

impl From<&str> for Question {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Question {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Question {
    fn from(text: &String) -> Self {
        Self::new(text.as_str())
    }
}

impl From<Arc<str>> for Question {
    fn from(text: Arc<str>) -> Self {
        Self::new(text)
    }
}
