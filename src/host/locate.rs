//! What a participant needs of this machine: where its CLI is, and what pays for it.

use super::folders::Folders;
use super::{login, program, shims, version};
use crate::adapter::{self, Billing, ChosenPool, Host, Manifest, PoolKind, PoolProblem, Program};
use crate::error::{Error, ErrorKind};
use std::collections::BTreeMap;

/// The machine, as adapters see it.
pub fn host<'a>(
    manifests: impl Iterator<Item = &'a Manifest>,
    env: &BTreeMap<String, String>,
    folders: &Folders,
) -> Host {
    let logins = manifests.map(|manifest| (manifest.id.clone(), login::read(manifest, env, folders))).collect();
    let mut env = env.clone();
    shims::complete(&mut env, folders);
    Host { env, home: folders.home.clone(), logins, ..Host::default() }
}

/// What pays for an adapter. A stored login that its vendor does not serve pays for nothing: a key
/// takes its place, if there is one and the person accepts it.
///
/// # Errors
/// Nothing can pay: what to type or set.
pub fn credential(manifest: &Manifest, host: &Host, billing: Billing) -> Result<ChosenPool, Error> {
    let pool = adapter::choose(manifest, host, billing).map_err(|problem| {
        // With a credential that is there, it is the setting that is wrong.
        let other = adapter::choose(manifest, host, Billing::Auto).is_ok();
        if other { refused(problem) } else { refused(problem).of_kind(ErrorKind::NotLoggedIn) }
    })?;
    let unserved = adapter::login_note(manifest, host).filter(|_| pool.kind == PoolKind::Login);
    match (unserved, billing) {
        (None, _) => Ok(pool),
        (Some(note), Billing::Auto) => {
            adapter::choose(manifest, host, Billing::Api).map_err(|_| not_logged_in(format!("{}: {note}", manifest.id)))
        }
        (Some(note), _) => Err(not_logged_in(format!("{}: {note}", manifest.id))),
    }
}

fn not_logged_in(message: String) -> Error {
    Error::config(message).of_kind(ErrorKind::NotLoggedIn)
}

fn not_installed(message: String) -> Error {
    Error::config(message).of_kind(ErrorKind::NotInstalled)
}

/// Why nothing pays, as an error.
pub fn refused(problem: PoolProblem) -> Error {
    let error = Error::config(problem.message);
    if problem.hint.is_empty() { error } else { error.hint(problem.hint) }
}

/// The program of an adapter, with its version where a file beside it says so: the one that is
/// `named` (a path, or a name to look up), else the first of the manifest's that is on the PATH.
///
/// # Errors
/// Not found: what to type to install it.
pub fn locate(
    manifest: &Manifest,
    named: Option<&str>,
    args: &[String],
    env: &BTreeMap<String, String>,
    folders: &Folders,
) -> Result<Program, Error> {
    let name = &manifest.id;
    let path = match named {
        Some(program) => program::configured(program, env, folders)
            .map_err(|reason| not_installed(format!("{name}: {reason} (adapters.{name}.program)")))?,
        None => program::find(&manifest.program_names(), env).ok_or_else(|| {
            if let Some(file) = program::unexecutable(&manifest.program_names(), env) {
                return not_installed(format!("{name}: {} is not executable", file.display()))
                    .hint(format!("chmod +x {}", shell_words::quote(&file.to_string_lossy())));
            }
            let names = manifest.program_names().join("` or `");
            let error = not_installed(format!("{name}: no program `{names}` is on the PATH"));
            if manifest.install_hint().is_empty() {
                error
            } else {
                error.hint(format!("{name}: {}", manifest.install_hint()))
            }
        })?,
    };
    let version = version::beside(&path, manifest.program.package.as_deref(), &manifest.version_files());
    Ok(Program { path, prefix: args.to_vec(), version })
}
