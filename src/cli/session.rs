//! What all runs of this process share, made once: runtime, signals, watchdog.

use crate::app::execute::ProgramEnv;
use crate::engine;
use crate::host::machine::{self, LETTERS, random};
use crate::process::{Marker, Supervisor, Watchdog};
use crate::report::OutputStream;
use anyhow::Context as _;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// What all runs of this process share.
pub struct Session {
    /// Where they are polled.
    pub runtime: Runtime,
    /// What they are given.
    pub env: ProgramEnv,
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
        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().context("cannot start threads")?;
        let stop = runtime.block_on(async { engine::signals() }).context("cannot handle signals")?;
        let env = ProgramEnv {
            supervisor: Supervisor::new(marker).with_watchdog(watchdog),
            stop,
            clock: Arc::new(machine::steady_clock()),
            notice: Arc::new(|line| OutputStream::stderr().line(line)),
        };
        Ok(Self { runtime, env })
    }
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
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr);
        // A host that has its own keeps it.
        let _ = log.try_init();
    }
}
