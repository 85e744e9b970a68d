//! The command line: what is typed becomes a run that is ready, or an error with the way out.
//!
//! ```text
//! parse, args -> run -> commands: what a command asks for -> app: prepared, executed
//!                   \-> inspect, history: commands that make no run, or continue one
//! ```

pub mod args;
pub mod commands;
pub mod console;
pub mod history;
pub mod inspect;
pub mod log;
pub mod parse;
pub mod run;
pub mod session;

pub use run::main;
