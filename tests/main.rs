//! One integration-test binary; one file per subject.

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
