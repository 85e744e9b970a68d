//! The folder of a test that fails can be kept.

use crate::support::folder::TestFolder;
use std::path::Path;
use std::process::Command;

/// What keeps it, set to anything.
const KEEP: &str = "REFINERY_KEEP_TEST_DIRS";

/// What the test below starts.
#[test]
#[ignore = "run by the test below, in a process of its own"]
fn fails() {
    let folder = TestFolder::new("failing-");
    std::fs::write(folder.path().join("trace"), "what led to it").unwrap();
    panic!("in {}", folder.path().display());
}

#[test]
fn a_failing_tests_folder_stays_where_that_is_asked_for() {
    for keep in [false, true] {
        let mut other = Command::new(std::env::current_exe().unwrap());
        other.args(["--ignored", "--exact", "kept_folders::fails"]).env_remove(KEEP);
        if keep {
            other.env(KEEP, "1");
        }
        let output = other.output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let place = told.lines().find_map(|line| line.strip_prefix("in ")).unwrap_or_else(|| panic!("{told}"));
        assert_eq!(Path::new(place).join("trace").exists(), keep, "{told}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.contains(&format!("kept: {place}\n")), keep, "{said}");
        let _ = std::fs::remove_dir_all(place);
    }
}
