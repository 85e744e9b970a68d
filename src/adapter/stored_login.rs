//! The stored login of a CLI, read from the vendor's own files: kind of account and expiry. No token
//! leaves this module.

use super::facts::{Host, LoginFile};
use super::jwt;
use super::manifest::{LoginFormat, Manifest};
use crate::time::Timestamp;
use serde_json::Value;

/// The stored login of a CLI: which account it charges, and until when it is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogin {
    /// `plan` for a subscription, `key` for an account that is billed per use, `personal` for an account
    /// that the vendor no longer serves.
    pub account: &'static str,
    /// The plan or vendor, for people: `ChatGPT`, `pro`.
    pub about: Option<String>,
    /// When the access token expires; `None` if that is unknown.
    pub expires: Option<Timestamp>,
}

impl StoredLogin {
    /// The stored login of a CLI; `None` if there is no usable one.
    #[must_use]
    pub fn find(manifest: &Manifest, host: &Host) -> Option<Self> {
        let format = manifest.login.as_ref()?.format;
        let files = host.logins.get(&manifest.id)?;
        let document = |at: usize| -> Option<Value> { serde_json::from_str(files.get(at)?.contents.as_deref()?).ok() };
        match format {
            LoginFormat::Present => {
                files.first()?.contents.as_ref()?;
                Some(Self { account: "plan", about: None, expires: None })
            }
            LoginFormat::Claude => {
                let document = document(0)?;
                let login = document.get("claudeAiOauth")?;
                text(login, "accessToken").or_else(|| text(login, "refreshToken"))?;
                Some(Self {
                    account: "plan",
                    about: text(login, "subscriptionType").map(str::to_owned),
                    expires: login.get("expiresAt").and_then(Value::as_i64).map(Timestamp),
                })
            }
            LoginFormat::Codex => {
                let document = document(0)?;
                if text(&document, "OPENAI_API_KEY").is_some() && text(&document, "auth_mode") != Some("chatgpt") {
                    return Some(Self { account: "key", about: Some("API key".to_owned()), expires: None });
                }
                text(document.get("tokens")?, "refresh_token")
                    .or_else(|| text(document.get("tokens")?, "access_token"))?;
                let expires = text(document.get("tokens")?, "access_token").and_then(jwt::expiry);
                Some(Self { account: "plan", about: Some("ChatGPT".to_owned()), expires })
            }
            LoginFormat::Gemini => {
                let document = document(0)?;
                text(&document, "refresh_token")?;
                if selected_type(files).is_some_and(|selected| !selected.starts_with("oauth")) {
                    return None;
                }
                let expires = document.get("expiry_date").and_then(Value::as_i64).map(Timestamp);
                // Code Assist Standard and Enterprise need a project, personal accounts have none.
                let served = PROJECT.iter().any(|name| host.var(name).is_some());
                let (account, about) =
                    if served { ("plan", "Google") } else { ("personal", "Google; not served since June 2026") };
                Some(Self { account, about: Some(about.to_owned()), expires })
            }
        }
    }
}

/// The variables that name a Google Cloud project.
const PROJECT: [&str; 2] = ["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT_ID"];

/// Why the stored login cannot be used, and what to use instead; `None` if it can.
#[must_use]
pub fn login_note(manifest: &Manifest, host: &Host) -> Option<String> {
    let login = manifest.login.as_ref()?;
    let files = host.logins.get(&manifest.id)?;
    match login.format {
        LoginFormat::Gemini => {
            if let Some(selected) = selected_type(files)
                && files.first()?.contents.is_some()
                && !selected.starts_with("oauth")
            {
                return Some(format!("a Google login is stored, but the CLI's settings choose `{selected}` instead"));
            }
            // Individual accounts: since 18 June 2026 (vendor's announcement, by way of agy's threads).
            (StoredLogin::find(manifest, host)?.account == "personal").then(|| {
                "a personal Google login is not served by this CLI since June 2026: use `agy`, or set \
                 GEMINI_API_KEY; a Code Assist Standard or Enterprise login needs GOOGLE_CLOUD_PROJECT"
                    .to_owned()
            })
        }
        LoginFormat::Claude | LoginFormat::Codex | LoginFormat::Present => None,
    }
}

/// The authentication type that is chosen in gemini's settings.
fn selected_type(files: &[LoginFile]) -> Option<String> {
    let settings: Value = serde_json::from_str(files.get(2)?.contents.as_deref()?).ok()?;
    settings.pointer("/security/auth/selectedType").and_then(Value::as_str).map(str::to_owned)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Catalog;
    use std::sync::Arc;

    /// A machine with these variables, and with these login files of one CLI.
    fn machine(name: &str, files: &[Option<&str>], env: &[(&str, &str)]) -> (Arc<Manifest>, Host) {
        let manifest = Arc::clone(Catalog::embedded().unwrap().get(name).unwrap());
        let files = files.iter().map(|text| LoginFile { path: "/h/f".into(), contents: text.map(str::to_owned) });
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let logins = [(manifest.id.clone(), files.collect())].into();
        (manifest, Host { env, home: Some("/h".into()), logins, ..Host::default() })
    }

    fn account(name: &str, file: &str) -> Option<(&'static str, Option<String>)> {
        let (manifest, host) = machine(name, &[Some(file)], &[]);
        StoredLogin::find(&manifest, &host).map(|login| (login.account, login.about))
    }

    fn is(account: &'static str, about: &str) -> Option<(&'static str, Option<String>)> {
        Some((account, Some(about.to_owned())))
    }

    #[test]
    fn claude_keeps_its_plan() {
        let file = r#"{"claudeAiOauth":{"accessToken":"a","refreshToken":"r","expiresAt":1795255200000,"subscriptionType":"max"}}"#;
        assert_eq!(account("claude", file), is("plan", "max"));
        let (manifest, host) = machine("claude", &[Some(file)], &[]);
        assert_eq!(StoredLogin::find(&manifest, &host).unwrap().expires, Some(Timestamp(1_795_255_200_000)));
        assert_eq!(account("claude", r#"{"claudeAiOauth":{"refreshToken":"r"}}"#), Some(("plan", None)));
    }

    #[test]
    fn codex_keeps_a_plan_or_a_key() {
        let plan = r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"access_token":"a","refresh_token":"r"}}"#;
        assert_eq!(account("codex", plan), is("plan", "ChatGPT"));
        let both = plan.replace("null", r#""sk-x""#);
        assert_eq!(account("codex", &both), is("plan", "ChatGPT"));
        assert_eq!(account("codex", r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-x"}"#), is("key", "API key"));
        assert_eq!(account("codex", r#"{"OPENAI_API_KEY":"sk-x","tokens":null}"#), is("key", "API key"));
    }

    #[test]
    fn what_is_no_login_is_none() {
        for name in ["claude", "codex", "gemini"] {
            for file in ["", "{", "[]", "null", "{}", r#"{"claudeAiOauth":{}}"#, r#"{"tokens":{"refresh_token":""}}"#] {
                assert_eq!(account(name, file), None, "{name}: {file}");
            }
            let (manifest, host) = machine(name, &[None], &[]);
            assert_eq!(StoredLogin::find(&manifest, &host), None);
        }
    }

    #[test]
    fn a_google_login_needs_a_project_to_be_served() {
        let login = Some(r#"{"access_token":"a","refresh_token":"r","expiry_date":1}"#);
        let (manifest, host) = machine("gemini", &[login], &[]);
        assert_eq!(StoredLogin::find(&manifest, &host).unwrap().account, "personal");
        assert!(login_note(&manifest, &host).unwrap().contains("agy"));
        let (manifest, host) = machine("gemini", &[login], &[("GOOGLE_CLOUD_PROJECT", "p")]);
        assert_eq!(StoredLogin::find(&manifest, &host).unwrap().account, "plan");
        assert_eq!(login_note(&manifest, &host), None);
    }

    #[test]
    fn the_login_that_a_person_chose_counts() {
        let login = Some(r#"{"refresh_token":"r"}"#);
        let settings = |kind: &str| format!(r#"{{"security":{{"auth":{{"selectedType":"{kind}"}}}}}}"#);
        let project = [("GOOGLE_CLOUD_PROJECT", "p")];
        let (manifest, host) = machine("gemini", &[login, None, Some(&settings("gemini-api-key"))], &project);
        assert_eq!(StoredLogin::find(&manifest, &host), None);
        assert!(login_note(&manifest, &host).unwrap().contains("`gemini-api-key`"));
        let (manifest, host) = machine("gemini", &[login, None, Some(&settings("oauth-personal"))], &project);
        assert!(StoredLogin::find(&manifest, &host).is_some());
        let (manifest, host) = machine("gemini", &[login, None, Some("// not JSON")], &project);
        assert!(StoredLogin::find(&manifest, &host).is_some());
    }
}
