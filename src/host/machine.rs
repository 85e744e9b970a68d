//! The machine as the rest of the program sees it: a value that tests can make up.

use super::dotenv;
use super::folders::Folders;
use super::stdin::Stdin;
use crate::ids::RunId;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

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
    /// The variables whose values come from `.env`.
    pub dotenv: BTreeSet<String>,
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
        let mut env = env();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let folders = Folders::of(&env, std::env::home_dir());
        let dotenv::Loaded { names: dotenv, warnings } = dotenv::load(&cwd, &mut env);
        Self { env, folders, cwd, stdin: Stdin::real(), now: now(), dotenv, warnings }
    }
}

/// Variables that hold the path of a file or folder of the person's. A child works in another folder.
const PATHS: [&str; 7] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "CODEX_CA_CERTIFICATE",
    "LLM_USER_PATH",
    "CLAUDE_CONFIG_DIR",
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
];

/// Our environment; variables that are not UTF-8 are left out, and paths in it are absolute.
#[must_use]
pub fn env() -> BTreeMap<String, String> {
    let cwd = std::env::current_dir().ok();
    let absolute = |name: &str, value: String| match &cwd {
        Some(cwd) if PATHS.contains(&name) && !value.trim().is_empty() => {
            cwd.join(value).to_string_lossy().into_owned()
        }
        _ => value,
    };
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .map(|(name, value)| (name.clone(), absolute(&name, value)))
        .collect()
}

/// The wall clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The wall clock as it is now, plus the time that passes from here on: it never jumps.
#[must_use = "a clock tells the time only when it is asked"]
pub fn steady_clock() -> impl Fn() -> Timestamp + Send + Sync + 'static {
    let (began, start) = (now(), Instant::now());
    move || began.plus(start.elapsed())
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

/// The name of a run that is planned now: `20261121-100500-` and six drawn letters.
#[must_use]
pub fn run_id(now: Timestamp) -> RunId {
    let stamp: String = now.to_string().chars().filter(|c| !matches!(c, '-' | ':')).take(15).collect();
    RunId::new(format!("{}-{}", stamp.replace('T', "-"), random(&LETTERS, 6)))
}

/// The seed of a run without `--seed`. Below 2^48: every reader of JSON keeps such a number
/// whole.
#[must_use]
pub fn draw_seed() -> u64 {
    u64::from_str_radix(&random(&HEX, 12), 16).unwrap_or_default()
}

/// The root of a run's fences: 32 hex digits from the system's randomness.
#[must_use]
pub fn draw_nonce() -> String {
    random(&HEX, 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_of_the_environment_is_in_its_words() {
        let env = BTreeMap::from([("SOME_KEY".to_owned(), "hush".to_owned())]);
        let (folders, stdin) = (Folders::default(), Stdin::of(std::io::pipe().unwrap().0));
        let (cwd, now, dotenv, warnings) = ("/w".into(), Timestamp(0), BTreeSet::new(), Vec::new());
        let machine = Machine { env, folders, cwd, stdin, now, dotenv, warnings };
        let words = format!("{machine:?}");
        assert!(words.contains("SOME_KEY") && !words.contains("hush"), "{words}");
    }
}
