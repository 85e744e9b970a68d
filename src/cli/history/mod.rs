//! The commands for runs that were written down: list, show, remove, go on, tell once more.

pub mod journal_args;
pub mod replay;
pub mod resume;
pub mod runs;
