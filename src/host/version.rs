//! A program's version from the files beside it, without running it.

use super::program::real;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The largest version file that is read.
const CAP: u64 = 1_000_000;

/// The version that the first readable `package.json` among `patterns` states. They are relative to
/// the folder of the real program, behind all links.
#[must_use]
pub fn beside(program: &Path, patterns: &[&str]) -> Option<String> {
    let real = real(program);
    let folder = real.parent()?;
    patterns.iter().find_map(|pattern| stated(&below(folder, Path::new(pattern))))
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

fn stated(file: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(file).ok()?.take(CAP).read_to_string(&mut text).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).ok()?;
    json.get("version")?.as_str().map(str::to_owned)
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
        assert_eq!(beside(&link, &["package.json", "../package.json"]).as_deref(), Some("1.2.3"));
        assert_eq!(beside(&link, &["package.json"]), None);
        std::fs::write(package.join("package.json"), "{").unwrap();
        assert_eq!(beside(&link, &["../package.json"]), None);
    }
}
