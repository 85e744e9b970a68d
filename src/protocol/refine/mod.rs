//! One text, made better: scored and improved until it reaches a target, or critiqued and rewritten.
//!
//! # Score mode
//!
//! A draft, which may be given, is scored by a judge that sees the question; then the author improves
//! the best text so far, whose score and reasons it is shown, and that is scored again, until the
//! target is reached, the score stops moving, or the iterations run out. The best text is returned,
//! whatever came after it. A judgement that cannot be read is asked for once more; then that
//! iteration is dropped, not the run.
//!
//! # Critique mode
//!
//! A refiner says what is wrong with the text and rewrites it, in one reply, for a number of passes or
//! until nothing much changes any more. With verification a rewrite counts only if a judge does not
//! find it worse.
//!
//! [`SelfRefine`] runs the same passes over the final answer of any other run. There a reply that
//! does not keep to the form never replaces the answer.
//!
//! ```
//! use refinery_core::protocol::refine::{ScoreStop, ScoreWatch, converged_refine};
//!
//! let mut watch = ScoreWatch::new(Some(0.9), 3, 0.01);
//! assert_eq!([0.6, 0.8, 0.92].map(|score| watch.observe(score)), [None, None, Some(ScoreStop::Target)]);
//! assert!(converged_refine("the same", "the Same", 1));
//! ```

mod asker;
mod critique_loop;
mod critique_plan;
mod evaluator;
mod explain;
mod help;
mod machine;
mod prompts;
mod self_refine;
mod settings;
mod stop;

pub use critique_plan::CritiquePlan;
#[doc(hidden)]
pub use machine::Refine;
#[doc(hidden)]
pub use self_refine::SelfRefine;
pub use self_refine::SelfRefinePlan;
pub use settings::{RefineMode, RefinePlan, ScorePlan};
pub use stop::converged_refine;
#[doc(hidden)]
pub use stop::{ScoreStop, ScoreWatch, applies_to};
