//! What several subjects share.

pub mod calls;
pub mod debate;
pub mod debate_scripts;
pub mod disk;
#[path = "../fake_cli/failure_kind.rs"]
pub mod failure_kind;
pub mod fake_cli;
pub mod fakes;
pub mod folder;
pub mod folds;
pub mod in_process;
pub mod on_disk;
pub mod program;
pub mod record;
pub mod room;
pub mod sandbox;
pub mod schemas;
pub mod scripted_backends;
pub mod scripted_providers;
pub mod simulate;
pub mod snapshot;
pub mod terminal;
