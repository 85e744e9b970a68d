//! The program's log: what `RUST_LOG` asks for goes to standard error, everything else nowhere.

use crate::report::OutputStream;
use tracing_subscriber::EnvFilter;

/// Starts the log, if the variable `RUST_LOG` is set: `debug`, or per module, such as `refinery_core::call=trace`.
pub fn start() {
    let Some(wanted) = std::env::var("RUST_LOG").ok().filter(|wanted| !wanted.is_empty()) else { return };
    match EnvFilter::try_new(&wanted) {
        // A second start in one process keeps the first log.
        Ok(filter) => {
            let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr);
            let _ = log.try_init();
        }
        Err(error) => OutputStream::stderr().line(&format!("warning: RUST_LOG is ignored: {error}")),
    }
}
