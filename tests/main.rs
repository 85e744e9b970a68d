//! One integration-test binary; one file per subject.

mod support;

mod protocol_consensus;
mod protocol_prompts;
mod protocol_properties;
mod protocol_vectors;
