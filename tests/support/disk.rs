//! A small disk of one's own, for what happens when it is full.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// A small file system; gone with its value.
pub struct Small(PathBuf);

impl Small {
    /// Mounts one, where that is allowed. Where it is not, this is said past the capture of tests'
    /// output: the limit on the size of files (`ulimit -f`) and the injected writer of
    /// `journal::writer` then are the only full disks that were tried.
    pub fn mount(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let options = format!("size={size},mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&at).output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self(at)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        let words = format!("\nNOT TRIED: a small disk that fills up, because none can be mounted here ({why})\n");
        std::io::stderr().write_all(words.as_bytes()).unwrap();
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
