//! The record of a run on disk: one JSONL file, appended to, chained, locked.
//!
//! Nothing here knows what a record means: the chain turns bodies into lines and back and notices
//! what was changed, [`Writer`] puts lines on the disk in time, [`read`] takes them in again, and
//! [`Store`] finds, lists and removes runs.

mod chain;
mod reader;
mod store;
mod writer;

pub use chain::{Broken, Chain};
pub use reader::{Contents, Lines, ReadError, ends, read};
pub use store::{Retention, Store, StoreError, Stored};
pub use writer::{Failed, Writer};
