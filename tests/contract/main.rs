//! The real vendor CLIs against the loopback stand-in of their APIs: `make contract`.
//!
//! `transcripts` runs every row of the vendors' failure tables, and records what the CLIs print where
//! `REFINERY_RECORD` names a folder.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod cases;
mod doctor;
mod driver;
mod installed;
mod isolation;
mod large;
mod person;
mod program;
mod redact;
mod requests;
mod slots;
mod stage;
mod stand_in;
mod transcripts;

#[path = "../support/loopback/mod.rs"]
mod loopback;
