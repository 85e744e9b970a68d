//! What a request comes to with these participants: what options cannot say by themselves, one file for each protocol.

mod consensus;
mod debate;
pub mod pipe;
mod refine;
mod sample;
pub mod self_refine;
pub mod steps;

use crate::app::options::Options;
use crate::app::request::{RunRequest, Steps};
use crate::app::roster::RosterBuilder;
use crate::error::Error;
use crate::outcome::with_protocols;
use crate::plan::{ProtocolKind, ProtocolPlan};
use crate::protocol::pipeline::StepKind;
use crate::protocol::plans::*;

/// A plan that is drawn up from options and participants. Wrong values stay with the options.
trait Drawn: Sized {
    /// As a step of a pipeline, and as far as it is the same, as a run.
    fn draw(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Self;

    /// As a run of its own.
    fn draw_run(options: &mut Options, roster: &mut RosterBuilder<'_>, _steps: &Steps) -> Self {
        Self::draw(options, roster)
    }

    /// What it is called in errors, if not by its name alone.
    fn called(&self) -> Option<&'static str> {
        None
    }
}

macro_rules! drawn {
    ({$($(#[$doc:meta])* $name:ident = $word:literal: $plan:ty, $held:ty, $body:ty;)+}
     {$($(#[$whole_doc:meta])* $whole:ident = $whole_word:literal: $whole_plan:ty, $whole_held:ty, $whole_body:ty;)+}) => {
        /// The plan of a request. May be made more than once: with missing participants, again for those that are
        /// left.
        ///
        /// # Errors
        /// Options that cannot be; all of them at once.
        pub fn protocol(request: &RunRequest, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
            let mut options = Options::of(&request.options);
            let (plan, called) = match request.command {
                $(ProtocolKind::$name => {
                    let plan = <$plan>::draw_run(&mut options, roster, &request.steps);
                    let called = plan.called().unwrap_or(concat!("`", $word, "`"));
                    (ProtocolPlan::$name(plan.into()), called)
                })+
                $(ProtocolKind::$whole => {
                    let plan = <$whole_plan>::draw_run(&mut options, roster, &request.steps);
                    (ProtocolPlan::$whole(plan), concat!("`", $whole_word, "`"))
                })+
            };
            options.finish(called)?;
            Ok(plan)
        }

        /// What is wrong with the values of a request's options, as far as that can be seen without the settings.
        pub fn wrong_values(request: &RunRequest) -> Vec<Error> {
            let mut options = Options::of(&request.options);
            match request.command {
                $(ProtocolKind::$name => options.fill(&mut <$plan>::default()),)+
                $(ProtocolKind::$whole => {})+
            }
            options.errors()
        }

        /// What a step of this name does with these options, and what people call it; nothing, if there is no such
        /// step.
        fn step(kind: &str, options: &mut Options, roster: &mut RosterBuilder<'_>) -> Option<(StepKind, &'static str)> {
            Some(match kind {
                $($word => {
                    let plan = <$plan>::draw(options, roster);
                    let called = plan.called().unwrap_or(concat!("`", $word, "`"));
                    (StepKind::$name(plan.into()), called)
                })+
                _ => return None,
            })
        }
    };
}
with_protocols!(drawn);
