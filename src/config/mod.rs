//! Settings in layers: default, the user's file, an explicit file, environment, flags. Each value
//! remembers where it came from, so that errors and `refinery config show` can say it.

pub mod environment;
pub mod file;
pub mod key;
pub mod layers;
pub mod refine;
pub mod schema;
pub mod settings;

pub use key::{AdapterKey, Key, Path};
pub use layers::{Layers, Origin, SettingValue, Source};
pub use refine::{RefineSettings, Typed};
pub use settings::{AdapterSettings, Settings};
