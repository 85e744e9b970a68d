//! When a stored login may have to be refreshed by the next call.

use super::facts::Host;
use super::login::stored;
use super::manifest::Manifest;
use super::pool::{ChosenPool, PoolKind};
use crate::time::Timestamp;
use serde_json::Value;
use std::time::Duration;

/// How long before its end a CLI may take a token for expired, with a clock that is a little off.
const MARGIN: Duration = Duration::from_secs(600);

/// Whether a call at `now` may have to refresh the login that pays: one that is stored, is no key, and
/// expires within ten minutes or at an unknown time. A token in the environment is never refreshed.
#[must_use]
pub fn may_refresh(manifest: &Manifest, host: &Host, pool: &ChosenPool, now: Timestamp) -> bool {
    if pool.kind != PoolKind::Login || pool.metered {
        return false;
    }
    let expires = stored(manifest, host).and_then(|login| login.expires);
    expires.is_none_or(|expires| expires.since(now) <= MARGIN)
}

/// The moment at which a JSON Web Token says that it expires (RFC 7519: `exp`, in seconds). It is not
/// checked in any way.
pub(super) fn token_expiry(token: &str) -> Option<Timestamp> {
    let claims: Value = serde_json::from_slice(&base64url(token.split('.').nth(1)?)?).ok()?;
    Some(Timestamp(claims.get("exp")?.as_i64()?.saturating_mul(1000)))
}

/// Bytes of RFC 4648's alphabet for URLs; padding is not needed.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        bits = (bits << 6 | u32::from(digit(letter)?)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
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
        let host = Host { env, home: Some("/h".into()), logins: [(manifest.id.clone(), vec![file])].into() };
        let pool = choose(manifest, &host, Billing::Auto).unwrap();
        may_refresh(manifest, &host, &pool, NOW)
    }

    fn claude(expires: &str) -> Option<String> {
        Some(format!(r#"{{"claudeAiOauth":{{"accessToken":"a","refreshToken":"r"{expires}}}}}"#))
    }

    #[test]
    fn only_a_stored_login_near_its_end_or_without_one_is_refreshed() {
        let at = |minutes: i64| claude(&format!(r#","expiresAt":{}"#, NOW.0 + minutes * 60_000));
        assert!(may("claude", at(-1), &[]) && may("claude", at(10), &[]) && may("claude", claude(""), &[]));
        assert!(!may("claude", at(11), &[]));
        assert!(!may("claude", at(-1), &["CLAUDE_CODE_OAUTH_TOKEN"]), "a token is what pays");
        assert!(!may("claude", None, &["ANTHROPIC_API_KEY"]));
        let google = r#"{"refresh_token":"r","expiry_date":1}"#;
        assert!(may("gemini", Some(google.to_owned()), &["GOOGLE_CLOUD_PROJECT"]));
        assert!(!may("codex", Some(r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-x"}"#.to_owned()), &[]));
    }

    #[test]
    fn the_token_of_a_chatgpt_login_says_when_it_expires() {
        // {"alg":"none"} . {"exp":1795003600,"x":"?>é"} . nothing
        let token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUwMDM2MDAsIngiOiI_PsOpIn0.";
        assert_eq!(token_expiry(token), Some(Timestamp(1_795_003_600_000)));
        for odd in ["", "a", "a.b", "a.?.c", "a.e30.c", "a.eyJleHAiOiJ4In0.c"] {
            assert_eq!(token_expiry(odd), None, "{odd}");
        }
        let login = |token: &str| {
            Some(format!(r#"{{"auth_mode":"chatgpt","tokens":{{"access_token":"{token}","refresh_token":"r"}}}}"#))
        };
        assert!(!may("codex", login(token), &[]), "an hour is left");
        assert!(may("codex", login("opaque"), &[]));
    }
}
