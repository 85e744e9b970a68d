//! From a request to a finished run, below every front end.
//!
//! ```text
//! RunRequest -> settings -> draft (input, roster, plans) -> prepare (resolve, freeze) -> execute (endpoints)
//!                                   again: a plan that is there already --^
//! ```

pub mod advice;
pub mod again;
pub mod concurrency;
mod confidential;
pub mod draft;
mod endpoints;
pub mod execute;
pub mod freeze;
pub mod input;
pub mod options;
pub mod persona_files;
pub mod plans;
pub mod prepare;
mod prices;
pub mod request;
pub mod resolve;
pub mod roster;
pub mod settings;
