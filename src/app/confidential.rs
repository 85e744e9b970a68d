//! What must not be sent without a word: known secrets, files of the system, and files that a link reaches.

use crate::adapter::{self, Catalog, Host};
use crate::app::input::Input;
use crate::app::request::Sources;
use crate::app::resolve::ReadyParticipant;
use crate::call::Secrets;
use crate::error::Error;
use crate::host::{Machine, locate};
use std::path::{Component, Path, PathBuf};

/// Where the system answers instead of a disk: what stands there is made up at the moment, some of it waits, and
/// some of it is the environment.
const OF_SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

const HINT: &str = "--allow-secrets sends it all the same";

/// Looks where the files are, before any of them is opened.
///
/// # Errors
/// Each file that is one of the system's, or that a link in the working directory takes from elsewhere.
pub fn check_paths(sources: &Sources, folder: &Path) -> Result<(), Error> {
    let named = sources.files.iter().chain(&sources.draft).filter(|path| *path != "-");
    let refused = named.filter_map(|shown| {
        let reason = refusal(&folder.join(shown), folder)?;
        Some(Error::config(format!("{shown} {reason}")).hint(HINT))
    });
    Error::all(refused).map_or(Ok(()), Err)
}

fn refusal(path: &Path, folder: &Path) -> Option<String> {
    // Where it is not there, or is no file, reading says so.
    let real = path.canonicalize().ok().filter(|real| real.is_file())?;
    if OF_SYSTEM.iter().any(|place| real.starts_with(place)) {
        return Some(format!("is a system file ({})", real.display()));
    }
    let within = plain(path).starts_with(folder) && !folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
    within.then(|| format!("is a link out of the working directory, to {}", real.display()))
}

/// The path without `.` and `..`, links not looked at.
fn plain(path: &Path) -> PathBuf {
    let mut all = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(all.pop()),
            other => all.push(other),
        }
    }
    all
}

/// Who else than its vendor is given a credential, one line for each variable that says so.
#[must_use]
pub fn destinations(participants: &[ReadyParticipant], host: &Host) -> Vec<String> {
    let mut all = Vec::new();
    for one in participants {
        for (variable, address) in adapter::other_addresses(&one.manifest, &one.pool.name, host) {
            let plain = if address.to_lowercase().starts_with("http:") { ", unencrypted" } else { "" };
            let (name, account) = (&one.manifest.id, &one.pool.words);
            let line = format!("{name}: its credential ({account}) goes to {address}{plain} ({variable})");
            if !all.contains(&line) {
                all.push(line);
            }
        }
    }
    all
}

/// Looks for the credentials of this machine in all that would be sent.
///
/// # Errors
/// Each text that holds one, with the line; never the secret.
pub fn check_texts(input: &Input, catalog: &Catalog, machine: &Machine) -> Result<(), Error> {
    let host = locate::host(catalog.iter().map(AsRef::as_ref), &machine.env, &machine.folders);
    let secrets = Secrets::of_machine(&host);
    let question = ("the question", &input.question);
    let files = input.files.iter().map(|(name, text)| (name.as_str(), text));
    let draft = input.draft.iter().map(|text| ("the draft", text));
    let refused = std::iter::once(question).chain(files).chain(draft).filter_map(|(name, text)| {
        let line = text[..secrets.first_in(text)?].matches('\n').count() + 1;
        let words = format!("{name} holds a key or token of this machine (line {line}); nothing was sent");
        Some(Error::config(words).hint(HINT))
    });
    Error::all(refused).map_or(Ok(()), Err)
}
