//! Drives a protocol: feeds it what settles, does what it asks, counts what it costs, and stops
//! when it is told to.
//!
//! ```text
//! Protocol --Outbox--> drive --spawn--> Caller --Answered--> drive --Input--> Protocol
//!                        |  \--Ledger (calls, attempts, usage)
//!                        \--Desk --Event--> whoever listens
//! ```

mod desk;
mod drive;
mod ledger;
mod stop;

pub use desk::{Clock, Desk};
pub use drive::{Briefing, drive};
pub use ledger::{Ledger, Registered};
pub use stop::{signals, stop_channel};
