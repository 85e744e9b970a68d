//! What a stored login says about itself, read from the files that the vendors' CLIs keep. Only
//! presence and kind are read; no token leaves this module.

use super::facts::Host;
use super::manifest::{LoginFormat, Manifest};
use crate::time::Timestamp;
use serde_json::Value;

/// A stored login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLogin {
    /// `plan` for a subscription, `key` for an account that is paid per use.
    pub account: &'static str,
    /// What is known of it, in words: `ChatGPT`, `pro`.
    pub about: Option<String>,
    /// When the access token expires; `None` if that is unknown.
    pub expires: Option<Timestamp>,
}

/// The stored login of a CLI, if there is a usable one.
#[must_use]
pub fn stored(manifest: &Manifest, host: &Host) -> Option<StoredLogin> {
    let format = manifest.login.as_ref()?.format;
    let files = host.logins.get(&manifest.id)?;
    let document = |at: usize| -> Option<Value> { serde_json::from_str(files.get(at)?.contents.as_deref()?).ok() };
    match format {
        LoginFormat::Present => {
            files.first()?.contents.as_ref()?;
            Some(StoredLogin { account: "plan", about: None, expires: None })
        }
        LoginFormat::Claude => {
            let document = document(0)?;
            let login = document.get("claudeAiOauth")?;
            text(login, "accessToken").or_else(|| text(login, "refreshToken"))?;
            Some(StoredLogin {
                account: "plan",
                about: text(login, "subscriptionType").map(str::to_owned),
                expires: login.get("expiresAt").and_then(Value::as_i64).map(Timestamp),
            })
        }
        LoginFormat::Codex => {
            let document = document(0)?;
            if text(&document, "OPENAI_API_KEY").is_some() && text(&document, "auth_mode") != Some("chatgpt") {
                return Some(StoredLogin { account: "key", about: Some("API key".to_owned()), expires: None });
            }
            text(document.get("tokens")?, "refresh_token").or_else(|| text(document.get("tokens")?, "access_token"))?;
            Some(StoredLogin { account: "plan", about: Some("ChatGPT".to_owned()), expires: None })
        }
        LoginFormat::Gemini => {
            let document = document(0)?;
            text(&document, "refresh_token")?;
            let expires = document.get("expiry_date").and_then(Value::as_i64).map(Timestamp);
            Some(StoredLogin { account: "plan", about: Some("Google".to_owned()), expires })
        }
    }
}

/// What a person should know of a stored login before relying on it.
#[must_use]
pub fn login_note(manifest: &Manifest, host: &Host) -> Option<String> {
    let login = manifest.login.as_ref()?;
    stored(manifest, host)?;
    // The gemini CLI stopped serving personal Google accounts on 18 June 2026 (vendor/agy.md); Code
    // Assist Standard and Enterprise need a project, personal accounts have none.
    let personal = login.format == LoginFormat::Gemini
        && host.var("GOOGLE_CLOUD_PROJECT").is_none()
        && host.var("GOOGLE_CLOUD_PROJECT_ID").is_none();
    personal.then(|| {
        "a personal Google login is not served by this CLI since June 2026: use `agy`, or set GEMINI_API_KEY; a Code \
         Assist Standard or Enterprise login needs GOOGLE_CLOUD_PROJECT"
            .to_owned()
    })
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
