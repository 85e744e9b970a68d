//! What all runs of this process share, made once: runtime, signals, watchdog.

use crate::app::execute::ProgramEnv;
use crate::engine;
use crate::error::Error;
use crate::host::machine::{self, LETTERS, random};
use crate::process::{Marker, Supervisor, Watchdog};
use crate::report::OutputStream;
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
    pub fn start() -> Result<Self, Error> {
        let marker = Marker::new(format!("{}-{}", random(&LETTERS, 12), std::process::id()));
        let watchdog = Watchdog::start(&program()?, &["__watchdog"], &marker).map_err(|error| {
            Error::failed(format!("the watchdog over the CLIs cannot be started: {error}"))
                .hint("it is this same program: check that it can be executed")
        })?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Error::failed(format!("no runtime: {error}")))?;
        let stop = runtime
            .block_on(async { engine::signals() })
            .map_err(|error| Error::failed(format!("no signal handlers: {error}")))?;
        let env = ProgramEnv {
            supervisor: Supervisor::new(marker).with_watchdog(watchdog),
            stop,
            clock: Arc::new(machine::steady_clock()),
            debug: Arc::new(|line| OutputStream::stderr().line(line)),
        };
        Ok(Self { runtime, env })
    }
}

/// This program.
///
/// # Errors
/// The system does not say where it is.
pub fn program() -> Result<PathBuf, Error> {
    std::env::current_exe()
        .map_err(|error| Error::failed(format!("the system does not say where this program is: {error}")))
}
