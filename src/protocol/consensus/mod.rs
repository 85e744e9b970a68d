//! Propose, evaluate, close, refine, until the leader meets the threshold and is stable.

mod settings;

pub use settings::{ConsensusPlan, Material, Member, ReviewMode};
