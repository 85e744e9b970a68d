//! Options of refining one text.

use crate::app::options::Options;
use crate::app::plans::Drawn;
use crate::app::plans::self_refine::critique;
use crate::app::request::Steps;
use crate::app::roster::RosterBuilder;
use crate::protocol::refine::{CritiquePlan, RefineMode, RefinePlan};

impl Drawn for RefinePlan {
    /// Without a text.
    fn draw(options: &mut Options, roster: &mut RosterBuilder<'_>) -> Self {
        let mut plan = Self { peer_judge: true, ..Self::default() };
        options.fill(&mut plan);
        match &mut plan.mode {
            RefineMode::Score(score) => options.fill(score),
            RefineMode::Critique(passes) => *passes = critique(options, roster),
        }
        if plan.is_judged() {
            options.fill_roles(&mut plan, roster);
        }
        Self { tuning: roster.tuning(options), ..plan }
    }

    fn draw_run(options: &mut Options, roster: &mut RosterBuilder<'_>, _steps: &Steps) -> Self {
        let plan = Self::draw(options, roster);
        roster.first_alone(plan.is_judged() && plan.judge.is_none(), plan.refiner());
        Self { draft: roster.draft.clone(), ..plan }
    }

    fn called(&self) -> Option<&'static str> {
        Some(match &self.mode {
            RefineMode::Score(_) => "`refine` in score mode",
            RefineMode::Critique(CritiquePlan { verify: true, .. }) => "`refine` in critique mode",
            RefineMode::Critique(_) => "`refine` in critique mode with --no-verify",
        })
    }
}
