//! The commands that only look, and ask nobody (but for `doctor --probe`).

pub mod adapters;
pub mod checkup;
pub mod config_show;
pub mod doctor;
pub mod personas;
pub mod probe;
pub mod schema;
pub mod supervised;
