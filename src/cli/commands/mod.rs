//! The commands that make a run: flags, and from them a request.

pub mod demo;
pub mod dry_run;
pub mod plan_file;
pub mod protocols;
pub mod shared_args;
pub mod typed;
