//! Whether the next call may refresh the stored login.

use super::facts::Host;
use super::manifest::Manifest;
use super::pool::{ChosenPool, PoolKind};
use super::stored_login::StoredLogin;
use crate::time::Timestamp;
use std::time::Duration;

/// A CLI may refresh a token this long before it expires; a wrong clock is allowed for.
const MARGIN: Duration = Duration::from_secs(600);

/// Whether a call at `now` may refresh the login that it uses: a stored one that is not an API key and
/// expires within ten minutes or at an unknown time. A token in the environment is never refreshed.
#[must_use]
pub fn may_refresh(manifest: &Manifest, host: &Host, pool: &ChosenPool, now: Timestamp) -> bool {
    if pool.kind != PoolKind::Login || pool.metered {
        return false;
    }
    let expires = StoredLogin::find(manifest, host).and_then(|login| login.expires);
    expires.is_none_or(|expires| expires.since(now) <= MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::{Billing, Catalog, LoginFile, choose};

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    /// Whether the next call of a CLI may refresh, with this login file and these variables.
    fn may(name: &str, login: Option<String>, variables: &[&str]) -> bool {
        let catalog = Catalog::embedded().unwrap();
        let manifest = catalog.get(name).unwrap();
        let file = LoginFile { path: "/h/login".into(), contents: login };
        let env = variables.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        let host = Host {
            env,
            home: Some("/h".into()),
            logins: [(manifest.id.clone(), vec![file])].into(),
            ..Host::default()
        };
        let pool = choose(manifest, &host, Billing::Auto).unwrap();
        may_refresh(manifest, &host, &pool, NOW)
    }

    fn claude(expires: &str) -> Option<String> {
        Some(format!(r#"{{"claudeAiOauth":{{"accessToken":"a","refreshToken":"r"{expires}}}}}"#))
    }

    #[test]
    fn only_a_stored_login_that_expires_soon_or_at_an_unknown_time_is_refreshed() {
        let at = |minutes: i64| claude(&format!(r#","expiresAt":{}"#, NOW.0 + minutes * 60_000));
        assert!(may("claude", at(-1), &[]) && may("claude", at(10), &[]) && may("claude", claude(""), &[]));
        assert!(!may("claude", at(11), &[]));
        assert!(!may("claude", at(-1), &["CLAUDE_CODE_OAUTH_TOKEN"]), "a token in the environment is used");
        assert!(!may("claude", None, &["ANTHROPIC_API_KEY"]));
        let google = r#"{"refresh_token":"r","expiry_date":1}"#;
        assert!(may("gemini", Some(google.to_owned()), &["GOOGLE_CLOUD_PROJECT"]));
        assert!(!may("codex", Some(r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-x"}"#.to_owned()), &[]));
    }

    #[test]
    fn a_chatgpt_login_expires_with_its_access_token() {
        // {"alg":"none"} . {"exp":1795003600,"x":"?>é"} . nothing
        let token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDM2MDAsIngiOiI_PsOpIn0.";
        let login = |token: &str| {
            Some(format!(r#"{{"auth_mode":"chatgpt","tokens":{{"access_token":"{token}","refresh_token":"r"}}}}"#))
        };
        assert!(!may("codex", login(token), &[]), "an hour is left");
        assert!(may("codex", login("opaque"), &[]));
    }
}
