//! Adapters: those inside this program, those of the person's config folder, those of `--adapter`.
//! Never those of the working directory: a manifest names a program to run.

use super::files::{config_text, is_absent};
use super::folders::Folders;
use crate::adapter::{Catalog, ManifestError};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// All adapters. A later one of the same name replaces an earlier one.
///
/// # Errors
/// A manifest that cannot be read or is refused, with file, line and reason; all of them at once.
pub fn load(folders: &Folders, explicit: &[PathBuf]) -> Result<Catalog, Error> {
    let mut catalog = Catalog::embedded().map_err(|error| refused(&error))?;
    let mut errors = Vec::new();
    let own =
        folders.config.as_ref().map(|config| in_folder(&config.join("adapters"))).transpose()?.unwrap_or_default();
    for path in own.iter().chain(explicit) {
        let shown = path.display().to_string();
        match config_text(path) {
            Ok(text) => {
                if let Err(error) = catalog.add(&shown, &text) {
                    errors.push(refused(&error));
                }
            }
            Err(error) => errors.push(Error::config(format!("{shown}: cannot be read: {error}"))),
        }
    }
    Error::all(errors).map_or(Ok(catalog), Err)
}

fn refused(error: &ManifestError) -> Error {
    Error::config(error.to_string())
}

/// The manifests of a folder, by name; none if there is no such folder. Hidden files are those of editors and
/// systems (`._mine.toml`, `.#mine.toml`), and a link to nothing holds no manifest.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(Error::config(format!("{}: cannot be read: {error}", folder.display()))),
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml") && path.exists())
        .filter(|path| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")))
        .collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_manifest_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("adapters")).unwrap();
        std::fs::write(folder.path().join("adapters/bad.toml"), "this is no manifest").unwrap();
        std::fs::write(folder.path().join("adapters/notes.txt"), "not looked at").unwrap();
        let folders = Folders { config: Some(folder.path().to_owned()), ..Folders::default() };
        let error = load(&folders, &["/none/x.toml".into()]).unwrap_err();
        assert_eq!(error.messages.len(), 2);
        assert!(error.messages[0].contains("adapters/bad.toml"), "{error}");
        assert!(error.messages[1].starts_with("/none/x.toml: cannot be read"), "{error}");
    }

    #[test]
    fn no_folder_is_no_error() {
        assert!(load(&Folders::default(), &[]).is_ok());
    }
}
