//! Who pays: one credential per participant, chosen before the first call.

use super::facts::Host;
use super::login;
use super::manifest::{Manifest, PoolSpec};
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

impl Billing {
    fn accepts(self, spec: &PoolSpec) -> bool {
        // A stored login with an account that is paid per use is no subscription.
        let metered = spec.kind == PoolKind::ApiKey || spec.account.as_deref() == Some("key");
        match self {
            Self::Auto => true,
            Self::Subscription => !metered,
            Self::Api => metered || spec.kind == PoolKind::None,
        }
    }
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

/// Chooses what pays: the first pool of the manifest, which lists the best first, that is there and
/// that the person accepts.
///
/// # Errors
/// No credential, or only one that the person does not want to pay with.
pub fn choose(manifest: &Manifest, host: &Host, billing: Billing) -> Result<ChosenPool, PoolProblem> {
    let there: Vec<_> = manifest.pools.iter().filter(|spec| is_there(manifest, spec, host)).collect();
    if let Some(spec) = there.iter().find(|spec| billing.accepts(spec)) {
        return Ok(chosen(manifest, spec, host));
    }
    let name = manifest.id.as_str();
    let variables = manifest.credential_names().join(" or ");
    let ways = match (manifest.login_hint(), variables.as_str()) {
        ("", variables) => format!("set {variables}"),
        (login, "") => format!("run `{login}`"),
        (login, variables) => format!("run `{login}`, or set {variables}"),
    };
    Err(match there.first() {
        None => PoolProblem { message: format!("{name}: no login and no credential was found"), hint: ways },
        Some(other) => {
            let wanted = if billing == Billing::Api { "api" } else { "subscription" };
            PoolProblem {
                message: format!(
                    "{name}: billing is `{wanted}`, but only {} is there",
                    chosen(manifest, other, host).words
                ),
                hint: format!("{ways}; or pay with what is there by `--billing auto`"),
            }
        }
    })
}

/// The pool of a name, if it is there: for a run that goes on, which pays as it began.
///
/// # Errors
/// It is not there any more.
pub fn named(manifest: &Manifest, host: &Host, name: &str) -> Result<ChosenPool, PoolProblem> {
    let spec = manifest.pools.iter().find(|spec| spec.name == name && is_there(manifest, spec, host));
    spec.map(|spec| chosen(manifest, spec, host)).ok_or_else(|| {
        let spec = manifest.pools.iter().find(|spec| spec.name == name);
        let hint = match spec.and_then(|spec| spec.variable.as_deref()) {
            Some(variable) => format!("set {variable}"),
            None => format!("run `{}`", manifest.login_hint()),
        };
        PoolProblem {
            message: format!("{}: the {name} that paid for this run is not there any more", manifest.id),
            hint,
        }
    })
}

fn is_there(manifest: &Manifest, spec: &PoolSpec, host: &Host) -> bool {
    match (&spec.variable, spec.kind) {
        (Some(variable), _) => host.var(variable).is_some(),
        (None, PoolKind::None) => true,
        (None, _) => login::stored(manifest, host)
            .is_some_and(|login| spec.account.as_deref().is_none_or(|account| account == login.account)),
    }
}

fn chosen(manifest: &Manifest, spec: &PoolSpec, host: &Host) -> ChosenPool {
    let words = match &spec.variable {
        Some(variable) => format!("{} ({variable})", spec.name),
        None => match login::stored(manifest, host).and_then(|login| login.about) {
            Some(about) => format!("{} ({about})", spec.name),
            None => spec.name.clone(),
        },
    };
    ChosenPool { name: spec.name.clone(), kind: spec.kind, variable: spec.variable.clone(), words }
}
