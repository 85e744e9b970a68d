//! The command line: what is typed becomes a run that is ready, or an error with the way out.
//!
//! ```text
//! parse, args -> entry -> ask: a command's plan -> begin: a run that is ready -> execute
//!                     \-> look, kept: commands that make no run, or go on with one
//! ```

pub mod args;
pub mod ask;
pub mod begin;
pub mod console;
pub mod entry;
pub mod kept;
pub mod log;
pub mod look;
pub mod parse;
pub mod settings;

pub use begin::prepare::{Ready, prepare};
pub use begin::seats::Seat;
pub use entry::main;
