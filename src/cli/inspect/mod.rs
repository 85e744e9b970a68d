//! Commands that only look: no model is called, except by `doctor --probe`.

pub mod adapters;
pub mod checkup;
pub mod config_show;
pub mod doctor;
pub mod personas;
pub mod probe;
pub mod schema;
pub mod supervised;
