//! Answers as reviewers see them: without what an author says about who it is.

mod code;
mod scrub;

pub use scrub::Scrub;
