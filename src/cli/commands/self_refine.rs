//! `--self-refine`: the critique pass over the final answer of any run, and what it has in common with
//! `refine --mode critique`.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::cli::args::entry;
use crate::config::refine::{epsilon, excluded, max_passes, min_bytes};
use crate::config::value::yes;
use crate::config::{Key, SettingValue};
use crate::error::Error;
use crate::protocol::refine::{CritiquePlan, SelfRefinePlan};
use clap::Args;

/// What is done with the final answer of a run.
#[derive(Debug, Default, Args)]
pub struct SelfRefineArgs {
    /// After a run that ended 0 or 2, critique and rewrite its answer [default: off]
    #[arg(long, help_heading = "Self-refine", overrides_with = "no_self_refine")]
    pub self_refine: bool,

    /// Leave the answer as it is, whatever environment and configuration say
    #[arg(long, help_heading = "Self-refine")]
    pub no_self_refine: bool,

    /// Who critiques and rewrites, also somebody who takes no part otherwise; `@effort` says how hard it
    /// thinks [default: who wrote the answer, after a debate the first participant; effort medium]
    #[arg(long, value_name = "PARTICIPANT[@EFFORT]", help_heading = "Self-refine")]
    pub refiner: Option<String>,

    /// Score the rewrite, and adopt it only if it is not worse
    #[arg(long, help_heading = "Self-refine")]
    pub verify: bool,

    /// Most passes, 1 to 20 [default: 1]
    #[arg(long, value_name = "PASSES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_max_passes: Option<String>,

    /// Leave answers of fewer bytes as they are, at least 0 [default: 200]
    #[arg(long, value_name = "BYTES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_min_bytes: Option<String>,

    /// End with a rewrite that differs in no more than so many bytes, at least 1 [default: 50]
    #[arg(long, value_name = "BYTES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_epsilon: Option<String>,

    /// Leave what these roles and steps wrote as it is, a comma list: consensus, debate, sample, pipe,
    /// step1, ... [default: formatter,deps,refiner,verifier]
    #[arg(long, value_name = "NAMES", help_heading = "Self-refine")]
    pub refine_exclude: Option<String>,
}

impl SelfRefineArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        let yes = |set: bool| set.then(|| "true".to_owned());
        let enabled = if self.no_self_refine { Some("false".to_owned()) } else { yes(self.self_refine) };
        [
            (Key::RefineEnabled, enabled),
            (Key::RefinerModel, self.refiner.clone()),
            (Key::RefineVerify, yes(self.verify)),
            (Key::RefineMaxPasses, self.refine_max_passes.clone()),
            (Key::RefineMinBytes, self.refine_min_bytes.clone()),
            (Key::RefineEpsilon, self.refine_epsilon.clone()),
            (Key::RefineExclude, self.refine_exclude.clone()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some(entry(key, vec![value?])))
        .collect()
    }
}

/// The critique pass over the answer, where the settings ask for one.
///
/// # Errors
/// A refiner that cannot be.
pub fn plan(roster: &mut RosterBuilder<'_>) -> Result<Option<SelfRefinePlan>, Error> {
    let settings = &roster.settings.refine;
    if !settings.enabled {
        // In the configuration it may wait for the day on which somebody asks.
        if !settings.flags.is_empty() {
            let flags = settings.flags.join(", ");
            roster.warnings.push(format!("{flags}: of no use here, since nobody asked for `--self-refine`"));
        }
        return Ok(None);
    }
    let mut options = Options::default();
    let critique = critique(&mut options, roster);
    let tuning = roster.tuning(&mut options);
    options.finish("self-refine")?;
    Ok(Some(SelfRefinePlan { critique, judge: None, wrote: None, tuning }))
}

/// How a text is critiqued and rewritten: what is said of it, else what the settings say; wrong values
/// stay with `options`.
pub fn critique(options: &mut Options, roster: &mut RosterBuilder<'_>) -> CritiquePlan {
    let settings = &roster.settings.refine;
    let said = options.words("refiner");
    let refiner = said.or_else(|| settings.refiner.clone().map(|refiner| (refiner.word, refiner.place)));
    let named = refiner.and_then(|(word, place)| options.take(roster.give_part_with_effort(&word, &place)));
    let usual = settings.critique.clone();
    CritiquePlan {
        effort: named.as_ref().and_then(|named| named.effort).or(usual.effort),
        refiner: named.map(|named| named.id),
        max_passes: options.read("max_passes", max_passes).unwrap_or(usual.max_passes),
        min_bytes: options.read("min_bytes", min_bytes).unwrap_or(usual.min_bytes),
        epsilon: options.read("epsilon", epsilon).unwrap_or(usual.epsilon),
        exclude: options.read("exclude", |text| Ok(excluded(&[text]))).unwrap_or(usual.exclude),
        verify: options.read("verify", yes).unwrap_or(usual.verify),
    }
}
