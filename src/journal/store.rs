//! The folder of journals: names, shortened names, age, retention.

use crate::ids::RunId;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long journals are kept. A run that another process still writes is never removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Longest age since the last write.
    pub age: Duration,
    /// Most runs.
    pub runs: usize,
    /// Most bytes of all journals together.
    pub bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: Duration::from_secs(30 * 24 * 60 * 60), runs: 200, bytes: 1 << 30 }
    }
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
        Ok(Self { folder })
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
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jsonl")) else { continue };
            // A journal that was removed meanwhile is none.
            let Ok(about) = fs::metadata(&path) else { continue };
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

    /// Removes what is older, more or larger than it should be; returns what is gone. What cannot
    /// be removed stays: tidying up never stops a run.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn tidy(&self, rules: &Retention, now: SystemTime) -> Result<Vec<RunId>, StoreError> {
        let mut gone = Vec::new();
        let (mut runs, mut bytes) = (0, 0);
        for stored in self.list()? {
            let old = now.duration_since(stored.modified).is_ok_and(|age| age > rules.age);
            if old || runs >= rules.runs || bytes + stored.bytes > rules.bytes {
                if self.remove(&stored).is_ok() {
                    gone.push(stored.run);
                }
            } else {
                runs += 1;
                bytes += stored.bytes;
            }
        }
        Ok(gone)
    }
}
