//! The commands that make a run, one file each: flags, and from them a request.

pub mod consensus;
pub mod debate;
pub mod demo;
pub mod dry_run;
pub mod pipe;
pub mod plan_file;
pub mod refine;
pub mod sample;
pub mod self_refine;
pub mod shared_args;
pub mod typed;
