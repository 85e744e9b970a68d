//! What is asked of a run, as plain data. Every front end makes one; nothing below knows which it was.

use crate::config::{Key, Path, SettingValue};
use crate::plan::ProtocolKind;
use std::path::PathBuf;

/// A run as it is asked for. Values are text, as they would be typed: ranges and defaults are checked where
/// the run is prepared, alike for every front end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunRequest {
    /// What is done with the question.
    pub command: ProtocolKind,
    /// Options of the command's protocol, by name.
    pub options: Vec<OptionValue>,
    /// The steps of a pipeline.
    pub steps: Steps,
    /// Participants, limits, budget and outputs: the settings that the request makes, above those of the
    /// environment and of configuration files.
    pub settings: Vec<SettingValue>,
    /// What the run is about.
    pub input: Sources,
    /// One more configuration file.
    pub config: Option<PathBuf>,
    /// Manifests of further adapters.
    pub adapters: Vec<PathBuf>,
    /// Files of further personas.
    pub personas: Vec<PathBuf>,
}

/// An option of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValue {
    /// Its name, with underscores.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where a person finds it: `--num-samples`, ``step 1: `num_samples` ``.
    pub place: String,
}

/// The steps of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Steps {
    /// In order.
    Listed(Vec<StepText>),
    /// A TOML file, relative to the working directory.
    File(String),
}

impl Default for Steps {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

/// One step of a pipeline, as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepText {
    /// What it does, and its options: `sample num_samples=5`.
    pub step: String,
    /// Its condition, of which there may be one: `agreement < 0.95`.
    pub conditions: Vec<String>,
}

/// Where the input is; `-` is standard input everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The question itself.
    pub prompt: Option<String>,
    /// Paths of files beside it.
    pub files: Vec<String>,
    /// The path of the text to refine.
    pub draft: Option<String>,
    /// Whether all of it may be sent, whatever it holds and wherever it comes from.
    pub allow_secrets: bool,
}

impl RunRequest {
    /// Whether the request itself makes a setting.
    #[must_use]
    pub fn sets(&self, key: Key) -> bool {
        self.settings.iter().any(|value| value.path == Path::Run(key))
    }
}
