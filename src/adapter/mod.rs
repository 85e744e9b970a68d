//! The adapters: a manifest says how a vendor's CLI is started, a codec reads what it prints. Pure text:
//! nothing here touches the operating system.

pub mod catalog;
pub mod codec;
mod environment;
mod expiry;
pub mod facts;
mod jwt;
pub mod manifest;
mod overflow;
pub mod pool;
pub mod prepare;
pub mod retry_time;
pub mod rules;
mod stored_login;
pub mod template;
pub mod worker;

pub use catalog::{Catalog, ManifestError};
pub use codec::{Codec, End, Progress, Step};
#[cfg(feature = "cli")]
pub(crate) use environment::holds_secret;
pub use environment::{CALL, MARK_CALLS, other_addresses};
pub use expiry::may_refresh;
pub use facts::{Host, LoginFile, Program};
pub use manifest::{Keyring, Manifest, ResolvedModel, RunNeeds, Transport};
pub use pool::{Billing, ChosenPool, PoolKind, PoolProblem, choose, named, refusal};
pub use prepare::{Prepared, Request, look, prepare};
pub use stored_login::{StoredLogin, login_note};
pub use worker::{Ask, TurnId, WorkerCodec, WorkerEvent, worker_codec};
