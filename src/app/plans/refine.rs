//! Options of refining one text.

use crate::app::options::Options;
use crate::app::plans::self_refine::critique;
use crate::app::roster::RosterBuilder;
use crate::config::value::{at_least, number, whole, word, yes};
use crate::protocol::refine::{CritiquePlan, RefineMode, RefinePlan, ScorePlan};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Score,
    Critique,
}

const MODES: [(&str, Mode); 2] = [("score", Mode::Score), ("critique", Mode::Critique)];

/// A run that refines a text, without the text; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &mut RosterBuilder<'_>) -> RefinePlan {
    let mode = match options.read("mode", |text| word(text, &MODES)).unwrap_or(Mode::Score) {
        Mode::Score => RefineMode::Score(score(options)),
        Mode::Critique => {
            let accept_unstructured = options.read("accept_unstructured", yes).unwrap_or(false);
            RefineMode::Critique(CritiquePlan { accept_unstructured, ..critique(options, roster) })
        }
    };
    let judge = if judges(&mode) { options.words("judge") } else { None };
    let judge = judge.and_then(|(word, place)| options.take(roster.assign(&word, &place)));
    RefinePlan { author: None, judge, draft: None, mode, tuning: roster.tuning(options) }
}

/// What a plan is called in errors.
#[must_use]
pub fn what(plan: &RefinePlan) -> &'static str {
    match &plan.mode {
        RefineMode::Score(_) => "`refine` in score mode",
        RefineMode::Critique(CritiquePlan { verify: true, .. }) => "`refine` in critique mode",
        RefineMode::Critique(_) => "`refine` in critique mode without --verify",
    }
}

fn judges(mode: &RefineMode) -> bool {
    match mode {
        RefineMode::Score(_) => true,
        RefineMode::Critique(critique) => critique.verify,
    }
}

fn score(options: &mut Options) -> ScorePlan {
    let usual = ScorePlan::default();
    let share = |text: &str| number(text, &(0.0..=1.0));
    let delta = options.read("delta", share);
    let seed_name = options.read("delta_threshold", share);
    ScorePlan {
        target_score: options.read("target_score", share).unwrap_or(usual.target_score),
        max_iterations: options.read("max_iterations", |text| whole(text, &(0..=100))).unwrap_or(usual.max_iterations),
        patience: options.read("patience", |text| whole(text, &(1..=100))).unwrap_or(usual.patience),
        delta: delta.or(seed_name).unwrap_or(usual.delta),
        max_eval_chars: options.read("max_eval_chars", |text| at_least(text, 1)),
    }
}
