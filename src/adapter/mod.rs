//! How one vendor CLI is driven: text in, text out. A manifest says how to start it, a codec reads
//! what it prints. Nothing here touches the operating system.

mod carry;
pub mod catalog;
pub mod codec;
mod environment;
pub mod expiry;
pub mod facts;
pub mod fill;
pub mod login;
pub mod manifest;
pub mod pool;
pub mod prepare;
pub mod rules;
pub mod when;

pub use catalog::{Catalog, ManifestError};
pub use codec::{Codec, End, Progress, Step};
pub use environment::{CALL, MARK_CALLS};
pub use expiry::may_refresh;
pub use facts::{Host, LoginFile, Program};
pub use login::{StoredLogin, login_note, stored};
pub use manifest::{Manifest, ResolvedModel};
pub use pool::{Billing, ChosenPool, PoolKind, PoolProblem, choose, named};
pub use prepare::{Prepared, Request, prepare};
