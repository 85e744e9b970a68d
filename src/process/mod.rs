//! Runs any invocation as a child process, and leaves nothing behind. Knows no vendor.
//!
//! ```text
//! Invocation --command--> Spawning -> Running -> Leaving -> Draining -> Exited     (supervise)
//!                            |           |          |          ^
//! Turn --encode--> input ----+           +----------+-> Terminating                (TERM, grace, KILL)
//!                                        ^
//! pipes --output--+                      |
//! files --follow--+--> chunks --lines--> codec says Flow           clocks: hard, first byte, idle
//! ```
//!
//! Every child leads a process group of its own; [`group`](self) signals go to the group, and a
//! guard kills it when the future that supervises it is dropped. The [`watchdog`] does the same
//! when this whole process dies.

mod clocks;
mod command;
mod encode;
mod follow;
mod group;
mod input;
mod lines;
mod output;
pub mod paste;
mod procfs;
mod reader;
pub mod scratch;
mod supervise;
mod supervisor;
pub mod watchdog;

pub use scratch::Scratch;
pub use supervisor::{MARKER_NAME, Marker, Supervisor};
pub use watchdog::Watchdog;
