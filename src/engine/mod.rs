//! Drives a protocol: feeds it what settles, does what it asks, counts what it costs, and stops
//! when it is told to.
//!
//! ```text
//! world --Record--> Fold --Input--> Protocol --Outbox--> Fold --Effect--> world
//!                     \--Event--> whoever listens        \--Ledger (calls, attempts, usage)
//! ```
//!
//! [`Fold`] is the run itself, without a clock or a task. [`drive`] is the world around it while it
//! happens; a replay is the same fold over what was recorded.

mod drive;
mod fold;
mod ledger;
mod limit;
mod record;
mod recorded;
mod refold;
mod steps;
mod stop;

pub use drive::{Bounds, Clock, World, drive, go_on};
pub use fold::{Briefing, Effect, Fold, Listener};
pub use ledger::{Ledger, Registered};
pub use record::{Entry, Record};
pub use recorded::{FORMAT, Header, Recorded, begin_journal};
pub use refold::{Refolded, Unfit, refold};
pub use stop::{signals, stop_channel};
