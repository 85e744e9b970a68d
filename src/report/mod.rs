//! What people and programs see of a run. Reporters read events and the finished run, nothing else.

pub mod document;
pub mod happening;
pub mod human;
pub mod json;
pub mod jsonl;
#[cfg(feature = "cli")]
pub mod live;
pub mod outlet;
pub mod paint;
pub mod problem;
mod progress;
pub mod reporter;
pub mod room;
pub mod summary;
pub mod table;
mod verdict;
mod view;

pub use human::{Human, Plain, Screen};
pub use json::Json;
pub use jsonl::Jsonl;
pub use outlet::Outlet;
pub use paint::Paint;
pub use reporter::{Reporter, Reporters};
