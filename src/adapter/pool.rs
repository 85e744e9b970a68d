//! Who pays: one credential per participant, chosen before the first call.

use super::facts::Host;
use super::manifest::{Keyring, Manifest, PoolSpec};
use super::stored_login::StoredLogin;
use crate::value::Word;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// Which kind of account pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    /// A plan, through a token in the environment.
    Subscription,
    /// A plan or an account, through the CLI's stored login.
    Login,
    /// Pay per use.
    ApiKey,
    /// None: a local model.
    None,
}

/// What the person wants to pay with.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
#[non_exhaustive]
pub enum Billing {
    /// The subscription where there is one, else an API key.
    #[default]
    Auto,
    /// The subscription or nothing.
    Subscription,
    /// The API key or nothing.
    Api,
}

impl Word for Billing {}

impl Billing {
    fn accepts(self, spec: &PoolSpec) -> bool {
        // A stored login with an account that is paid per use is no subscription.
        let metered = metered(spec);
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
    /// Whether every call costs money: an account that is paid per use.
    pub metered: bool,
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
    let mut unseen = manifest.pools.iter().filter(|spec| is_unseen(manifest, spec) && billing.accepts(spec));
    match unseen.next() {
        // A key that is there goes first, unless the person wants no key to pay.
        Some(spec) if there.is_empty() || billing == Billing::Subscription => Ok(chosen(manifest, spec, host)),
        _ => Err(refusal(manifest, host, billing)),
    }
}

/// Whether a pool is a login that may be there although no file shows it.
fn is_unseen(manifest: &Manifest, spec: &PoolSpec) -> bool {
    let used = manifest.login.as_ref().is_some_and(|login| login.keyring == Some(Keyring::Used));
    used && spec.kind == PoolKind::Login && spec.account.is_none()
}

/// Why nothing that can be seen here pays, and what to do.
#[must_use]
pub fn refusal(manifest: &Manifest, host: &Host, billing: Billing) -> PoolProblem {
    let there: Vec<_> = manifest.pools.iter().filter(|spec| is_there(manifest, spec, host)).collect();
    let name = manifest.id.as_str();
    // Only ways to what the person accepts: a key that is there already is none to a subscription.
    let ways_in = manifest.pools.iter().filter(|spec| billing.accepts(spec));
    let variables = ways_in.clone().filter_map(|spec| spec.variable.as_deref()).collect::<Vec<_>>().join(" or ");
    let logs_in = ways_in.clone().any(|spec| spec.kind == PoolKind::Login);
    let ways = match (if logs_in { manifest.login_hint() } else { "" }, variables.as_str()) {
        ("", "") => "nothing of this CLI's is paid for in that way".to_owned(),
        ("", variables) => format!("set {variables}"),
        (login, "") => format!("run `{login}`"),
        (login, variables) => format!("run `{login}`, or set {variables}"),
    };
    let keyring = manifest.login.as_ref().and_then(|login| login.keyring.as_ref());
    match there.first() {
        None => PoolProblem {
            message: format!("{name}: no login and no credential was found"),
            hint: match keyring {
                Some(Keyring::Hidden(way)) if logs_in => format!("{ways}; if the login is in a keyring, {way}"),
                _ => ways,
            },
        },
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
    }
}

/// The pool of a name, if it is there: for a run that goes on, which pays as it began.
///
/// # Errors
/// It is not there any more.
pub fn named(manifest: &Manifest, host: &Host, name: &str) -> Result<ChosenPool, PoolProblem> {
    let spec = manifest
        .pools
        .iter()
        .find(|spec| spec.name == name && (is_there(manifest, spec, host) || is_unseen(manifest, spec)));
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
        (None, _) => StoredLogin::find(manifest, host)
            .is_some_and(|login| spec.account.as_deref().is_none_or(|account| account == login.account)),
    }
}

fn metered(spec: &PoolSpec) -> bool {
    spec.kind == PoolKind::ApiKey || spec.account.as_deref() == Some("key")
}

fn chosen(manifest: &Manifest, spec: &PoolSpec, host: &Host) -> ChosenPool {
    let words = match &spec.variable {
        Some(variable) if host.dotenv.contains(variable) => match StoredLogin::find(manifest, host) {
            // A cloned repository may bring such a file.
            Some(_) => format!("{} ({variable} from ./.env, not the stored login)", spec.name),
            None => format!("{} ({variable} from ./.env)", spec.name),
        },
        Some(variable) => format!("{} ({variable})", spec.name),
        None => match StoredLogin::find(manifest, host).and_then(|login| login.about) {
            Some(about) => format!("{} ({about})", spec.name),
            None if spec.kind == PoolKind::Login && !is_there(manifest, spec, host) => {
                format!("{} (in no file; the first call decides)", spec.name)
            }
            None => spec.name.clone(),
        },
    };
    ChosenPool {
        name: spec.name.clone(),
        kind: spec.kind,
        metered: metered(spec),
        variable: spec.variable.clone(),
        words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{Catalog, LoginFile};

    const CLAUDE: &str = r#"{"claudeAiOauth":{"accessToken":"a","subscriptionType":"max"}}"#;
    const CHATGPT: &str = r#"{"auth_mode":"chatgpt","tokens":{"refresh_token":"r"}}"#;
    const KEY: &str = r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-x"}"#;
    const GOOGLE: &str = r#"{"refresh_token":"r"}"#;

    fn choice(name: &str, login: Option<&str>, variables: &[&str], billing: Billing) -> Result<String, PoolProblem> {
        let catalog = Catalog::embedded().unwrap();
        let manifest = catalog.get(name).unwrap();
        let file = LoginFile { path: "/h/login".into(), contents: login.map(str::to_owned) };
        let host = Host {
            env: variables.iter().map(|name| ((*name).to_owned(), "secret".to_owned())).collect(),
            home: Some("/h".into()),
            logins: [(manifest.id.clone(), vec![file])].into(),
            ..Host::default()
        };
        choose(manifest, &host, billing).map(|pool| pool.words)
    }

    #[test]
    fn a_plan_goes_before_a_key_and_billing_decides() {
        use Billing::{Api, Auto, Subscription};
        let claude = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"];
        let openai = ["OPENAI_API_KEY", "CODEX_API_KEY"];
        let google = ["GOOGLE_API_KEY", "GEMINI_API_KEY"];
        for (name, login, variables, billing, words) in [
            ("claude", Some(CLAUDE), &claude[..], Auto, "subscription (CLAUDE_CODE_OAUTH_TOKEN)"),
            ("claude", Some(CLAUDE), &claude[..1], Auto, "stored login (max)"),
            ("claude", Some(CLAUDE), &claude, Api, "API key (ANTHROPIC_API_KEY)"),
            ("claude", None, &claude[..1], Auto, "API key (ANTHROPIC_API_KEY)"),
            ("claude", None, &[], Auto, "stored login (in no file; the first call decides)"),
            ("claude", None, &[], Subscription, "stored login (in no file; the first call decides)"),
            ("codex", Some(CHATGPT), &openai, Auto, "stored login (ChatGPT)"),
            ("codex", Some(CHATGPT), &openai, Api, "API key (CODEX_API_KEY)"),
            ("codex", None, &openai, Auto, "API key (CODEX_API_KEY)"),
            ("codex", Some(KEY), &openai[..1], Auto, "OpenAI API key (OPENAI_API_KEY)"),
            ("codex", Some(KEY), &[], Auto, "stored API key (API key)"),
            ("codex", Some(KEY), &[], Api, "stored API key (API key)"),
            ("gemini", None, &google, Auto, "API key (GEMINI_API_KEY)"),
            ("gemini", None, &google[..1], Auto, "Google API key (GOOGLE_API_KEY)"),
            ("gemini", Some(GOOGLE), &["GEMINI_API_KEY", "GOOGLE_CLOUD_PROJECT"], Auto, "stored login (Google)"),
            ("gemini", Some(GOOGLE), &google[1..], Auto, "API key (GEMINI_API_KEY)"),
            ("gemini", Some(GOOGLE), &[], Subscription, "stored personal login (Google; not served since June 2026)"),
            ("ollama", None, &[], Auto, "local"),
            ("ollama", None, &[], Api, "local"),
        ] {
            assert_eq!(choice(name, login, variables, billing).as_deref(), Ok(words), "{name} {variables:?}");
        }
    }

    #[test]
    fn nothing_to_pay_with_says_what_to_type() {
        let none = choice("claude", None, &[], Billing::Api).unwrap_err();
        assert!(none.hint.contains("set ANTHROPIC_API_KEY"), "{none:?}");
        let none = choice("codex", None, &[], Billing::Auto).unwrap_err();
        assert!(none.hint.contains("`codex login`, or set CODEX_API_KEY") && none.hint.contains("keyring"), "{none:?}");
        let none = choice("codex", None, &[], Billing::Api).unwrap_err();
        assert!(none.hint.contains("CODEX_API_KEY"), "{none:?}");
        let key = choice("codex", Some(KEY), &["OPENAI_API_KEY"], Billing::Subscription).unwrap_err();
        assert!(key.message.contains("billing is `subscription`"), "{key:?}");
        assert!(key.message.contains("OPENAI_API_KEY") && key.hint.contains("codex login"), "{key:?}");
        let plan = choice("claude", Some(CLAUDE), &[], Billing::Api).unwrap_err();
        assert!(plan.message.contains("billing is `api`") && plan.hint.contains("ANTHROPIC_API_KEY"), "{plan:?}");
    }
}
