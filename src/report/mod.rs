//! What people and programs see of a run. Reporters read events and the finished run, nothing else.

pub mod activity;
pub mod document;
pub mod event_line;
pub mod evidence;
pub mod format;
pub mod frame;
pub mod human;
#[cfg(feature = "cli")]
pub mod live;
pub mod output_stream;
pub mod paint;
pub mod problem;
mod progress;
pub mod reporter;
pub mod summary;
pub mod table;
mod terminal;
mod why;
pub(crate) mod wrap;

pub use format::OutputFormat;
pub use human::{Human, Plain, Screen};
pub use output_stream::OutputStream;
pub use paint::Paint;
pub use reporter::{Reporter, Reporters};
