//! Drives a protocol: feeds it what settles, does what it asks, counts what it costs, and stops
//! when it is told to.
//!
//! ```text
//! world --Record--> Fold --Input--> Protocol --Outbox--> Fold --Effect--> world
//!                     \--Event--> the listener        \--Ledger (calls, attempts, usage)
//! ```
//!
//! [`Fold`] is the run itself, without a clock or a task. `drive` is the world around it while it
//! happens, [`Stepped`] the same with a caller who says when the next round begins; a replay is the same
//! fold over what was recorded.

mod drive;
mod finished;
mod fold;
mod header;
mod ledger;
mod limit;
mod live;
mod record;
mod recorded;
mod replay;
mod run_meta;
mod stepped;
mod steps;
mod stop;

pub use drive::{Bounds, Clock, RunDeps, drive, resume};
pub use finished::is_finished;
pub use fold::{Effect, Fold, Listener, OwnListener, RunMeta};
pub use header::{FORMAT, Header, MINOR, Templates, begin_journal};
pub use ledger::{Ledger, Registered};
pub use record::{JournalEntry, Record};
pub use recorded::{Recorded, RecordedEnd};
pub use replay::{Replayed, Unfit, replay};
pub use stepped::Stepped;
pub use stop::{signals, stop_channel};
