//! Ends what is left when this program dies without a chance to do so itself: killed, out of
//! memory.
//!
//! A second process, told of each child over a pipe, that acts when the pipe ends. It is a session
//! of its own and deaf to the signals of a terminal, so that it outlives the one it watches over. At
//! a normal end it has nothing to do but to look for descendants that left their group. One that is killed or stopped
//! itself is replaced at once.
//!
//! Everybody else's guards die with their process, and the kernel's own means, a parent-death
//! signal, reaches the direct child alone. Without a watchdog (a library user that starts none)
//! there are only the guards.

mod body;
mod book;
mod client;
mod message;

pub use body::run;
pub(super) use client::Process;
pub use client::Watchdog;
