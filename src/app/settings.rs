//! All layers of settings, found and read.

use crate::config::{Layers, SettingValue, Settings, Source, environment, file};
use crate::error::Error;
use crate::host::{Machine, files};
use std::path::Path;

/// What every source says.
#[derive(Debug)]
pub struct Loaded {
    /// The layers, for `config show`.
    pub layers: Layers,
    /// What they come to.
    pub settings: Settings,
    /// What looks like a slip.
    pub warnings: Vec<String>,
}

/// Reads all layers: `flags` on top, `explicit` being the file of `--config`.
///
/// # Errors
/// A file that cannot be read or is wrong, a value out of its range; all of one layer at once.
pub fn load(machine: &Machine, explicit: Option<&Path>, flags: Vec<SettingValue>) -> Result<Loaded, Error> {
    let mut layers = Layers::default();
    layers.lay(file::entries(file::DEFAULT, "default", Source::Default)?);
    let mut errors = Vec::new();
    if let Some(path) = machine.folders.config.as_ref().map(|folder| folder.join("config.toml")) {
        match files::config_text(&path) {
            Ok(text) => lay(&mut layers, &mut errors, file::entries(&text, &path.display().to_string(), Source::User)),
            Err(error) if files::is_absent(&error) => {}
            Err(error) => errors.push(unreadable(&path, &error)),
        }
    }
    if let Some(path) = explicit {
        let path = machine.cwd.join(path);
        match files::config_text(&path) {
            Ok(text) => {
                lay(&mut layers, &mut errors, file::entries(&text, &path.display().to_string(), Source::Explicit));
            }
            Err(error) => errors.push(unreadable(&path, &error)),
        }
    }
    let (variables, warnings) = environment::entries(&machine.env);
    layers.lay(variables);
    layers.lay(flags);
    let settings = Settings::resolve(&layers);
    match (Error::all(errors), settings) {
        (None, Ok(settings)) => Ok(Loaded { layers, settings, warnings }),
        (Some(error), Ok(_)) | (None, Err(error)) => Err(error),
        (Some(first), Err(second)) => Err(Error::all([first, second]).unwrap_or_else(|| Error::config("no settings"))),
    }
}

fn lay(layers: &mut Layers, errors: &mut Vec<Error>, entries: Result<Vec<SettingValue>, Error>) {
    match entries {
        Ok(entries) => layers.lay(entries),
        Err(error) => errors.push(error),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::config(format!("{}: cannot be read: {error}", path.display()))
}
