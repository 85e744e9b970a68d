//! The commands that make a run, one file each: clap types, and what they become. All of them are
//! [`Planner`](planner::Planner)s; options have the same names as flags, in steps and in files.

pub mod consensus;
pub mod debate;
pub mod demo;
pub mod dry_run;
pub mod pipe;
pub mod planner;
pub mod refine;
pub mod sample;
pub mod self_refine;
pub mod shared_args;
pub mod steps;
