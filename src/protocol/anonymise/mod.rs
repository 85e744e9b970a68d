//! Answers as reviewers see them: without what an author says about who it is.

mod code;
mod scrub;
mod ways;

pub use scrub::Scrub;
