//! The `refinery` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    // Before anything else: a stand-in for a vendor's CLI must be there within milliseconds.
    if args.next().is_some_and(|word| word == "__standin") {
        return ExitCode::from(refinery_core::standin::run(args));
    }
    ExitCode::SUCCESS
}
