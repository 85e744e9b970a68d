//! The watched side.

use super::message::Message;
use crate::process::supervisor::Marker;
use rustix::process::Pid;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a message may take. A watchdog reads at once; one that was stopped by somebody must not
/// stop us.
const PATIENCE: Duration = Duration::from_millis(100);

/// The handle to a running watchdog. Cheap to clone; it acts when the last one is dropped, when
/// [`Watchdog::finish`] is called, or when this process dies.
#[derive(Debug, Clone)]
pub struct Watchdog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None` once it was told that all is over, or does not listen any more.
    line: Mutex<Option<UnixStream>>,
    /// Why it does not listen any more, until that is asked for.
    lost: Mutex<Option<io::Error>>,
    process: Arc<Mutex<Child>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.line.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // It has work of some milliseconds, for which nobody should wait; but a process that lives on
        // would collect its dead, one for each run.
        let process = Arc::clone(&self.process);
        let wait = move || drop(process.lock().unwrap_or_else(PoisonError::into_inner).wait());
        let _ = std::thread::Builder::new().name("watchdog".to_owned()).spawn(wait);
    }
}

impl Watchdog {
    /// Starts `exe` with `args`, a command that calls [`run`](super::run) and does nothing else.
    /// Call it before the first child is started: what was started earlier is not known to it.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(exe: &Path, args: &[&str], marker: &Marker) -> io::Result<Self> {
        // A socket and not a pipe: a write to it can be given a time limit. Both ends are
        // close-on-exec; one end leaked into a child, and the end of file would never come.
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_write_timeout(Some(PATIENCE))?;
        // Nothing of our environment: were we a child of another run, its marker would be in it,
        // and its watchdog would kill ours before ours has done its work.
        let process = Command::new(exe)
            .args(args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let (line, process) = (Mutex::new(Some(ours)), Arc::new(Mutex::new(process)));
        let watchdog = Self { shared: Arc::new(Shared { line, lost: Mutex::default(), process }) };
        watchdog.tell(&Message::Marker(marker.clone()));
        Ok(watchdog)
    }

    /// Its process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.shared.process.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    /// A process group is alive. `start` is the moment at which its leader started, in the
    /// system's own ticks, so that nobody else is killed should its number be used again.
    pub fn register(&self, group: Pid, start: Option<u64>) {
        self.tell(&Message::Group(group, start));
    }

    /// A process group is gone.
    pub fn release(&self, group: Pid) {
        self.tell(&Message::Released(group));
    }

    /// A folder is to be removed with everything in it. Must be absolute.
    pub fn scratch(&self, path: &Path) {
        self.tell(&Message::Scratch(path.to_owned()));
    }

    /// The child that works in this folder registers itself in another one, of the person's.
    pub fn registry(&self, scratch: &Path, registry: &Path) {
        self.tell(&Message::Registry(scratch.to_owned(), registry.to_owned()));
    }

    /// A folder is gone, or is to be kept.
    pub fn scratch_gone(&self, path: &Path) {
        self.tell(&Message::ScratchGone(path.to_owned()));
    }

    /// Why it does not listen any more, the first time that this is asked; `None` while it does.
    #[must_use]
    pub fn take_error(&self) -> Option<io::Error> {
        self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Lets it act now, and waits until it has: afterwards no process that carries the marker is
    /// left. Blocks for some milliseconds.
    ///
    /// # Errors
    /// What the system says of the wait.
    pub fn finish(&self) -> io::Result<ExitStatus> {
        self.shared.line.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.shared.process.lock().unwrap_or_else(PoisonError::into_inner).wait()
    }

    fn tell(&self, message: &Message) {
        let mut line = self.shared.line.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = line.as_mut().and_then(|line| line.write_all(message.encode().as_bytes()).err());
        if let Some(error) = failed {
            // Not even half a line more: it would be misread. What it knows, it acts on.
            *line = None;
            tracing::warn!("the watchdog does not listen any more: {error}");
            *self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}
