//! How a run is told to stop: a level that only rises, and the signals that raise it.

use crate::invocation::StopLevel;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The number of the signal for a file that grows beyond its limit, on Linux and macOS.
const XFSZ: i32 = 25;

/// A level that starts at [`StopLevel::Run`], and its reader.
#[must_use]
pub fn stop_channel() -> (watch::Sender<StopLevel>, watch::Receiver<StopLevel>) {
    watch::channel(StopLevel::Run)
}

/// Raises `level`; it never falls.
pub(crate) fn raise(level: &watch::Sender<StopLevel>, to: StopLevel) {
    level.send_if_modified(|current| {
        let rises = to > *current;
        if rises {
            *current = to;
        }
        rises
    });
}

/// Listens to INT, TERM and HUP from here on: the first winds the run up, the second kills what is
/// left of it, the third ends the program at once with exit code 130. One that was ignored when the program
/// was started stays ignored: `nohup refinery …` outlives its terminal.
///
/// # Errors
/// The system refuses a signal handler.
pub fn signals(is_ignored: impl Fn(i32) -> bool) -> io::Result<watch::Receiver<StopLevel>> {
    let (sender, receiver) = stop_channel();
    let listen = |kind: SignalKind| match is_ignored(kind.as_raw_value()) {
        true => Ok(None),
        false => signal(kind).map(Some),
    };
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    // Heard, it no longer kills: a write beyond the limit of a file's size then fails as one to a
    // full disk does. Children do not inherit a handler.
    drop(signal(SignalKind::from_raw(XFSZ))?);
    tokio::spawn(async move {
        for level in [Some(StopLevel::Wind), Some(StopLevel::Kill), None] {
            tokio::select! {
                () = arrives(&mut interrupt) => {}
                () = arrives(&mut terminate) => {}
                () = arrives(&mut hangup) => {}
            }
            match level {
                Some(level) => raise(&sender, level),
                // The watchdog sees us go, and ends what we leave.
                None => std::process::exit(130),
            }
        }
    });
    Ok(receiver)
}

/// Waits for a signal; for ever, if it is not listened to.
async fn arrives(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
