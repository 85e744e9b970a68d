//! One integration-test binary; one file per subject.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on should stop, and some print what they counted"
)]

mod support;

mod adapter_invocations;
mod adapter_vendors;
mod cli_config;
mod cli_errors;
mod cli_plans;
mod debate_prompts;
mod debate_properties;
mod debate_vectors;
mod dependencies;
mod engine;
mod engine_bounds;
mod engine_stepped;
mod examples;
mod journal;
mod layers;
mod library_cli;
mod library_heap;
mod library_outside;
mod library_protocols;
mod library_safety;
mod library_steps;
mod library_surface;
mod process_clocks;
mod process_flood;
mod process_harness;
mod process_input;
mod process_leaks;
mod process_lifecycle;
mod process_output;
mod process_paste;
mod process_scratch;
mod process_watchdog;
mod protocol_consensus;
mod protocol_pipeline;
mod protocol_prompts;
mod protocol_properties;
mod protocol_refine;
mod protocol_sampling;
mod protocol_vectors;
mod protocol_vectors_refine;
mod reports;
mod run_budget;
mod run_debug;
mod run_demo;
mod run_doctor;
mod run_failures;
mod run_journal;
mod run_limits;
mod run_outputs;
mod run_prompts;
mod run_random;
mod run_resume;
mod run_secrets;
mod run_signals;
mod run_surroundings;
mod standin_bench;
mod standin_failures;
mod standin_faults;
mod standin_formats;
mod standin_scenes;
mod transcripts;
