//! The `refinery` program.

use refinery_core::process::watchdog;

fn main() {
    // Before anything else: the watchdog must not wait for, or fail on, what the program needs.
    if std::env::args_os().nth(1).is_some_and(|word| word == "__watchdog") {
        watchdog::run();
    }
}
