//! What all runs of this process share, made once: runtime, signals, watchdog.

use crate::app::execute::ProgramEnv;
use crate::engine;
use crate::host::machine::{self, LETTERS, random};
use crate::process::{Marker, Orphans, Supervisor, Watchdog, is_ignored};
use crate::report::OutputStream;
use anyhow::Context as _;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::runtime::{Builder, Runtime};

/// What all runs of this process share.
pub struct Session {
    /// Where they are polled.
    pub runtime: Runtime,
    /// What they are given.
    pub env: ProgramEnv,
    /// Dropped last: what is left of the children then has left everything else.
    _orphans: Orphans,
}

impl Session {
    /// Begins one. Call it before anything else starts a thread: the watchdog is a copy of this program as
    /// it is now.
    ///
    /// # Errors
    /// The system refuses a process, a thread or a signal handler.
    pub fn start() -> anyhow::Result<Self> {
        let marker = Marker::new(format!("{}-{}", random(&LETTERS, 12), std::process::id()));
        let watchdog = Watchdog::start(&program()?, &["__watchdog"], &marker)
            .context("cannot start the watchdog (this same program)")?;
        let orphans = Orphans::adopt(&watchdog);
        let runtime = runtime().context("cannot start: the system's limits leave no room")?;
        let stop = runtime.block_on(async { engine::signals(is_ignored) }).context("cannot handle signals")?;
        let env = ProgramEnv {
            supervisor: Supervisor::new(marker).with_watchdog(watchdog),
            stop,
            clock: Arc::new(machine::steady_clock()),
            notice: Arc::new(|line| OutputStream::stderr().line(line)),
        };
        Ok(Self { runtime, env, _orphans: orphans })
    }
}

/// How many descriptors are free at least: tokio panics where it does not get its own.
const DESCRIPTORS: usize = 8;

/// The threads that a run needs yet: two that poll, and the journal's.
const THREADS: usize = 3;

/// Where runs are polled: on this thread alone where no others can be had.
fn runtime() -> io::Result<Runtime> {
    let room: Vec<File> = (0..DESCRIPTORS).map(|_| File::open("/dev/null")).collect::<io::Result<_>>()?;
    drop(room);
    let mut builder = match gets_threads() {
        true => Builder::new_multi_thread(),
        false => Builder::new_current_thread(),
    };
    builder.worker_threads(2).enable_all().build()
}

/// Whether the system grants threads, all at the same time.
fn gets_threads() -> bool {
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock();
    let start = |gate: Arc<Mutex<()>>| std::thread::Builder::new().spawn(move || drop(gate.lock()));
    let threads: Vec<_> = (0..THREADS).map_while(|_| start(Arc::clone(&gate)).ok()).collect();
    drop(held);
    let count = threads.len();
    for thread in threads {
        let _ = thread.join();
    }
    count == THREADS
}

/// This program.
///
/// # Errors
/// The system does not say where it is.
pub fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("cannot find this program's own file")
}

/// Sends events of the modules below to standard error, as `RUST_LOG` says; without it, none.
pub fn start_log() {
    if std::env::var_os("RUST_LOG").is_some() {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(io::stderr);
        // A host that has its own keeps it.
        let _ = log.try_init();
    }
}
