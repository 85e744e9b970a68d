//! What `refinery demo` needs: its scene, and the stand-ins in place of the vendors' programs.

use super::scene::Scene;
use super::vendor::Vendor;
use crate::adapter::Program;
use crate::ids::AdapterId;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// The demo's scene, as text: write it to a file, and start the stand-ins with that.
#[must_use]
pub fn scene() -> &'static str {
    include_str!("../../fixtures/scenes/demo.toml")
}

/// The question that the demo's scene is about.
#[must_use]
pub fn question() -> String {
    Scene::parse(scene()).ok().and_then(|scene| scene.question).unwrap_or_default()
}

/// The stand-ins of the three vendors as programs for their adapters: `exe` is this program, `scene`
/// the absolute path of the scene's file.
#[must_use]
pub fn programs(exe: &Path, scene: &Path) -> BTreeMap<AdapterId, Program> {
    [Vendor::Claude, Vendor::Codex, Vendor::Gemini]
        .into_iter()
        .map(|vendor| (AdapterId::new(vendor.as_str()), program(exe, vendor, scene)))
        .collect()
}

/// The stand-in of one vendor as a program for its adapter.
#[must_use]
pub fn program(exe: &Path, vendor: Vendor, scene: &Path) -> Program {
    let prefix = ["__standin", "--as", vendor.as_str(), "--scene", &scene.to_string_lossy(), "--"];
    Program {
        path: exe.to_owned(),
        prefix: prefix.map(str::to_owned).to_vec(),
        version: vendor.version().map(str::to_owned),
    }
}

/// Writes scripts named `claude`, `codex` and `gemini` into a folder, each of which is the stand-in:
/// with that folder on the PATH, everything that looks for the vendors' programs finds these.
///
/// # Errors
/// A script cannot be written.
pub fn install(folder: &Path, exe: &Path, scene: &Path) -> io::Result<()> {
    for vendor in [Vendor::Claude, Vendor::Codex, Vendor::Gemini] {
        let path = folder.join(vendor.as_str());
        let program = program(exe, vendor, scene);
        let words: Vec<PathBuf> =
            std::iter::once(program.path).chain(program.prefix.iter().map(PathBuf::from)).collect();
        let line = shell_words::join(words.iter().map(|word| word.to_string_lossy().into_owned()));
        std::fs::write(&path, format!("#!/bin/sh\nexec {line} \"$@\"\n"))?;
        executable(&path)?;
    }
    Ok(())
}

fn executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scene_is_sound_and_has_a_question() {
        Scene::parse(scene()).unwrap();
        assert!(question().ends_with('?'));
    }
}
