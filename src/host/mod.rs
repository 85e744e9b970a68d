//! What the rim finds on this machine: programs, versions, logins, the environment, input. Found
//! once, before the first call, and handed on as plain data.

pub mod dotenv;
pub mod files;
pub mod folders;
pub mod locate;
pub mod login;
pub mod machine;
pub mod manifests;
pub mod program;
pub mod shims;
pub mod stdin;
pub mod version;

pub use folders::Folders;
pub use machine::Machine;
