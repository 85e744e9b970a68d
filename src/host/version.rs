//! A program's version from the files beside it, without running it.

use super::files::config_text;
use super::program::real;
use std::path::{Component, Path, PathBuf};

/// The version that the first `package.json` of `package` among `patterns` states. They are relative to the folder
/// of the real program, behind all links; a shim has that of something else beside it.
#[must_use]
pub fn beside(program: &Path, package: Option<&str>, patterns: &[&str]) -> Option<String> {
    let real = real(program);
    let folder = real.parent()?;
    patterns.iter().find_map(|pattern| stated(&below(folder, Path::new(pattern)), package))
}

/// Joins without asking the system what `..` is: the folder is real already.
fn below(folder: &Path, relative: &Path) -> PathBuf {
    let mut path = folder.to_owned();
    for part in relative.components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

fn stated(file: &Path, package: Option<&str>) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(&config_text(file).ok()?).ok()?;
    let rest = json.get("name")?.as_str()?.strip_prefix(package?)?;
    // `claude-code-linux-x64` is the same program for one system.
    let is_own = rest.is_empty() || rest.starts_with('-');
    json.get("version")?.as_str().filter(|_| is_own).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_version_is_read_behind_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("lib/tool");
        std::fs::create_dir_all(package.join("bin")).unwrap();
        std::fs::write(package.join("bin/tool.js"), "").unwrap();
        std::fs::write(package.join("package.json"), r#"{"name":"tool","version":"1.2.3"}"#).unwrap();
        let link = folder.path().join("tool");
        symlink(package.join("bin/tool.js"), &link).unwrap();
        let version = |pattern, package| beside(&link, Some(package), &["package.json", pattern]);
        assert_eq!(version("../package.json", "tool").as_deref(), Some("1.2.3"));
        assert_eq!(version("package.json", "tool"), None);
        for other in ["too", "other", "@x/tool"] {
            assert_eq!(version("../package.json", other), None, "{other}");
        }
        std::fs::write(package.join("package.json"), r#"{"name":"tool-linux-x64","version":"1.2.4"}"#).unwrap();
        assert_eq!(version("../package.json", "tool").as_deref(), Some("1.2.4"));
        std::fs::write(package.join("package.json"), "{").unwrap();
        assert_eq!(version("../package.json", "tool"), None);
    }
}
