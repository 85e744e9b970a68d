//! The folder of journals: names, shortened names, age, retention.
//!
//! The folder can hold files of others (`--state-dir .`): only a regular file with the name of a run is removed, and
//! retention asks in addition what is inside it.

use crate::ids::RunId;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Which runs are kept. A run that another process writes is always kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Longest time since the last write; `None` for no limit.
    pub age: Option<Duration>,
    /// Maximum number of runs; `None` for no limit.
    pub runs: Option<usize>,
    /// Whether runs that can be resumed count and are removed like finished ones.
    pub unfinished: bool,
}

/// One journal in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Name of the run.
    pub run: RunId,
    /// Where its journal is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When it was last written.
    pub modified: SystemTime,
}

/// Why a run cannot be found or removed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder cannot be used.
    #[error("cannot use {path}: {error}", path = .path.display())]
    Io {
        /// Which folder or file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// No run has a name that begins like this.
    #[error("there is no run `{0}`: `refinery runs` lists them")]
    Unknown(String),
    /// Several have.
    #[error("`{asked}` fits several runs: {}", .fitting.join(", "))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// What it fits.
        fitting: Vec<String>,
    },
    /// It belongs to somebody else.
    #[error("{path} belongs to another user", path = .0.display())]
    Foreign(PathBuf),
    /// Another process writes it.
    #[error("run {0} is in use by another process")]
    InUse(RunId),
}

/// The folder of journals.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The folder `runs` of a state directory as it is: if it is missing, it holds no run.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn existing(state: &Path) -> Result<Self, StoreError> {
        let folder = state.join("runs");
        match fs::metadata(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::Io { path: folder, error }),
            _ => Self { folder }.of_ours(state),
        }
    }

    /// The folder `runs` of a state directory; made when needed, mode 0700.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(state: &Path) -> Result<Self, StoreError> {
        let folder = state.join("runs");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| StoreError::Io { path: folder.clone(), error })?;
        Self { folder }.of_ours(state)
    }

    /// The store, unless it lies in a directory of another user, who could read and change all of it.
    fn of_ours(self, state: &Path) -> Result<Self, StoreError> {
        let user = rustix::process::geteuid().as_raw();
        let foreign =
            [state, &self.folder].into_iter().find(|path| fs::metadata(path).is_ok_and(|it| it.uid() != user));
        foreign.map_or(Ok(self.clone()), |path| Err(StoreError::Foreign(path.to_owned())))
    }

    /// Where the journal of a run is, or will be.
    #[must_use]
    pub fn path(&self, run: &RunId) -> PathBuf {
        self.folder.join(format!("{run}.jsonl"))
    }

    /// All runs, newest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Vec<Stored>, StoreError> {
        let failed = |error| StoreError::Io { path: self.folder.clone(), error };
        let mut runs = Vec::new();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(runs),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jsonl")) else { continue };
            // Missing when another process has removed it meanwhile; a link may lead to a file of others.
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            if about.is_file() {
                let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                runs.push(Stored { run: RunId::new(name), bytes: about.size(), modified, path });
            }
        }
        runs.sort_by(|a, b| b.run.cmp(&a.run));
        Ok(runs)
    }

    /// The run whose name is, or alone begins with, `asked`.
    ///
    /// # Errors
    /// None fits, or several do.
    pub fn find(&self, asked: &str) -> Result<Stored, StoreError> {
        if asked.is_empty() {
            return Err(StoreError::Unknown(String::new()));
        }
        let mut fitting: Vec<_> = self.list()?.into_iter().filter(|one| one.run.as_str().starts_with(asked)).collect();
        if let Some(exact) = fitting.iter().position(|one| one.run.as_str() == asked) {
            return Ok(fitting.swap_remove(exact));
        }
        match fitting.len() {
            0 => Err(StoreError::Unknown(asked.to_owned())),
            1 => Ok(fitting.remove(0)),
            _ => {
                let fitting = fitting.iter().map(|one| one.run.to_string()).collect();
                Err(StoreError::Ambiguous { asked: asked.to_owned(), fitting })
            }
        }
    }

    /// The run of this whole name.
    ///
    /// # Errors
    /// There is none.
    pub fn exactly(&self, name: &str) -> Result<Stored, StoreError> {
        let found = self.list()?.into_iter().find(|one| one.run.as_str() == name && is_run_name(name));
        found.ok_or_else(|| StoreError::Unknown(name.to_owned()))
    }

    /// Removes a run, unless another process writes it.
    ///
    /// # Errors
    /// It is in use, or cannot be removed.
    pub fn remove(&self, stored: &Stored) -> Result<(), StoreError> {
        let failed = |error| StoreError::Io { path: stored.path.clone(), error };
        let file = fs::File::open(&stored.path).map_err(failed)?;
        if file.try_lock().is_err() {
            return Err(StoreError::InUse(stored.run.clone()));
        }
        fs::remove_file(&stored.path).map_err(failed)
    }

    /// Removes the runs that `rules` do not keep, oldest names first to go; returns their names. `finished` reads a
    /// journal: `None` if it is not one of that run, else whether the run is finished. Nothing is removed from a folder
    /// that is a link. A run that cannot be removed stays.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn tidy(
        &self,
        rules: &Retention,
        now: SystemTime,
        finished: impl Fn(&Stored) -> Option<bool>,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut gone = Vec::new();
        let all: Vec<_> = self.list()?.into_iter().filter(|one| is_run_name(one.run.as_str())).collect();
        if fs::symlink_metadata(&self.folder).is_ok_and(|about| about.is_symlink()) {
            return Ok(gone);
        }
        let may_be_full = rules.runs.is_some_and(|most| all.len() > most);
        let mut kept = 0;
        for stored in all {
            let age = now.duration_since(stored.modified).unwrap_or_default();
            let old = rules.age.is_some_and(|most| age > most);
            // Most of the time nothing is to be removed, and no journal has to be read for it.
            if !(old || may_be_full) || !finished(&stored).is_some_and(|finished| finished || rules.unfinished) {
                continue;
            }
            if !old && rules.runs.is_none_or(|most| kept < most) {
                kept += 1;
            } else if self.remove(&stored).is_ok() {
                gone.push(stored.run);
            }
        }
        Ok(gone)
    }
}

/// Whether a name is formed as the name of a run is: `20261121-100500-abcdef`.
fn is_run_name(name: &str) -> bool {
    let parts: Vec<_> = name.split('-').collect();
    let [day, time, drawn] = parts.as_slice() else { return false };
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let drawn = !drawn.is_empty() && drawn.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    digits(day, 8) && digits(time, 6) && drawn
}
