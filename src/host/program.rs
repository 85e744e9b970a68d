//! Where the vendors' programs are.

use super::folders::Folders;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folders on the PATH. Relative ones are passed over: what they mean depends on the working
/// directory, and a cloned repository must not decide what is run.
fn entries(env: &BTreeMap<String, String>) -> impl Iterator<Item = PathBuf> {
    env.get("PATH").into_iter().flat_map(std::env::split_paths).filter(|entry| entry.is_absolute())
}

/// The first of `names` on the PATH, as an absolute path.
#[must_use]
pub fn find(names: &[&str], env: &BTreeMap<String, String>) -> Option<PathBuf> {
    let mut entries = entries(env).peekable();
    entries.peek()?;
    let path: OsString = std::env::join_paths(entries).ok()?;
    names.iter().find_map(|name| which::which_in(name, Some(&path), "/").ok())
}

/// A file of one of these names on the PATH that is not executable: what [`find`] passes over.
#[must_use]
pub fn unexecutable(names: &[&str], env: &BTreeMap<String, String>) -> Option<PathBuf> {
    names.iter().flat_map(|name| entries(env).map(move |entry| entry.join(name))).find(|path| path.is_file())
}

/// The program that a configuration names: a path (absolute, or beginning with `~/`), or a name to
/// look up.
///
/// # Errors
/// Not found, or not executable.
pub fn configured(program: &str, env: &BTreeMap<String, String>, folders: &Folders) -> Result<PathBuf, String> {
    let path = folders.expand(program);
    if path.is_absolute() {
        return which::which_in(&path, None::<&str>, "/").map_err(|_| format!("{} is not a program", path.display()));
    }
    if program.contains('/') {
        return Err(format!("`{program}` is a relative path: give an absolute one, or a name to look up"));
    }
    find(&[program], env).ok_or_else(|| format!("`{program}` is not on the PATH"))
}

/// The file behind all symbolic links.
#[must_use]
pub fn real(program: &Path) -> PathBuf {
    program.canonicalize().unwrap_or_else(|_| program.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn programs_are_found_on_absolute_paths_only() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("tool");
        std::fs::write(&tool, "#!/bin/sh\n").unwrap();
        let env = |path: String| BTreeMap::from([("PATH".to_owned(), path)]);
        let here = env(format!("relative:.::{}", folder.path().display()));
        assert_eq!(find(&["tool"], &here), None, "it is not executable yet");
        assert_eq!(unexecutable(&["other", "tool"], &here), Some(tool.clone()));
        assert_eq!(unexecutable(&["other"], &here), None);
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find(&["other", "tool"], &here), Some(tool.clone()));
        assert_eq!(find(&["tool"], &env(".".to_owned())), None);
        assert_eq!(find(&["tool"], &BTreeMap::new()), None);

        let link = folder.path().join("link");
        symlink(&tool, &link).unwrap();
        assert_eq!(find(&["link"], &here), Some(link.clone()), "the name it was called by is kept");
        assert_eq!(real(&link), tool.canonicalize().unwrap());
    }

    #[test]
    fn a_configured_program_is_a_path_or_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("tool");
        std::fs::write(&tool, "").unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        let folders = Folders { home: Some(folder.path().to_owned()), ..Folders::default() };
        let env = BTreeMap::from([("PATH".to_owned(), folder.path().display().to_string())]);
        for program in ["~/tool", "tool", &tool.display().to_string()] {
            assert_eq!(configured(program, &env, &folders), Ok(tool.clone()), "{program}");
        }
        assert!(configured("./tool", &env, &folders).unwrap_err().contains("relative"));
        assert!(configured("/none/tool", &env, &folders).unwrap_err().contains("is not a program"));
        assert!(configured("none", &env, &folders).unwrap_err().contains("not on the PATH"));
    }
}
