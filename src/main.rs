//! The `refinery` program.

use refinery_core::process::watchdog;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    match words.get(1) {
        // Before anything else: the watchdog must not wait for, or fail on, what the program needs.
        Some(word) if word == "__watchdog" => {
            watchdog::run();
            ExitCode::SUCCESS
        }
        // So must a stand-in for a vendor's CLI: it is to be there within milliseconds.
        Some(word) if word == "__standin" => ExitCode::from(refinery_core::standin::run(words.into_iter().skip(2))),
        _ => ExitCode::from(refinery_core::cli::main(&words)),
    }
}
