//! From what was typed to a run that is ready, and from there to one that is finished: everything that
//! can be wrong is found before the first call.

pub mod demo;
pub mod dry_run;
pub mod execute;
pub mod input;
pub mod prepare;
pub mod seats;
pub mod world;
