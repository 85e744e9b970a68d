//! One integration-test binary; one file per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

mod cli_config;
mod cli_errors;
mod dependencies;
mod engine;
mod journal;
mod layers;
#[path = "support/program.rs"]
mod program;
mod reports;
