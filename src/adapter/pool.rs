//! Who pays: one credential per participant, chosen before the first call.

use super::facts::Host;
use super::manifest::Manifest;
use serde::{Deserialize, Serialize};

/// Which kind of account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// A plan, through a token in the environment.
    Subscription,
    /// A plan or an account, through the CLI's stored login.
    Login,
    /// Pay per use.
    ApiKey,
    /// Nobody: a local model.
    None,
}

/// What the person wants to pay with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// The subscription where there is one, else an API key.
    #[default]
    Auto,
    /// The subscription or nothing.
    Subscription,
    /// The API key or nothing.
    Api,
}

/// The credential that pays for a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenPool {
    /// Its name in the manifest.
    pub name: String,
    /// Its kind.
    pub kind: PoolKind,
    /// The variable of *our* environment that holds it, if it comes from one.
    pub variable: Option<String>,
    /// In words, for people: `subscription (CLAUDE_CODE_OAUTH_TOKEN)`, `stored ChatGPT login`.
    pub words: String,
}

/// Why nothing can pay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PoolProblem {
    /// What is missing, for whom.
    pub message: String,
    /// What to type or set.
    pub hint: String,
}

/// Chooses what pays.
///
/// # Errors
/// No credential, or only one that the person does not want to pay with.
pub fn choose(manifest: &Manifest, _host: &Host, _billing: Billing) -> Result<ChosenPool, PoolProblem> {
    Err(PoolProblem { message: format!("{}: no credential", manifest.id), hint: String::new() })
}
