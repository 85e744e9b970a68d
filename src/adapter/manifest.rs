//! What a manifest says: the whole of what is known about one vendor's CLI.

use crate::exchange::Effort;
use crate::ids::AdapterId;

/// One vendor's CLI.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Its name: the word that people type, such as `claude`.
    pub id: AdapterId,
}

/// A model as a participant will use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedModel {
    /// What the CLI is told; `None` leaves the CLI's own default.
    pub argument: Option<String>,
    /// The name in outcomes, with its vendor prefix: `claude-opus`, `codex-o3`, `gemini-3.1-pro-preview`.
    pub model_id: String,
    /// How hard it thinks unless told otherwise.
    pub effort: Option<Effort>,
}

impl Manifest {
    /// The model for the word after the adapter's name (`codex-o3` -> `o3`, `claude/opus` -> `opus`);
    /// `None` for the adapter's default. Aliases are resolved here.
    #[must_use]
    pub fn resolve_model(&self, word: Option<&str>) -> ResolvedModel {
        ResolvedModel { argument: word.map(str::to_owned), model_id: self.id.to_string(), effort: None }
    }

    /// How many calls may run at once unless told otherwise, at least 1.
    #[must_use]
    pub fn default_concurrency(&self) -> usize {
        4
    }

    /// Names of all environment variables that hold a credential for this CLI.
    #[must_use]
    pub fn credential_names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Names to look for on the PATH, in order.
    #[must_use]
    pub fn program_names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The files that hold a stored login, as patterns: `${CLAUDE_CONFIG_DIR:-~/.claude}/.credentials.json`.
    #[must_use]
    pub fn login_files(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Where to find the version without running the program: a `package.json` relative to the
    /// resolved program's folder, as patterns to try in order.
    #[must_use]
    pub fn version_files(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether the version is in the range that was tested; `None` if there is no range.
    #[must_use]
    pub fn tested_with(&self, _version: &str) -> Option<bool> {
        None
    }

    /// Arguments that print the version, for `doctor` only.
    #[must_use]
    pub fn version_args(&self) -> &[String] {
        &[]
    }

    /// Arguments that check the login, for `doctor` only; empty if there is no such command.
    #[must_use]
    pub fn login_args(&self) -> &[String] {
        &[]
    }

    /// What to type to install the program.
    #[must_use]
    pub fn install_hint(&self) -> &str {
        ""
    }

    /// What to type to log in.
    #[must_use]
    pub fn login_hint(&self) -> &str {
        ""
    }

    /// Whether its facts were measured against the real program.
    #[must_use]
    pub fn verified(&self) -> bool {
        false
    }

    /// Vendor and product names, lower case, that no prompt may reveal: `claude`, `anthropic`.
    #[must_use]
    pub fn vendor_words(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many bytes a whole prompt may have, if there is a limit.
    #[must_use]
    pub fn prompt_bytes(&self) -> Option<usize> {
        None
    }

    /// Whether it prints while it thinks and answers, so that silence means trouble.
    #[must_use]
    pub fn streams(&self) -> bool {
        false
    }

    /// Whether a temperature and a reply length can be passed on.
    #[must_use]
    pub fn takes_tuning(&self) -> (bool, bool) {
        (false, false)
    }
}
