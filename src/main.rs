//! The `refinery` program.

use refinery_core::process::watchdog;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    // Before anything else: the watchdog must not wait for, or fail on, what the program needs.
    if words.get(1).is_some_and(|word| word == "__watchdog") {
        watchdog::run();
        return ExitCode::SUCCESS;
    }
    // A demo's replies have times of their own: no runtime is started for them.
    if words.get(1).is_some_and(|word| word == "__demo") {
        return ExitCode::from(refinery_core::demo::run(words.into_iter().skip(2)));
    }
    refinery_core::cli::log::start();
    ExitCode::from(refinery_core::cli::main(&words))
}
