//! The watched side.

use super::book::Book;
use super::message::Message;
use crate::process::supervisor::Marker;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How long a message may take. A watchdog reads at once; one that was stopped by somebody must not
/// stop us.
const PATIENCE: Duration = Duration::from_millis(100);

/// How often one that ended is replaced: one that cannot live on this machine would be started for ever.
const REPLACEMENTS: u32 = 16;

/// The handle to a running watchdog. Cheap to clone; it acts when the last one is dropped, when
/// [`Watchdog::finish`] is called, or when this process dies. One that is killed or stopped is replaced.
#[derive(Debug, Clone)]
pub struct Watchdog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    exe: PathBuf,
    args: Vec<String>,
    line: Mutex<Line>,
    process: Process,
}

/// The process that watches now.
#[derive(Debug, Clone)]
pub(in crate::process) struct Process(Arc<Mutex<Child>>);

#[derive(Debug)]
struct Line {
    /// `None` once it was told that all is over, or cannot be had any more.
    to: Option<UnixStream>,
    book: Book,
    replaced: u32,
    /// Why there is none any more, until that is asked for.
    lost: Option<io::Error>,
}

impl Watchdog {
    /// Starts `exe` with `args`, a command that calls [`run`](super::run) and does nothing else.
    /// Call it before the first child is started: what was started earlier is not known to it.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(exe: &Path, args: &[&str], marker: &Marker) -> io::Result<Self> {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let mut book = Book::default();
        book.take(Message::Marker(marker.clone()));
        let (to, child) = started(exe, &args, &book)?;
        let process = Process(Arc::new(Mutex::new(child)));
        let line = Line { to: Some(to), book, replaced: 0, lost: None };
        let shared = Shared { exe: exe.to_owned(), args, line: Mutex::new(line), process: process.clone() };
        let watchdog = Self { shared: Arc::new(shared) };
        let shared = Arc::downgrade(&watchdog.shared);
        // Without a thread to notice its end, a message that does not arrive is what tells of it.
        let _ = std::thread::Builder::new().name("watchdog".to_owned()).spawn(move || process.attend(&shared));
        Ok(watchdog)
    }

    /// Its process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.shared.process.id()
    }

    pub(in crate::process) fn process(&self) -> Process {
        self.shared.process.clone()
    }

    /// A process group is alive. `start` is the moment at which its leader started, in the
    /// system's own ticks, so that nobody else is killed should its number be used again.
    pub fn register(&self, group: Pid, start: Option<u64>) {
        self.tell(Message::Group(group, start));
    }

    /// A process group is gone.
    pub fn release(&self, group: Pid) {
        self.tell(Message::Released(group));
    }

    /// A folder is to be removed with everything in it. Must be absolute.
    pub fn scratch(&self, path: &Path) {
        self.tell(Message::Scratch(path.to_owned()));
    }

    /// The child that works in this folder registers itself in another one, of the person's.
    pub fn registry(&self, scratch: &Path, registry: &Path) {
        self.tell(Message::Registry(scratch.to_owned(), registry.to_owned()));
    }

    /// A folder is gone, or is to be kept.
    pub fn scratch_gone(&self, path: &Path) {
        self.tell(Message::ScratchGone(path.to_owned()));
    }

    /// Why it ended and could not be replaced, the first time that this is asked; `None` while it listens.
    #[must_use]
    pub fn take_error(&self) -> Option<io::Error> {
        self.shared.line().lost.take()
    }

    /// Lets it act now, and waits until it has: afterwards no process that carries the marker is
    /// left. Blocks for some milliseconds.
    ///
    /// # Errors
    /// What the system says of the wait.
    pub fn finish(&self) -> io::Result<ExitStatus> {
        self.shared.line().to = None;
        self.shared.process.child().wait()
    }

    fn tell(&self, message: Message) {
        let mut line = self.shared.line();
        let failed = line.to.as_mut().and_then(|to| to.write_all(message.encode().as_bytes()).err());
        line.book.take(message);
        if let Some(error) = failed {
            // Not even half a line more: it would be misread.
            self.shared.replace(&mut line, &error);
        }
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts another one in its place, and tells it everything that still matters.
    fn replace(&self, line: &mut Line, why: &io::Error) {
        tracing::warn!("the watchdog is replaced: {why}");
        line.replaced += 1;
        let next = || {
            let mut child = self.process.child();
            // Before its line ends: one that was stopped would act on that end as soon as it goes on.
            child.kill()?;
            child.wait()?;
            if line.replaced > REPLACEMENTS {
                return Err(io::Error::other(format!("it ended {REPLACEMENTS} times")));
            }
            let (to, started) = started(&self.exe, &self.args, &line.book)?;
            *child = started;
            Ok(to)
        };
        match next() {
            Ok(to) => line.to = Some(to),
            Err(error) => (line.to, line.lost) = (None, Some(error)),
        }
    }
}

impl Process {
    fn child(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::process) fn id(&self) -> u32 {
        self.child().id()
    }

    /// Waits for its end, on a thread of its own: also for one that comes too early, or a stop, after which another
    /// one takes its place.
    fn attend(self, shared: &Weak<Shared>) {
        loop {
            let id = self.id();
            let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else { return };
            // It is not reaped by that: until then its number is its own.
            let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
            let seen = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
            let stopped = seen.is_ok_and(|seen| seen.is_some_and(|seen| seen.stopped()));
            if let Some(shared) = shared.upgrade() {
                let mut line = shared.line();
                if line.to.is_some() {
                    // Another one may have taken its place meanwhile, because a message did not arrive.
                    if self.id() == id {
                        let how = if stopped { "it was stopped" } else { "it was killed" };
                        shared.replace(&mut line, &io::Error::other(how));
                    }
                    continue;
                }
            }
            if !stopped {
                // Else a process that lives on would collect its dead, one for each run.
                drop(self.child().wait());
                return;
            }
            // It has its last work before it.
            let _ = kill_process(pid, Signal::CONT);
        }
    }
}

/// Our end of its line, and the process, which has all of the book before it.
fn started(exe: &Path, args: &[String], book: &Book) -> io::Result<(UnixStream, Child)> {
    // A socket and not a pipe: a write to it can be given a time limit. Both ends are
    // close-on-exec; one end leaked into a child, and the end of file would never come.
    let (mut ours, theirs) = UnixStream::pair()?;
    ours.set_write_timeout(Some(PATIENCE))?;
    let book: String = book.messages().map(|message| message.encode()).collect();
    // What the socket holds, all but always the whole, before it lives: were we killed between the two, it would know
    // of nothing.
    ours.set_nonblocking(true)?;
    let sent = ours.write(book.as_bytes())?;
    ours.set_nonblocking(false)?;
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
    match ours.write_all(&book.as_bytes()[sent..]) {
        // One that ends before it has read is noticed as any that ends is.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok((ours, process)),
    }
}
