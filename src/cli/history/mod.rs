//! Commands for saved runs.

pub mod cost;
pub mod journal_args;
pub mod list;
pub mod replay;
pub mod runs;
