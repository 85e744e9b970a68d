//! The machine as the rest of the program sees it: a value that tests can make up.

use super::dotenv;
use super::folders::Folders;
use super::stdin::Stdin;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is known about this machine before anything is done with it.
pub struct Machine {
    /// Our environment; variables that are not UTF-8 are left out.
    pub env: BTreeMap<String, String>,
    /// Where the person's things are.
    pub folders: Folders,
    /// The working directory.
    pub cwd: PathBuf,
    /// Standard input, not read yet.
    pub stdin: Stdin,
    /// When the program was started.
    pub now: Timestamp,
    /// What a person should know about it.
    pub warnings: Vec<String>,
}

/// The names of variables and no value: credentials are among them, and a panic may print this.
impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.env.keys().collect();
        f.debug_struct("Machine").field("env", &names).field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

impl Machine {
    /// Looks at the real machine: environment, `.env` of the working directory, standard streams.
    #[must_use]
    pub fn look() -> Self {
        let mut env: BTreeMap<_, _> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let folders = Folders::of(&env, std::env::home_dir());
        let warnings = dotenv::load(&cwd, &mut env);
        Self { env, folders, cwd, stdin: Stdin::real(), now: now(), warnings }
    }
}

/// The wall clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Letters that are not mistaken for one another.
pub const LETTERS: [char; 23] =
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z'];

/// The digits of hexadecimal numbers.
pub const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// `count` characters of `alphabet` from the system's randomness.
#[must_use]
pub fn random(alphabet: &[char], count: usize) -> String {
    nanoid::nanoid!(count, alphabet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_the_environment_is_in_its_words() {
        let env = BTreeMap::from([("SOME_KEY".to_owned(), "hush".to_owned())]);
        let (folders, stdin) = (Folders::default(), Stdin::made_up(std::io::empty(), false));
        let machine = Machine { env, folders, cwd: "/w".into(), stdin, now: Timestamp(0), warnings: Vec::new() };
        let words = format!("{machine:?}");
        assert!(words.contains("SOME_KEY") && !words.contains("hush"), "{words}");
    }
}
