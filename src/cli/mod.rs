//! The command line: what is typed becomes a run that is ready, or an error with the way out.

pub mod adapters;
pub mod args;
pub mod briefing;
pub mod casting;
pub mod cautions;
pub mod checkup;
pub mod config_show;
pub mod consensus;
pub mod console;
pub mod debate;
pub mod demo;
pub mod doctor;
pub mod dry_run;
pub mod entry;
pub mod execute;
pub mod input;
pub mod journal_args;
pub mod options;
pub mod parse;
pub mod persona_files;
pub mod personas;
pub mod planner;
pub mod prepare;
pub mod probe;
pub mod replay;
pub mod resume;
pub mod runs;
pub mod sample;
pub mod seats;
pub mod settings;
pub mod shared_args;
pub mod supervised;
pub mod world;

pub use entry::main;
pub use prepare::{Ready, prepare};
pub use seats::Seat;
