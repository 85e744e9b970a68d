//! One integration-test binary; one file per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should stop")]

mod dependencies;
mod engine;
mod journal;
mod layers;
mod standin_failures;
mod standin_faults;
mod standin_formats;
mod standin_scenes;
#[path = "support/standin.rs"]
mod standin_support;
