//! Calls through processes that are kept: a worker answers many calls, and forgets each.
//!
//! A worker is a supervised child like any other. What its vendor fixes at the start is its key; a call goes to a
//! worker of its key that has a place ([`pool`]). The call's clocks and its stop end that call alone: it is
//! interrupted, and the worker is killed unless it confirms that nothing is left ([`worker`]).

mod pool;
mod worker;

pub use pool::WorkerPool;
pub(super) use pool::{Started, Wanted};
pub(super) use worker::{Key, NoAnswer};

use crate::adapter::manifest::KeptSpec;

/// How the processes of a participant are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// What the adapter says.
    pub spec: KeptSpec,
    /// Most workers of its adapter, at least 1.
    pub most: usize,
}
