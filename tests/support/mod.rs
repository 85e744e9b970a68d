//! What several subjects share.

pub mod calls;
pub mod cast;
pub mod debate;
pub mod debate_scenes;
pub mod disk;
pub mod fakes;
pub mod folder;
pub mod folds;
pub mod program;
pub mod record;
pub mod room;
pub mod schemas;
pub mod shown;
pub mod simulate;
pub mod standin;
pub mod theatre;
pub mod toy;
#[path = "../fake_cli/trouble.rs"]
pub mod trouble;
pub mod within;
