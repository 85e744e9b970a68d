//! Where a CLI keeps its login.

use serde::Deserialize;

/// Where the stored login is.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginSpec {
    /// How to read it.
    pub format: LoginFormat,
    /// The files, as patterns; the first is the login itself, the others say more about it.
    pub files: Vec<String>,
    /// A folder beside the first file in which the CLI registers itself while it runs, in files named
    /// for its process number. What a child registered there is removed when it is gone.
    #[serde(default)]
    pub registry: Option<String>,
    /// What becomes of a login that the CLI keeps in the system's keyring, where no file shows it.
    #[serde(default)]
    pub keyring: Option<Keyring>,
}

/// A login that no file shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Keyring {
    /// Calls use it: the first one shows whether there is one.
    Used,
    /// The private home of a call hides it: what to do instead.
    Hidden(String),
}

/// How a login file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LoginFormat {
    /// `claudeAiOauth` with an access token.
    Claude,
    /// `auth_mode`, `tokens`, `OPENAI_API_KEY`.
    Codex,
    /// A `refresh_token`; the settings beside it say the kind.
    Gemini,
    /// Its being there is enough.
    Present,
}
