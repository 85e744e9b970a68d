//! Several steps, one after the other, on one budget: each is a protocol of its own.
//!
//! The first step works on the question. Every further one also gets what the step before it came
//! to: `refine` as its draft, the others as material beside the question; or, with
//! [`Feed::Prompt`], in place of the question. A step with a [`Condition`] runs only if that holds for
//! the step right before it; if it does not run, the value passes it by. A step that ends without an
//! answer, or otherwise than with exit code 0 or 2, ends the run; the run ends as its last step did.
//! What a debate hands on is what its judge says most of them hold; without a judge, all positions.
//!
//! The ids of a step's calls begin with its name: `step1/r1/sample/1`. What each step cost follows
//! from that.

mod condition;
mod explain;
mod help;
mod machine;
mod settings;

pub use condition::Condition;
pub(crate) use condition::{Measured, Number, names};
#[doc(hidden)]
pub use machine::Pipeline;
pub use settings::{Feed, PipelinePlan, StepKind, StepPlan};
