//! From an invocation to a running child.

use super::follow::Followed;
use super::group::Group;
use super::shortage::is_shortage;
use super::supervisor::Marker;
use super::watchdog::Watchdog;
use crate::invocation::{Capture, Ending, EnvValue, Invocation, StopLevel, Stream};
use rustix::process::Pid;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long a program is waited for that is not there or not whole, as while it is updated, and how often it is tried.
const UPDATE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_millis(50));

/// A child that runs, and everything that holds on to it.
pub(super) struct Spawned {
    /// Declared first, so that it is dropped first: the group is killed before the child is let go.
    pub group: Group,
    pub child: Child,
    pub followed: Followed,
    pub began: Instant,
}

/// Starts the child, unless a stop has been asked for.
pub(super) async fn spawn(
    inv: &Invocation,
    marker: &Marker,
    watchdog: Option<&Watchdog>,
    stop: &watch::Receiver<StopLevel>,
) -> Result<Spawned, Ending> {
    let mut followed = Followed::default();
    let mut capture = |stream, capture: &Capture| match capture {
        Capture::Pipe => Ok(None),
        Capture::File(path) => {
            let (writer, reader) = capture_file(path).map_err(|error| not_started(path, &error))?;
            followed.add(stream, reader);
            Ok(Some(writer))
        }
    };
    let stdout = capture(Stream::Stdout, &inv.stdout)?;
    let stderr = capture(Stream::Stderr, &inv.stderr)?;

    let mut command = Command::new(&inv.program);
    command.args(&inv.args).current_dir(&inv.cwd).process_group(0).stdin(Stdio::piped());
    command.env_clear().env(&*marker.name, &*marker.value);
    for (name, value) in &inv.env {
        match value {
            EnvValue::Plain(value) => command.env(name, value),
            EnvValue::Secret { value, .. } => command.env(name, value.expose()),
        };
    }

    let began = Instant::now();
    loop {
        if *stop.borrow() != StopLevel::Run {
            return Err(Ending::Stopped);
        }
        command.stdout(stdio(stdout.as_ref(), inv)?).stderr(stdio(stderr.as_ref(), inv)?);
        match command.spawn() {
            Ok(child) => {
                // There is a number until the child is reaped, and nobody has reaped it yet.
                let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
                let Some(id) = id else { return Err(not_started(&inv.program, &io::Error::other("it has no number"))) };
                return Ok(Spawned { group: Group::adopt(id, watchdog), child, followed, began });
            }
            Err(error) if may_pass(inv, &error) && began.elapsed() < UPDATE.0 => sleep(UPDATE.1).await,
            Err(error) => return Err(explain(inv, &error)),
        }
    }
}

/// A fresh file for the child to write, and the same file to read.
fn capture_file(path: &Path) -> io::Result<(File, File)> {
    let writer = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
    Ok((writer, File::open(path)?))
}

fn stdio(file: Option<&File>, inv: &Invocation) -> Result<Stdio, Ending> {
    match file {
        None => Ok(Stdio::piped()),
        Some(file) => Ok(file.try_clone().map_err(|error| not_started(&inv.program, &error))?.into()),
    }
}

/// Whether it may be an update of the program: its file or its interpreter's is missing, being written, not yet
/// executable or not yet whole. A fork may also still hold it open.
fn may_pass(inv: &Invocation, error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::ExecutableFileBusy => true,
        io::ErrorKind::NotFound => inv.cwd.is_dir(),
        io::ErrorKind::PermissionDenied => inv.program.is_file(),
        _ => error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()),
    }
}

/// Says which of the things that a spawn needs is missing: the system's own words do not.
fn explain(inv: &Invocation, error: &io::Error) -> Ending {
    let program = &inv.program;
    let why = match (error.kind(), program.metadata()) {
        (io::ErrorKind::NotFound, _) if !inv.cwd.is_dir() => {
            format!("cannot start {}: its working directory {} does not exist", program.display(), inv.cwd.display())
        }
        (io::ErrorKind::NotFound, Ok(_)) => {
            format!("cannot start {}: the interpreter or loader that it names does not exist", program.display())
        }
        (io::ErrorKind::NotFound, Err(_)) => format!("cannot start {}: there is no such program", program.display()),
        (io::ErrorKind::PermissionDenied, Ok(found)) if found.is_dir() => {
            format!("cannot start {}: it is a folder", program.display())
        }
        (io::ErrorKind::PermissionDenied, Ok(found)) if found.permissions().mode() & 0o111 == 0 => {
            format!("cannot start {}: it is not executable", program.display())
        }
        _ => format!("cannot start {}: {error}", program.display()),
    };
    let waited = if may_pass(inv, error) { format!(" (waited {} s)", UPDATE.0.as_secs()) } else { String::new() };
    Ending::NotStarted { message: format!("{why}{waited}"), exhausted: is_shortage(error) }
}

fn not_started(what: &Path, error: &io::Error) -> Ending {
    Ending::NotStarted { message: format!("cannot start {}: {error}", what.display()), exhausted: is_shortage(error) }
}
