//! What the rim found out about this machine, as plain data.

use crate::ids::AdapterId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What adapters need to know about the machine and the person's environment.
#[derive(Clone, Default)]
pub struct Host {
    /// Our environment (credentials from `.env` included), by name. Blank values count as unset.
    pub env: BTreeMap<String, String>,
    /// The variables whose values come from the `.env` of the working directory.
    pub dotenv: BTreeSet<String>,
    /// The person's home folder.
    pub home: Option<PathBuf>,
    /// Contents of the login files that manifests name, where they exist.
    pub logins: BTreeMap<AdapterId, Vec<LoginFile>>,
}

/// The names of variables and no value: credentials are among them, and a panic may print this.
impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { env, dotenv: _, home, logins } = self;
        let names: Vec<_> = env.keys().collect();
        f.debug_struct("Host").field("env", &names).field("home", home).field("logins", logins).finish()
    }
}

impl Host {
    /// A variable of our environment, unless it is unset or blank.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }
}

/// A file that holds a stored login, as it was found.
#[derive(Clone)]
pub struct LoginFile {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its contents; `None` if it does not exist or cannot be read.
    pub contents: Option<String>,
}

impl std::fmt::Debug for LoginFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginFile").field("path", &self.path).field("found", &self.contents.is_some()).finish()
    }
}

/// A vendor's program, as it was found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Absolute path.
    pub path: PathBuf,
    /// Arguments that come before all others, from the configuration.
    pub prefix: Vec<String>,
    /// Its version, where a file beside it says so.
    pub version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_the_environment_is_in_its_words() {
        let env = BTreeMap::from([("SOME_KEY".to_owned(), "hush".to_owned())]);
        let file = LoginFile { path: "/h/login".into(), contents: Some("hush".to_owned()) };
        let host = Host { env, logins: [(AdapterId::new("claude"), vec![file])].into(), ..Host::default() };
        let words = format!("{host:?}");
        assert!(words.contains("SOME_KEY") && words.contains("/h/login") && !words.contains("hush"), "{words}");
    }
}
