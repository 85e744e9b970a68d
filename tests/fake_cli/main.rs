//! A fake of the vendors' CLIs, for tests and benches: a real subprocess that plays a script in the vendors'
//! formats, faults included.
//!
//! It is started as `fake-cli --as VENDOR [--script FILE] [--name WHO] -- ARGUMENTS`, from where the vendor's
//! own program would be, so that everything else (adapters, process layer, protocols) is the real thing.
//! [`script`] says what a script can do. It starts no runtime, so that it is there within a few milliseconds.

mod action;
mod call;
mod clock;
mod compose;
mod draw;
mod failure_kind;
mod faults;
mod kept;
mod log;
mod marker;
mod options;
mod output;
mod request;
mod rules;
mod run;
mod script;
mod speech;
mod threads;
mod vendor;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(run::run(std::env::args_os().skip(1)))
}
