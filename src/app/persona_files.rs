//! The personas that there are: those of `--personas`, those of the person's config folder, those
//! inside this program.

use crate::error::Error;
use crate::host::{Folders, files};
use crate::protocol::debate::{Persona, built_in, read};
use crate::words::closest;
use std::path::{Path, PathBuf};

/// A persona, and where it came from.
#[derive(Debug, Clone)]
pub struct Sourced {
    /// The persona.
    pub persona: Persona,
    /// A file, as people see it, or `built in`.
    pub source: String,
}

/// The personas, without where they came from; see [`find`].
///
/// # Errors
/// Those of [`find`].
pub fn load(folders: &Folders, cwd: &Path, explicit: &[PathBuf]) -> Result<Vec<Persona>, Error> {
    Ok(find(folders, cwd, explicit)?.into_iter().map(|one| one.persona).collect())
}

/// All personas, in the order in which they are dealt. One of `explicit` comes before one of
/// `personas.toml` in the config folder, that before one of this program; of one id, the first counts.
///
/// # Errors
/// A file that cannot be read, or what is wrong in it, with file, line and reason; two files of
/// `explicit` with one id. All of them at once.
pub fn find(folders: &Folders, cwd: &Path, explicit: &[PathBuf]) -> Result<Vec<Sourced>, Error> {
    let mut all: Vec<Sourced> = Vec::new();
    let mut errors = Vec::new();
    for path in explicit {
        match of_file(&cwd.join(path)) {
            Ok(found) => {
                errors.extend(found.iter().filter_map(|one| Some(twice(one, all.iter().find(|a| same(a, one))?))));
                all.extend(found);
            }
            Err(error) => errors.push(error),
        }
    }
    // What a person keeps there need not be there.
    let kept = folders.config.as_ref().map(|config| config.join("personas.toml")).filter(|path| path.exists());
    match kept.map(|path| of_file(&path)).transpose() {
        Ok(found) => add(&mut all, found.unwrap_or_default()),
        Err(error) => errors.push(error),
    }
    let own = built_in().iter().map(|persona| Sourced { persona: persona.clone(), source: "built in".to_owned() });
    add(&mut all, own.collect());
    Error::all(errors).map_or(Ok(all), Err)
}

/// Adds those whose ids are not there yet.
fn add(all: &mut Vec<Sourced>, more: Vec<Sourced>) {
    for one in more {
        if !all.iter().any(|known| same(known, &one)) {
            all.push(one);
        }
    }
}

fn same(one: &Sourced, other: &Sourced) -> bool {
    one.persona.id == other.persona.id
}

fn twice(one: &Sourced, known: &Sourced) -> Error {
    let Sourced { persona, source } = one;
    Error::config(format!("{source}: persona `{}` is also defined in {}", persona.id, known.source))
        .hint("rename or omit one of them")
}

fn of_file(path: &Path) -> Result<Vec<Sourced>, Error> {
    let source = path.display().to_string();
    let text =
        files::config_text(path).map_err(|error| Error::config(format!("{source}: cannot be read")).because(error))?;
    match read(&text) {
        Ok(found) => Ok(found.into_iter().map(|persona| Sourced { persona, source: source.clone() }).collect()),
        Err(problems) => {
            let told = problems.iter().map(|one| Error::config(format!("{source}:{}: {}", one.line, one.reason)));
            let shape = "a persona is `[[persona]]` with id, name, role and prompt; `refinery personas ID -o json` \
                         shows one";
            let error = Error::all(told).unwrap_or_else(|| Error::config(format!("{source}: no personas")));
            Err(error.hint(shape))
        }
    }
}

/// The error of an id that is none of these.
pub fn no_such<'a>(id: &str, all: impl Iterator<Item = &'a Persona>) -> Error {
    let error = Error::config(format!("unknown persona `{id}`"));
    match closest(id, all.map(|persona| persona.id.as_str())) {
        Some(near) => error.hint(format!("`{id}`: did you mean `{near}`?")),
        None => error.hint("`refinery personas` lists all; `--personas FILE` adds more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, ids: &[&str]) -> PathBuf {
        let text: String = ids
            .iter()
            .map(|id| format!("[[persona]]\nid = '{id}'\nname = '{id} of {name}'\nrole = 'r'\nprompt = 'p'\n"))
            .collect();
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn the_nearest_source_of_an_id_counts() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders { config: Some(folder.path().to_owned()), ..Folders::default() };
        file(folder.path(), "personas.toml", &["poet", "pessimist", "judge"]);
        let own = file(folder.path(), "own.toml", &["pessimist", "cook"]);
        let names = |files: &[PathBuf]| -> Vec<String> {
            load(&folders, folder.path(), files).unwrap().into_iter().take(4).map(|one| one.name).collect()
        };
        assert_eq!(
            names(&[]),
            [
                "poet of personas.toml",
                "pessimist of personas.toml",
                "judge of personas.toml",
                "First-Principles Engineer"
            ]
        );
        assert_eq!(
            names(std::slice::from_ref(&own)),
            ["pessimist of own.toml", "cook of own.toml", "poet of personas.toml", "judge of personas.toml"]
        );
        let other = file(folder.path(), "other.toml", &["cook"]);
        let error = find(&folders, folder.path(), &[own, other, "none.toml".into()]).unwrap_err();
        assert!(error.messages[0].ends_with("own.toml") && error.messages[0].contains("`cook`"), "{error}");
        assert!(error.messages[1].contains("none.toml: cannot be read"), "{error}");
    }

    #[test]
    fn without_files_there_are_those_of_the_program() {
        let all = find(&Folders::default(), Path::new("/"), &[]).unwrap();
        assert_eq!((all.len(), all[0].source.as_str()), (built_in().len(), "built in"));
    }
}
