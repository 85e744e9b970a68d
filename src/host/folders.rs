//! Where a person's things are, by the XDG rules, on macOS too.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A person's folders. Without a home there may be none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folders {
    /// The home folder.
    pub home: Option<PathBuf>,
    /// Our configuration: `$XDG_CONFIG_HOME/refinery`.
    pub config: Option<PathBuf>,
    /// Our state: `$XDG_STATE_HOME/refinery`.
    pub state: Option<PathBuf>,
}

impl Folders {
    /// The folders of an environment. `home` is what the system says, if `HOME` does not.
    #[must_use]
    pub fn of(env: &BTreeMap<String, String>, home: Option<PathBuf>) -> Self {
        // The XDG rules: a relative path is to be ignored.
        let absolute = |name: &str| env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        // `/dev/null` is the home of system accounts.
        let home = absolute("HOME").or(home).filter(|home| home.is_dir() || !home.exists());
        let base = |name, below: &str| {
            let base = absolute(name).or_else(|| home.as_ref().map(|home| home.join(below)));
            base.map(|base| base.join("refinery"))
        };
        Self {
            config: base("XDG_CONFIG_HOME", ".config"),
            state: base("XDG_STATE_HOME", ".local/state"),
            home: home.clone(),
        }
    }

    /// A path with `~/` at its beginning replaced by the home folder.
    #[must_use]
    pub fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn xdg_variables_count_if_they_are_absolute() {
        let folders = Folders::of(&env(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "s")]), None);
        assert_eq!(folders.config, Some("/c/refinery".into()));
        assert_eq!(folders.state, Some("/h/.local/state/refinery".into()));
        assert_eq!(folders.expand("~/x"), PathBuf::from("/h/x"));
        assert_eq!(folders.expand("/x"), PathBuf::from("/x"));
    }

    #[test]
    fn without_a_home_there_are_no_folders() {
        assert_eq!(Folders::of(&env(&[("HOME", "")]), None), Folders::default());
    }
}
