//! Drives a protocol: feeds it what settles, does what it asks, counts what it costs, and stops
//! when it is told to.
//!
//! ```text
//! world --Record--> Fold --Input--> Protocol --Outbox--> Fold --Effect--> world
//!                     \--Event--> whoever listens        \--Ledger (calls, attempts, usage)
//! ```
//!
//! [`Fold`] is the run itself, without a clock or a task. `drive` is the world around it while it
//! happens, [`Stepped`] the same with a caller who says when the next round begins; a replay is the same
//! fold over what was recorded.

mod briefing;
mod drive;
mod fold;
mod ledger;
mod limit;
mod live;
mod record;
mod recorded;
mod refold;
mod stepped;
mod steps;
mod stop;

pub use drive::{Bounds, Clock, RunDeps, drive, go_on};
pub use fold::{Briefing, Effect, Fold, Listener, OwnListener};
pub use ledger::{Ledger, Registered};
pub use record::{Entry, Record};
pub use recorded::{FORMAT, Header, Recorded, begin_journal, is_finished};
pub use refold::{Refolded, Unfit, refold};
pub use stepped::Stepped;
pub use stop::{signals, stop_channel};
