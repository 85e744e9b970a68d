//! Several answers to the same bare question, counted: the one that most samples gave wins.
//!
//! Samples are dealt to the participants in turn. They are asked for all at once, or one after the
//! other where that was asked for or where the run may end early. A [`Normaliser`] says what makes
//! two answers the same; the answer that is returned is the original text of the first sample of the
//! winner. A sample that failed does not void the others, but it counts among those asked for, and
//! fails unanimity.
//!
//! The outcome depends on what the replies say, in index order, and never on when they come.
//!
//! ```
//! use refinery_core::protocol::sampling::{Strategy, Vote, Normaliser};
//!
//! let forms: Vec<_> = ["4", "5", "4 "].iter().map(|text| Some(Normaliser::Whitespace.form(text))).collect();
//! let vote = Vote::count(Strategy::Majority, &forms);
//! assert_eq!((vote.winning_sample(), vote.votes(), vote.ties), (Some(0), 2, 1));
//! ```

mod explain;
mod help;
mod machine;
mod outcome;
mod settings;
mod stop;
mod vote;

pub use crate::protocol::normalise::Normaliser;
#[doc(hidden)]
pub use machine::Sampling;
#[doc(hidden)]
pub use outcome::passes;
pub use settings::{EarlyStop, SamplingPlan, Strategy};
#[doc(hidden)]
pub use stop::{Decided, Stop};
#[doc(hidden)]
pub use vote::{Group, Vote, share};
