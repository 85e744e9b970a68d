//! Commands that call no model, except `doctor --probe`.

pub mod adapters;
pub mod checkup;
pub mod config_show;
pub mod doctor;
pub mod personas;
pub mod probe;
pub mod schema;
pub mod supervised;
