//! One integration-test binary; one file per subject.

mod engine;
