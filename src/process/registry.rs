//! What a program registers of itself in a folder of the person's while it runs, and leaves there when it is
//! killed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Larger files are not looked into.
const CAP: u64 = 64 * 1024;

/// Removes the files of every process number of which one file in `registry` holds the path of the folder
/// that the child had for itself: `4711.json` names it, and `4711.HASH.key` goes with it. No other file
/// holds that path, whose name was drawn. What cannot be read or removed stays.
pub(super) fn clear(registry: &Path, scratch: &Path) {
    let files: Vec<_> = fs::read_dir(registry).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let number = |path: &Path| {
        let (number, _) = path.file_name().and_then(OsStr::to_str)?.split_once('.')?;
        number.parse::<u32>().ok()
    };
    let ours: BTreeSet<u32> =
        files.iter().filter(|path| names(path, scratch)).filter_map(|path| number(path)).collect();
    for path in files.iter().filter(|path| number(path).is_some_and(|number| ours.contains(&number))) {
        let _ = fs::remove_file(path);
    }
}

fn names(path: &Path, scratch: &Path) -> bool {
    let small = path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() <= CAP);
    let wanted = scratch.as_os_str().as_encoded_bytes();
    small && fs::read(path).is_ok_and(|text| text.windows(wanted.len()).any(|part| part == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_to_the_folder_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
        write("12.json", r#"{"pid":12,"cwd":"/tmp/refinery-aB3xYz/cwd"}"#);
        write("12.0aff.key", "secret");
        write("123.json", r#"{"pid":123,"cwd":"/home/me/work"}"#);
        write("123.0aff.key", "secret");
        write("notes.json", "/tmp/refinery-aB3xYz/cwd");
        clear(root.path(), Path::new("/tmp/refinery-aB3xYz"));
        let mut left: Vec<_> =
            fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["123.0aff.key", "123.json", "notes.json"]);
        clear(&root.path().join("none"), Path::new("/tmp/refinery-aB3xYz"));
    }
}
