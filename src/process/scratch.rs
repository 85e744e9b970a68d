//! A fresh folder for one attempt, which goes when the attempt does.

use super::registry;
use super::shortage::at;
use super::watchdog::Watchdog;
use crate::invocation::{Capture, Invocation};
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

/// A folder that only we can enter (mode 0700). It is [removed](Self::remove), with everything in it, when this
/// is dropped, too.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    link: Option<PathBuf>,
    registry: Option<PathBuf>,
    watchdog: Option<Watchdog>,
    kept: bool,
    /// Whether it was removed or kept, or that was tried.
    settled: bool,
}

/// The most bytes of a folder's name in which a program finds room for a socket: its whole path may
/// have 103 bytes, folder, process number and ending among them.
const SHORT: usize = 70;

/// Where the names of folders are short on every system.
const SHORT_ROOT: &str = "/tmp";

/// The system's folder for temporary files. An empty TMPDIR names none.
#[must_use]
pub fn temp_dir() -> PathBuf {
    Some(std::env::temp_dir()).filter(|path| !path.as_os_str().is_empty()).unwrap_or_else(|| PathBuf::from(SHORT_ROOT))
}

impl Scratch {
    /// Makes a fresh folder, named `prefix` and a few random characters, in `root` or else the
    /// system's folder for temporary files. A `root` that does not exist is made (mode 0700).
    ///
    /// # Errors
    /// What the system says: no space, no permission.
    pub fn create(root: Option<&Path>, prefix: &str) -> io::Result<Self> {
        Self::create_watched(root, prefix, None)
    }

    /// The same, with the folder removed by a watchdog, should this process die.
    pub(super) fn create_watched(root: Option<&Path>, prefix: &str, watchdog: Option<Watchdog>) -> io::Result<Self> {
        let root = match root {
            Some(root) => {
                DirBuilder::new().recursive(true).mode(0o700).create(root)?;
                root.to_owned()
            }
            None => temp_dir(),
        };
        // Without links in it, so that a path within it can be told from one without.
        let root = root.canonicalize().map_err(at(&root))?;
        let path = make(&root, prefix, watchdog.as_ref(), |path| DirBuilder::new().mode(0o700).create(path))?;
        let mut scratch = Self { path, link: None, registry: None, watchdog, kept: false, settled: false };
        if scratch.path.as_os_str().len() > SHORT {
            let link = |link: &Path| symlink(&scratch.path, link);
            // Where nothing can be made there, no program can move its socket there either.
            scratch.link = make(Path::new(SHORT_ROOT), "refinery-", scratch.watchdog.as_ref(), link).ok();
        }
        Ok(scratch)
    }

    /// The same folder by a name of at most 70 bytes, where one can be had: a link to it in `/tmp` if its
    /// own is longer. For programs that make a socket in it, and another one for everybody where its name
    /// would be too long.
    #[must_use]
    pub fn short(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.path)
    }

    /// What a child registered of itself in this folder, outside, is removed with this one: see
    /// [`registry::clear`].
    pub(super) fn registers_in(&mut self, folder: PathBuf, watchdog: Option<&Watchdog>) {
        if let Some(watchdog) = watchdog {
            watchdog.registry(&self.path, &folder);
        }
        self.registry = Some(folder);
    }

    /// The folder: absolute, no symbolic links on the way.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folders (0700), files (0600) and links of an invocation, and its working
    /// directory. Folders on the way are made as well.
    ///
    /// # Errors
    /// A path that is not within this folder, or leaves it through a link; a file that is already
    /// there; what the system says.
    pub fn materialise(&self, inv: &Invocation) -> io::Result<()> {
        for folder in inv.folders.iter().chain([&inv.cwd]) {
            self.folder(folder)?;
        }
        for file in &inv.files {
            self.parent_of(&file.path)?;
            let mut open =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file.path).map_err(at(&file.path))?;
            file.parts.iter().try_for_each(|part| open.write_all(part.as_bytes())).map_err(at(&file.path))?;
        }
        for link in &inv.links {
            self.parent_of(&link.path)?;
            symlink(&link.target, &link.path).map_err(at(&link.path))?;
        }
        for capture in [&inv.stdout, &inv.stderr] {
            if let Capture::File(path) = capture {
                self.parent_of(path)?;
            }
        }
        Ok(())
    }

    /// Leaves the folder where it is, for people to look at, and gives its path.
    #[must_use]
    pub fn keep(mut self) -> PathBuf {
        self.kept = true;
        self.path.clone()
    }

    /// Removes the folder, with everything in it.
    ///
    /// # Errors
    /// What the system says; a watchdog tries again when the run is over, when nothing is in the way any more.
    pub fn remove(mut self) -> io::Result<()> {
        self.settle()
    }

    fn settle(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.settled, true) {
            return Ok(());
        }
        if let Some(registry) = &self.registry {
            registry::clear(registry, &self.path);
        }
        let mut result = Ok(());
        // The short name of a kept folder goes too: it would be left for ever.
        for (path, kept) in [(Some(&self.path), self.kept), (self.link.as_ref(), false)] {
            let Some(path) = path else { continue };
            if !kept && let Err(error) = remove(path) {
                // Left to the watchdog: by then nothing is in the way any more.
                result = Err(error);
                continue;
            }
            if let Some(watchdog) = &self.watchdog {
                watchdog.scratch_gone(path);
            }
        }
        result
    }

    fn parent_of(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if path != self.path => self.folder(parent),
            _ => Err(outside(path)),
        }
    }

    fn folder(&self, path: &Path) -> io::Result<()> {
        let within = path.strip_prefix(&self.path).map_err(|_| outside(path))?;
        if !within.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(outside(path));
        }
        // One by one: a link on the way must be found before anything is made behind it.
        let mut made = self.path.clone();
        for part in within {
            made.push(part);
            match DirBuilder::new().mode(0o700).create(&made) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(&made)(error)),
                _ if made.symlink_metadata()?.is_dir() => {}
                _ => return Err(outside(path)),
            }
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = self.settle() {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}

/// Makes something of a fresh name in `root`. The watchdog hears of it before: a kill may come in between.
fn make(
    root: &Path,
    prefix: &str,
    watchdog: Option<&Watchdog>,
    made: impl Fn(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let made = tempfile::Builder::new().prefix(prefix).make_in(root, |path| {
        if let Some(watchdog) = watchdog {
            watchdog.scratch(path);
        }
        // A name that is taken is not ours to remove; the next one is tried.
        made(path).inspect_err(|_| {
            if let Some(watchdog) = watchdog {
                watchdog.scratch_gone(path);
            }
        })
    })?;
    made.keep().map(|((), path)| path).map_err(|kept| kept.error)
}

/// Removes a folder with everything in it, read-only folders included. No link is followed. A
/// folder that is not there is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(path);
            match fs::remove_dir_all(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        }
        Ok(()) => Ok(()),
    }
}

/// Lets us write in a folder and every folder within it.
fn open_up(folder: &Path) {
    // Whatever fails here, the removal that follows reports.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

fn outside(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{} is not within the scratch folder", path.display()))
}
