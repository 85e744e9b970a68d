//! The critique pass over the final answer of any run, and what it has in common with refining in
//! critique mode.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::config::refine::{epsilon, excluded, max_passes, min_bytes};
use crate::config::value::yes;
use crate::error::Error;
use crate::protocol::refine::{CritiquePlan, SelfRefinePlan};

/// The critique pass over the answer, where the settings ask for one.
///
/// # Errors
/// A refiner that cannot be.
pub fn plan(roster: &mut RosterBuilder<'_>) -> Result<Option<SelfRefinePlan>, Error> {
    let settings = &roster.settings.refine;
    if !settings.enabled {
        // In the configuration they may stand for later runs.
        if !settings.flags.is_empty() {
            let flags = settings.flags.join(", ");
            roster.warnings.push(format!("{flags}: ignored without `--self-refine`"));
        }
        return Ok(None);
    }
    let mut options = Options::default();
    let critique = critique(&mut options, roster);
    let tuning = roster.tuning(&mut options);
    options.finish("`--self-refine`")?;
    Ok(Some(SelfRefinePlan { critique, judge: None, wrote: None, tuning }))
}

/// How a text is critiqued and rewritten: what is said of it, else what the settings say; wrong values
/// stay with `options`.
pub fn critique(options: &mut Options, roster: &mut RosterBuilder<'_>) -> CritiquePlan {
    let settings = &roster.settings.refine;
    let said = options.words("refiner");
    let refiner = said.or_else(|| settings.refiner.clone().map(|refiner| (refiner.word, refiner.place)));
    let named = refiner.and_then(|(word, place)| options.take(roster.assign_with_effort(&word, &place)));
    let usual = settings.critique.clone();
    CritiquePlan {
        effort: named.as_ref().and_then(|named| named.effort).or(usual.effort),
        refiner: named.map(|named| named.id),
        max_passes: options.read("max_passes", max_passes).unwrap_or(usual.max_passes),
        min_bytes: options.read("min_bytes", min_bytes).unwrap_or(usual.min_bytes),
        epsilon: options.read("epsilon", epsilon).unwrap_or(usual.epsilon),
        exclude: options.read("exclude", |text| Ok(excluded(&[text]))).unwrap_or(usual.exclude),
        verify: options.read("verify", yes).unwrap_or(usual.verify),
        accept_unstructured: false,
    }
}
