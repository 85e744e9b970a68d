//! Version managers put shims on the PATH, which look below HOME for the program that they stand for. A call has a
//! home of its own: where they are is said by their variables, and where those are not set, here.

use super::files::config_text;
use super::folders::Folders;
use std::collections::BTreeMap;
use std::path::Path;

/// Variables of version managers, and where they point by default, relative to the home folder.
const PLACES: [(&str, &str); 6] = [
    ("VOLTA_HOME", ".volta"),
    ("ASDF_DATA_DIR", ".asdf"),
    ("MISE_DATA_DIR", ".local/share/mise"),
    ("MISE_CONFIG_DIR", ".config/mise"),
    ("NODENV_ROOT", ".nodenv"),
    ("PYENV_ROOT", ".pyenv"),
];

/// Sets the variables of version managers that are there and not set, and the versions that asdf reads from the
/// home folder.
pub fn complete(env: &mut BTreeMap<String, String>, folders: &Folders) {
    let Some(home) = &folders.home else { return };
    for (name, below) in PLACES {
        let place = home.join(below);
        if place.is_dir() {
            env.entry(name.to_owned()).or_insert_with(|| place.display().to_string());
        }
    }
    if env.contains_key("ASDF_DATA_DIR") {
        for (name, version) in versions(&home.join(".tool-versions")) {
            env.entry(name).or_insert(version);
        }
    }
}

/// `nodejs 22.3.0` as `ASDF_NODEJS_VERSION=22.3.0`.
fn versions(file: &Path) -> Vec<(String, String)> {
    let text = config_text(file).unwrap_or_default();
    let pair = |line: &str| {
        let (tool, version) = line.split('#').next()?.trim().split_once(char::is_whitespace)?;
        Some((format!("ASDF_{}_VERSION", tool.to_uppercase().replace('-', "_")), version.trim().to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_that_are_there_are_named_and_what_is_set_counts() {
        let home = tempfile::tempdir().unwrap();
        for folder in [".volta", ".asdf", ".local/share/mise"] {
            std::fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        std::fs::write(home.path().join(".tool-versions"), "# mine\nnodejs 22.3.0 system # x\nfoo-bar\t1\nodd\n")
            .unwrap();
        let mut env = BTreeMap::from([("VOLTA_HOME".to_owned(), "/v".to_owned())]);
        let folders = Folders { home: Some(home.path().to_owned()), ..Folders::default() };
        complete(&mut env, &folders);
        let names: Vec<_> = env.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["ASDF_DATA_DIR", "ASDF_FOO_BAR_VERSION", "ASDF_NODEJS_VERSION", "MISE_DATA_DIR", "VOLTA_HOME"]
        );
        assert_eq!((env["VOLTA_HOME"].as_str(), env["ASDF_NODEJS_VERSION"].as_str()), ("/v", "22.3.0 system"));
        assert!(env["MISE_DATA_DIR"].ends_with(".local/share/mise"));
    }
}
