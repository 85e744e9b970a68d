//! Stored logins of the vendors' CLIs: read, never written, never copied.

use super::folders::Folders;
use crate::adapter::{LoginFile, Manifest};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// The largest login file that is read.
const CAP: u64 = 1_000_000;

/// Reads the files that a manifest names.
#[must_use]
pub fn read(manifest: &Manifest, env: &BTreeMap<String, String>, folders: &Folders) -> Vec<LoginFile> {
    let paths = manifest.login_files().into_iter().filter_map(|pattern| expand(pattern, env, folders));
    paths.map(|path| LoginFile { contents: contents(&path), path }).collect()
}

fn contents(path: &PathBuf) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(CAP).read_to_string(&mut text).ok()?;
    Some(text)
}

/// A path from a pattern such as `${CLAUDE_CONFIG_DIR:-~/.claude}/.credentials.json`: variables with
/// an optional default, and `~/` at the beginning. Nothing, if it does not become absolute.
#[must_use]
pub fn expand(pattern: &str, env: &BTreeMap<String, String>, folders: &Folders) -> Option<PathBuf> {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}')?;
        let (name, default) = inside.split_once(":-").map_or((inside, None), |(name, default)| (name, Some(default)));
        let set = env.get(name).map(String::as_str).filter(|value| !value.trim().is_empty());
        path.push_str(before);
        path.push_str(set.or(default)?);
        rest = after;
    }
    path.push_str(rest);
    Some(folders.expand(&path)).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_absolute_paths_or_nothing() {
        let env = BTreeMap::from([("DIR".to_owned(), "/d".to_owned()), ("BLANK".to_owned(), String::new())]);
        let folders = Folders { home: Some("/h".into()), ..Folders::default() };
        let path = |pattern| expand(pattern, &env, &folders).map(|path| path.display().to_string());
        assert_eq!(path("${DIR:-~/.claude}/a.json").as_deref(), Some("/d/a.json"));
        assert_eq!(path("${NONE:-~/.claude}/a.json").as_deref(), Some("/h/.claude/a.json"));
        assert_eq!(path("${BLANK:-~/.claude}/a.json").as_deref(), Some("/h/.claude/a.json"));
        assert_eq!(path("~/.codex/auth.json").as_deref(), Some("/h/.codex/auth.json"));
        assert_eq!(path("${NONE}/a.json"), None);
        assert_eq!(path("a.json"), None);
        assert_eq!(path("${DIR"), None);
    }
}
