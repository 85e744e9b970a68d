//! What a manifest says: the whole of what is known about one vendor's CLI. `adapters/*.toml` are
//! the examples.

use super::rules::Rule;
use crate::exchange::Effort;
use crate::ids::AdapterId;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

mod check;
mod kept;
mod login;
mod parts;

pub use kept::{KeptSpec, RunNeeds, Transport};
pub use login::{Keyring, LoginFormat, LoginSpec};
pub use parts::{
    CodecName, Escape, FileSpec, Holds, InvocationSpec, Limits, LinkSpec, Models, OutputSpec, Overflow, PoolSpec,
    ProgramSpec, StdinSpec, Where,
};

/// One vendor's CLI.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name: the word that people type, such as `claude`.
    #[serde(rename = "name")]
    #[cfg_attr(feature = "cli", schemars(extend("pattern" = "^[a-z0-9_-]+$")))]
    pub id: AdapterId,
    /// Whether its facts were measured against the real program.
    #[serde(default)]
    pub verified: bool,
    /// Vendor and product names, lower case, by which a model would give itself away.
    #[serde(default)]
    pub vendor_words: Vec<String>,
    /// How many calls may run at once unless told otherwise, at least 1.
    #[cfg_attr(feature = "cli", schemars(range(min = 1)))]
    pub concurrency: usize,
    /// Where the program is, and how to get it.
    pub program: ProgramSpec,
    /// Its models.
    #[serde(default)]
    pub models: Models,
    /// Our words for effort, and the CLI's.
    #[serde(default)]
    #[cfg_attr(feature = "cli", schemars(extend("propertyNames" = { "enum": Effort::ALL })))]
    pub efforts: BTreeMap<Effort, String>,
    /// What can pay, best first.
    #[serde(default, rename = "pool")]
    #[cfg_attr(feature = "cli", schemars(length(min = 1)))]
    pub pools: Vec<PoolSpec>,
    /// The stored login, if it has one.
    #[serde(default)]
    pub login: Option<LoginSpec>,
    /// How it is started.
    pub invocation: InvocationSpec,
    /// How the prompt goes in.
    pub stdin: StdinSpec,
    /// How its answer comes out.
    pub output: OutputSpec,
    /// How it is kept and asked again, if it can be.
    #[serde(default)]
    pub kept: Option<KeptSpec>,
    /// What it can take.
    #[serde(default)]
    pub limits: Limits,
    /// How its failures are told apart, first match wins.
    #[serde(default, rename = "failure")]
    pub failures: Arc<[Rule]>,
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
    /// The model for the word after `name-` (`codex-o3` -> `o3`); `None` for the adapter's default.
    /// An alias becomes what it stands for; any other word the literal id, with the vendor's prefix.
    #[must_use]
    pub fn resolve_model(&self, word: Option<&str>) -> ResolvedModel {
        let Some(word) = word else { return self.resolve_exact(self.models.default.as_deref()) };
        match self.models.id_prefix.as_deref() {
            Some(prefix) if !self.models.aliases.contains_key(word) && !word.starts_with(prefix) => {
                self.resolve_exact(Some(&format!("{prefix}{word}")))
            }
            _ => self.resolve_exact(Some(word)),
        }
    }

    /// The model for the words after `name/`: an alias becomes what it stands for, anything else is
    /// taken as it is. `None` for the adapter's default.
    #[must_use]
    pub fn resolve_exact(&self, word: Option<&str>) -> ResolvedModel {
        let word = word.or(self.models.default.as_deref());
        let argument = word.map(|word| self.models.aliases.get(word).map_or(word, String::as_str).to_owned());
        let prefix = format!("{}-", self.id);
        let model_id = match argument.as_deref() {
            None => self.id.to_string(),
            Some(model) if model.starts_with(&prefix) => model.to_owned(),
            Some(model) => format!("{prefix}{model}"),
        };
        let effort = self.models.effort.filter(|_| self.models.takes_effort(argument.as_deref()));
        ResolvedModel { argument, model_id, effort }
    }

    /// How many calls may run at once unless told otherwise, at least 1.
    #[must_use]
    pub fn default_concurrency(&self) -> usize {
        self.concurrency
    }

    /// Names of all environment variables that hold a credential for this CLI.
    #[must_use]
    pub fn credential_names(&self) -> Vec<&str> {
        self.pools.iter().filter_map(|pool| pool.variable.as_deref()).collect()
    }

    /// Names to look for on the PATH, in order.
    #[must_use]
    pub fn program_names(&self) -> Vec<&str> {
        self.program.names.iter().map(String::as_str).collect()
    }

    /// The files that hold a stored login, as patterns: `${CLAUDE_CONFIG_DIR:-~/.claude}/.credentials.json`.
    #[must_use]
    pub fn login_files(&self) -> Vec<&str> {
        self.login.iter().flat_map(|login| &login.files).map(String::as_str).collect()
    }

    /// Where to find the version without running the program: a `package.json` relative to the
    /// resolved program's folder, as patterns to try in order.
    #[must_use]
    pub fn version_files(&self) -> Vec<&str> {
        self.program.version_files.iter().map(String::as_str).collect()
    }

    /// Whether the version is in the range that was tested; `None` if there is no range, or the
    /// version is none.
    #[must_use]
    pub fn tested_with(&self, version: &str) -> Option<bool> {
        let [from, to] = self.program.tested.as_ref()?;
        let (version, from, to) = (numbers(version)?, numbers(from)?, numbers(to)?);
        Some(from <= version && version < to)
    }

    /// The tested versions, for people: `from 0.171.0, before 0.172.0`.
    #[must_use]
    pub fn tested_range(&self) -> Option<String> {
        let [from, to] = self.program.tested.as_ref()?;
        Some(format!("from {from}, before {to}"))
    }

    /// Arguments that print the version, for `doctor` only.
    #[must_use]
    pub fn version_args(&self) -> &[String] {
        &self.program.version_args
    }

    /// Arguments that check the login, for `doctor` only; empty if there is no such command.
    #[must_use]
    pub fn login_args(&self) -> &[String] {
        &self.program.login_args
    }

    /// What to type to install the program.
    #[must_use]
    pub fn install_hint(&self) -> &str {
        &self.program.install
    }

    /// What to type to log in.
    #[must_use]
    pub fn login_hint(&self) -> &str {
        &self.program.login
    }

    /// Whether its facts were measured against the real program.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.verified
    }

    /// Vendor and product names, lower case, that no prompt may reveal: `claude`, `anthropic`.
    #[must_use]
    pub fn vendor_words(&self) -> Vec<String> {
        self.vendor_words.clone()
    }

    /// How many bytes a whole prompt may have, if there is a limit. A limit in characters counts
    /// as so many bytes, which is on the safe side.
    #[must_use]
    pub fn prompt_bytes(&self) -> Option<usize> {
        match (self.limits.prompt_bytes, self.limits.prompt_chars) {
            (Some(bytes), Some(chars)) => Some(bytes.min(chars)),
            (bytes, chars) => bytes.or(chars),
        }
    }

    /// Whether it prints while it thinks and answers, so that silence means trouble.
    #[must_use]
    pub fn streams(&self) -> bool {
        self.output.streams
    }

    /// Whether a temperature and a reply length can be passed on to a model.
    #[must_use]
    pub fn takes_tuning(&self, model: &ResolvedModel) -> (bool, bool) {
        let temperature = self.uses("temperature") && self.models.takes_temperature(model.argument.as_deref());
        (temperature, self.uses("reply_tokens"))
    }

    /// Whether anything in the invocation holds this placeholder.
    fn uses(&self, name: &str) -> bool {
        self.templates().iter().any(|template| super::template::names(template).any(|used| used == name))
    }
}

/// The numbers of a version: `2.1.197 (Claude Code)` -> `[2, 1, 197]`.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let dotted: String = version[start..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    dotted.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(numbers("v2.1.197 (Claude Code)"), Some(vec![2, 1, 197]));
        assert_eq!(numbers("codex-cli 0.169.0"), Some(vec![0, 169, 0]));
        assert_eq!(numbers("none"), None);
    }
}
