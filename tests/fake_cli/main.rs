//! A fake of the vendors' CLIs, for tests and benches: a real subprocess that plays a scene in the vendors'
//! formats, faults included.
//!
//! It is started as `fake-cli --as VENDOR [--scene FILE] [--name WHO] -- ARGUMENTS`, from where the vendor's
//! own program would be, so that everything else (adapters, process layer, protocols) is the real thing.
//! [`scene`] says what a scene can do. It starts no runtime and no thread, so that it is there within a few
//! milliseconds.

mod act;
mod clock;
mod compose;
mod draw;
mod log;
mod marker;
mod misbehave;
mod options;
mod output;
#[path = "../support/loopback/phase.rs"]
mod phase;
mod request;
mod rules;
mod run;
mod scene;
mod speech;
mod trouble;
mod vendor;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(run::run(std::env::args_os().skip(1)))
}
