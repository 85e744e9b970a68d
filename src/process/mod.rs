//! Runs any invocation as a child process, and leaves nothing behind. Knows no vendor.
//!
//! ```text
//! Invocation -> command -> a child that leads a process group of its own (group)
//!
//!   Turn -> encode -> input -----> child -----> output (pipes) ----+-> reader -> lines -> codec
//!                                    |          follow (files) ----+               |
//!                                    |                                             v
//!   Spawning -> Running -> Leaving --+--> Terminating -> Draining -> Exited     Flow: More, Done
//!                  (supervise: every clock of a call, every signal to a child)
//! ```
//!
//! A guard kills the whole group when the future that supervises a child is dropped; a
//! [`Watchdog`] does so when this whole process dies.

mod clocks;
mod command;
mod encode;
mod file_lock;
mod follow;
mod group;
mod input;
mod lines;
mod orphans;
mod output;
pub mod paste;
mod procfs;
mod reader;
mod registry;
pub mod scratch;
mod shortage;
mod supervise;
mod supervisor;
pub mod watchdog;

pub(crate) use clocks::Clocks;
pub use file_lock::FileLock;
pub use orphans::Orphans;
pub use procfs::is_ignored;
pub use scratch::Scratch;
pub(crate) use shortage::is_shortage;
pub use supervisor::{MARKER_NAME, Marker, Supervisor};
pub use watchdog::Watchdog;
