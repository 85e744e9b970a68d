//! A temporary folder of one test. It goes with the test, unless that fails while `REFINERY_KEEP_TEST_DIRS` is
//! set: then it stays, and its path is printed.

use std::io::Write as _;
use std::path::Path;

/// Set to anything, it keeps the folders of tests that fail.
const KEEP: &str = "REFINERY_KEEP_TEST_DIRS";

/// A folder that nothing else uses.
pub struct TestFolder(tempfile::TempDir);

impl TestFolder {
    /// An empty one below the system's folder for temporary files. The prefix says whose it is.
    pub fn new(prefix: &str) -> Self {
        Self(tempfile::Builder::new().prefix(prefix).tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os(KEEP).is_some() {
            self.0.disable_cleanup(true);
            // Past the harness: the folder is of use only to a person who hears of it.
            let _ = writeln!(std::io::stderr(), "kept: {}", self.0.path().display());
        }
    }
}
