//! Commands for saved runs.

pub mod journal_args;
pub mod replay;
pub mod runs;
