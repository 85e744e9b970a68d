//! The handle through which everybody else runs children.

use super::scratch::Scratch;
use super::{command, supervise, watchdog::Watchdog};
use crate::invocation::{Exit, Flow, Invocation, Line, StopLevel, Turn};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// Name of the variable that marks every child of a run, unless the caller takes another one.
pub const MARKER_NAME: &str = "REFINERY_RUN";

/// A variable in the environment of every child of a run, by which stray descendants are found:
/// its value must be unlike that of any other run on the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// Name of the variable; no `=`, no NUL.
    pub name: Arc<str>,
    /// Its value; no NUL.
    pub value: Arc<str>,
}

impl Marker {
    /// A marker under the usual name, [`MARKER_NAME`].
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self { name: MARKER_NAME.into(), value: value.into() }
    }
}

/// Starts and supervises children. Cheap to clone; one per run.
#[derive(Debug, Clone)]
pub struct Supervisor {
    marker: Marker,
    watchdog: Option<Watchdog>,
}

impl Supervisor {
    /// A supervisor whose guards act while this process lives; see [`Self::with_watchdog`].
    #[must_use]
    pub fn new(marker: Marker) -> Self {
        Self { marker, watchdog: None }
    }

    /// With a watchdog, which acts when this process dies.
    #[must_use]
    pub fn with_watchdog(self, watchdog: Watchdog) -> Self {
        Self { watchdog: Some(watchdog), ..self }
    }

    /// The variable that every child carries.
    #[must_use]
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// Why the watchdog ended and could not be replaced, the first time that this is asked: from then on nothing ends
    /// the children if this process is killed.
    #[must_use]
    pub fn take_watchdog_error(&self) -> Option<io::Error> {
        self.watchdog.as_ref()?.take_error()
    }

    /// A fresh scratch folder that the watchdog knows of; see [`Scratch::create`].
    ///
    /// # Errors
    /// As [`Scratch::create`].
    pub fn scratch(&self, root: Option<&Path>, prefix: &str) -> io::Result<Scratch> {
        Scratch::create_watched(root, prefix, self.watchdog.clone())
    }

    /// The child that works in this folder registers itself in `registry`, a folder of the person's: what it
    /// leaves there is removed with the scratch folder, or by the watchdog.
    pub fn registers(&self, scratch: &mut Scratch, registry: PathBuf) {
        scratch.registers_in(registry, self.watchdog.as_ref());
    }

    /// Runs one child to its end, and reports everything about it. It never fails otherwise: a
    /// child that did not start is an [`Exit`] too.
    ///
    /// The child is started at once. Each [`Turn`] is written to its standard input, and its
    /// output goes to `lines`, line by line; while the clocks of one run, the next one waits. When
    /// `turns` is closed and no clocks run, the child is let go like after [`Flow::Done`]. When the
    /// future is dropped, the child's whole process group is killed.
    ///
    /// `lines` runs between two reads and must be quick. After it said [`Flow::Done`] it is not
    /// called any more. Lines longer than 16 MiB (standard error: 1 MiB) come cut; more than
    /// 64 MiB of standard output in one turn ends the child as `Flooded`; standard error beyond
    /// 8 MiB is read and thrown away.
    ///
    /// Must run within a tokio runtime that has its I/O and time drivers on.
    pub async fn supervise(
        &self,
        inv: &Invocation,
        turns: mpsc::UnboundedReceiver<Turn>,
        stop: watch::Receiver<StopLevel>,
        lines: &mut (dyn FnMut(Line) -> Flow + Send),
    ) -> Exit {
        let began = Instant::now();
        match command::spawn(inv, &self.marker, self.watchdog.as_ref(), &stop).await {
            Ok(spawned) => supervise::Child::new(spawned, inv, turns, stop, lines).run().await,
            Err(ending) => supervise::never_ran(ending, began.elapsed()),
        }
    }
}
