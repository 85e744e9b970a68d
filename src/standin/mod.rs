//! The stand-in CLI: a real subprocess that plays a scene in the vendors' formats.
//!
//! It is the same binary, started as `refinery __standin --as VENDOR [--scene FILE] -- ARGUMENTS`.
//! `refinery demo` and the tests put it where the vendor's own program would be, so that everything
//! else (adapters, process layer, protocols) is the real thing. [`scene`] says what a scene can do.
//! It starts no runtime and no thread, so that it is there within a few milliseconds.

pub mod act;
mod clock;
mod compose;
pub mod demo;
mod draw;
mod floor;
mod log;
mod marker;
mod misbehave;
mod options;
mod output;
mod phase;
#[cfg(test)]
mod rehearsal;
mod request;
mod rules;
mod run;
pub mod scene;
mod speech;
mod vendor;

pub use marker::{Mark, author};
pub use phase::{Phase, phase};
pub use run::run;
pub use scene::Scene;
pub use vendor::Vendor;
