//! `fake-cli` in place of the vendors' programs.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The program.
pub const FAKE_CLI: &str = env!("CARGO_BIN_EXE_fake-cli");

/// Puts `claude`, `codex` and `gemini` into a folder: with that folder on the PATH, everything that looks for
/// the vendors' programs finds these. They play the script in that file.
pub fn install(folder: &Path, script: &Path) -> io::Result<()> {
    ["claude", "codex", "gemini"].into_iter().try_for_each(|vendor| install_as(folder, vendor, vendor, script))
}

/// Puts one program into a folder, under any name.
pub fn install_as(folder: &Path, name: &str, vendor: &str, script: &Path) -> io::Result<()> {
    let words = [FAKE_CLI, "--as", vendor, "--script", &script.to_string_lossy(), "--"].map(str::to_owned);
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\nexec {} \"$@\"\n", shell_words::join(words)))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
}
