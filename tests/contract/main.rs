//! The real vendor CLIs against the loopback stand-in of their APIs: `make contract`.
//!
//! `transcripts` ends every row of the vendors' failure tables in its class, and records what the CLIs print
//! where `REFINERY_RECORD` names a folder (`REFINERY_CASE` picks one case). `requests`, `large` and
//! `isolation` look at what reaches the vendors, `kept` at calls that share a process, `roles` plays every protocol. The others run
//! the whole program: `program` a consensus run, `commands` and `debates` every other command, `resumes` what
//! was stopped, and `audit` holds what a run says of itself against what reached the vendors. `drift` holds a
//! plain call of each against what it was with the tested version (`make drift`). All calls go through the layers of a
//! run; a CLI that is not installed fails the tests, never skips them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod audit;
mod bench_real;
mod cases;
mod commands;
mod debates;
mod doctor;
mod drift;
mod driver;
mod installed;
mod isolation;
mod kept;
mod large;
mod loopback_server;
mod program;
mod redact;
mod requests;
mod resumes;
mod roles;
mod sandbox;
mod slots;
mod sockets;
mod texts;
mod transcripts;
mod user_home;

#[path = "../support/folder.rs"]
mod folder;
#[path = "../support/loopback/mod.rs"]
mod loopback;
