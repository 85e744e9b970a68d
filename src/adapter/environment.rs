//! The environment of a child, from nothing: named variables of ours, constants, and one credential.

use super::facts::Host;
use super::manifest::{LinkSpec, Manifest, PoolSpec};
use super::pool::PoolKind;
use super::prepare::Request;
use super::template::{Values, render};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{EnvValue, ScratchLink, Secret};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The variable that tells a child which call it answers, by the call's id.
pub const CALL: &str = "REFINERY_CALL";

/// The variable of our own environment that asks for [`CALL`]. A demo sets it, and so do tests with programs
/// of their own: a vendor's program has no use for the id, which names who wrote the text under review.
pub const MARK_CALLS: &str = "REFINERY_MARK_CALLS";

/// What pays, if it comes from a variable: the name that it has in the child.
pub(super) struct Credential {
    name: String,
    from: String,
    pub(super) value: Secret,
}

/// The credential of a pool.
pub(super) fn credential(request: &Request<'_>, paying: &PoolSpec) -> Result<Option<Credential>, CallFailure> {
    let Some(from) = paying.variable.clone() else { return Ok(None) };
    let Some(value) = request.host.var(&from) else {
        let words = format!("{}: {from} is not set any more", request.manifest.id);
        return Err(CallFailure::new(FailureClass::NotLoggedIn, words));
    };
    let name = paying.child.clone().unwrap_or_else(|| from.clone());
    Ok(Some(Credential { name, from, value: Secret::new(value.trim()) }))
}

/// The whole environment of the child.
pub(super) fn environment(
    manifest: &Manifest,
    host: &Host,
    paying: &PoolSpec,
    values: &Values,
    credential: Option<&Credential>,
) -> BTreeMap<String, EnvValue> {
    let invocation = &manifest.invocation;
    let mut env = BTreeMap::new();
    let shims = host.env.keys().filter(|name| is_of_shims(name));
    for name in invocation.pass.iter().chain(&paying.pass).chain(shims) {
        if let Some(value) = host.var(name) {
            env.insert(name.clone(), passed(name, value));
        }
    }
    for (name, template) in invocation.env.iter().chain(&paying.env) {
        if let Some(value) = render(template, values) {
            env.insert(name.clone(), EnvValue::Plain(value));
        }
    }
    if let Some(Credential { name, from, value }) = credential {
        env.insert(name.clone(), EnvValue::Secret { from: from.clone(), value: value.clone() });
    }
    env.extend(host.var("NODE_OPTIONS").and_then(node_options).map(|value| ("NODE_OPTIONS".to_owned(), value)));
    env
}

/// Of node's options only those that say whom to trust: others load code or open ports.
fn node_options(all: &str) -> Option<EnvValue> {
    let is_passed = |option: &&str| ["--use-system-ca", "--use-openssl-ca", "--use-bundled-ca"].contains(option);
    let passed: Vec<_> = all.split_whitespace().filter(is_passed).collect();
    (!passed.is_empty()).then(|| EnvValue::Plain(passed.join(" ")))
}

/// Whether a variable tells the shim of a version manager which program it stands for. None of them is a secret.
fn is_of_shims(name: &str) -> bool {
    let begins = |prefix: &&str| name.starts_with(*prefix);
    let is_secret = |word: &&str| name.contains(*word);
    ["VOLTA_", "ASDF_", "MISE_", "PNPM_HOME", "NODENV_", "PYENV_", "FNM_", "PROTO_"].iter().any(begins)
        && !["TOKEN", "KEY", "SECRET", "PASS", "CREDENTIAL", "AUTH"].iter().any(is_secret)
}

/// A variable of ours as the child sees it. The address of a proxy may hold a password, that of an API a key.
fn passed(name: &str, value: &str) -> EnvValue {
    if holds_secret(value) {
        EnvValue::Secret { from: name.to_owned(), value: Secret::new(value) }
    } else {
        EnvValue::Plain(value.to_owned())
    }
}

/// Where a credential goes that does not go to its vendor: the variable that says so, and scheme and host. Addresses
/// on this machine are left out.
#[must_use]
pub fn other_addresses(manifest: &Manifest, pool: &str, host: &Host) -> Vec<(String, String)> {
    let paying = manifest.pools.iter().find(|one| one.name == pool);
    let own = paying.into_iter().flat_map(|paying| paying.pass.iter().chain(paying.reads.values()));
    let names = manifest.invocation.pass.iter().chain(own).filter(|name| name.ends_with("BASE_URL"));
    let address = |name: &String| {
        let (scheme, rest) = host.var(name)?.trim().split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let target = authority.rsplit('@').next().unwrap_or_default();
        let local = ["localhost", "127.", "[::1]"].iter().any(|local| target.starts_with(local));
        (!local).then(|| (name.clone(), format!("{scheme}://{target}")))
    };
    names.filter_map(address).collect()
}

/// Whether an address names a user (`http://user:password@host`), or its query a key (`?api_key=…`).
pub(crate) fn holds_secret(address: &str) -> bool {
    let rest = address.split_once("://").map(|(_, rest)| rest);
    let authority = rest.unwrap_or(address).split(['/', '?', '#']).next();
    let query = rest.and_then(|rest| rest.split_once('?')).map_or("", |(_, query)| query);
    let named = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().to_lowercase();
        ["key", "token", "secret", "pass", "auth", "sig"].iter().any(|word| name.contains(word))
    };
    authority.is_some_and(|authority| authority.contains('@')) || query.split('&').any(named)
}

/// The links from the scratch folder to a stored login.
pub(super) fn links(request: &Request<'_>, paying: &PoolSpec) -> Vec<ScratchLink> {
    let files = request.host.logins.get(&request.manifest.id).map_or(&[][..], Vec::as_slice);
    let link = |spec: &LinkSpec| {
        let file = files.get(spec.login).filter(|file| file.contents.is_some())?;
        Some(ScratchLink { path: request.scratch.join(&spec.path), target: file.path.clone() })
    };
    paying.links.iter().filter_map(link).collect()
}

/// Where a CLI that runs on the person's own login, in place, registers itself.
pub(super) fn registry(request: &Request<'_>, paying: &PoolSpec) -> Option<PathBuf> {
    let below = request.manifest.login.as_ref()?.registry.as_ref()?;
    let own = paying.kind == PoolKind::Login && paying.links.is_empty();
    let login = request.host.logins.get(&request.manifest.id)?.first().filter(|_| own)?;
    Some(login.path.parent()?.join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_hears_whom_to_trust_and_nothing_else() {
        let passed = |all| node_options(all).map(|value| format!("{value:?}"));
        assert!(passed("--inspect --use-system-ca -r ./x.js").unwrap().contains("\"--use-system-ca\""));
        assert_eq!(passed("--require=./x.js"), None);
    }

    #[test]
    fn shims_get_their_variables_and_no_secret() {
        for name in ["VOLTA_HOME", "ASDF_NODEJS_VERSION", "MISE_DATA_DIR", "PNPM_HOME"] {
            assert!(is_of_shims(name), "{name}");
        }
        for name in ["MISE_GITHUB_TOKEN", "ASDF_API_KEY", "HOME", "MY_VOLTA_HOME"] {
            assert!(!is_of_shims(name), "{name}");
        }
    }

    #[test]
    fn passwords_in_addresses_are_seen() {
        for address in
            ["http://user:pw@proxy:3128", "user:pw@proxy", "https://token@h/path", "https://h/v1?v=1&api_key=x"]
        {
            assert!(holds_secret(address), "{address}");
        }
        for address in [
            "http://proxy:3128",
            "localhost,.example.com",
            "https://h/a@b",
            "https://h/v1?version=2",
            "/usr/bin:/bin",
            "",
        ] {
            assert!(!holds_secret(address), "{address}");
        }
    }
}
