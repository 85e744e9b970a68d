//! One integration-test binary; one file per subject.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "helpers of tests may fail them")]

mod support;

mod protocol_consensus;
mod protocol_prompts;
mod protocol_properties;
mod protocol_vectors;
