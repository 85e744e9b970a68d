//! `refinery sample`: several answers to one bare question, counted.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::cli::commands::planner::Planner;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::config::SettingValue;
use crate::config::value::{number, whole, word, yes};
use crate::error::Error;
use crate::plan::ProtocolPlan;
use crate::protocol::sampling::{EarlyStop, Normaliser, SamplingPlan, Strategy};
use clap::Args;
use std::ops::RangeInclusive;

const AFTER: &str = "\
Samples are dealt to the participants in turn. `-m claude*3,codex*2` gives claude three samples and codex two of \
every five; without --num-samples, there are then as many samples as the list names (here 5).

Exit codes:
  0  the samples agree as far as was asked      2  they do not: the answer of most
  1  error, or cancelled                        3  no sample was answered
  4  command line, configuration or input       5  budget exhausted    6  parked at a usage limit

Examples:
  refinery sample \"What is 17 * 23?\" -m claude,codex --normaliser number
  refinery sample \"Is this licence permissive?\" -f LICENSE -m claude*3,codex*2 --min-agreement 0.8
  refinery sample \"Which option?\" -m claude --num-samples 15 --normaliser choice --early-stop=0.95";

/// `refinery sample`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct SampleArgs {
    /// How many samples, 1 to 100 [default: 5; with `claude*3` in the list, as many as it names]
    #[arg(short = 'n', long, value_name = "COUNT", help_heading = "Samples", allow_hyphen_values = true)]
    pub num_samples: Option<String>,

    /// When they agree: majority (the answer that most gave, however few), or unanimous (all the same,
    /// none failed) [default: majority]
    #[arg(long, value_name = "WHEN", help_heading = "Samples")]
    pub strategy: Option<String>,

    /// What makes two answers the same: whitespace (as written, but for white space), casefold (and but
    /// for upper and lower case), json (the same JSON value), number (the last number), choice (the
    /// option that they name) [default: whitespace]
    #[arg(long, alias = "normalizer", value_name = "HOW", help_heading = "Samples")]
    pub normaliser: Option<String>,

    /// The share of all samples that must have given the answer, 0 to 1; else exit code 2
    /// [default: none]
    #[arg(long, value_name = "SHARE", help_heading = "Samples", allow_hyphen_values = true)]
    pub min_agreement: Option<String>,

    /// Take one sample after the other [default: all at once]
    #[arg(long, help_heading = "Samples")]
    pub sequential: bool,

    /// Take one after the other, and end as soon as neither the answer nor --min-agreement can change;
    /// with =CONFIDENCE, above 0.5 and below 1, as soon as that is so likely [default: take all]
    #[arg(
        long,
        value_name = "CONFIDENCE",
        help_heading = "Samples",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub early_stop: Option<String>,

    /// What is done with the answer.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Planner for SampleArgs {
    fn shared(&self) -> &SharedArgs {
        &self.shared
    }

    fn entries(&self) -> Vec<SettingValue> {
        [self.shared.entries(), self.self_refine.entries()].concat()
    }

    fn room(&self) -> RangeInclusive<usize> {
        ROOM
    }

    fn plan(&self, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
        let mut options = Options::of_flags([
            ("num_samples", self.num_samples.clone()),
            ("strategy", self.strategy.clone()),
            ("normaliser", self.normaliser.clone()),
            ("min_agreement", self.min_agreement.clone()),
            ("sequential", self.sequential.then(|| "true".to_owned())),
            ("early_stop", self.early_stop.clone()),
        ]);
        let plan = plan(&mut options, roster);
        options.finish("sample")?;
        Ok(ProtocolPlan::Sample(plan))
    }
}

/// How many participants may share the samples: each has at least one.
pub const ROOM: RangeInclusive<usize> = 1..=100;

/// A sampling run; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &RosterBuilder<'_>) -> SamplingPlan {
    let usual = SamplingPlan::default();
    let listed = u32::try_from(roster.room().len()).ok().filter(|_| roster.has_doubles());
    let normaliser = options.read("normaliser", |text| word(text, &Normaliser::WORDS));
    let american = options.read("normalizer", |text| word(text, &Normaliser::WORDS));
    SamplingPlan {
        num_samples: options
            .read("num_samples", |text| whole(text, &SamplingPlan::SAMPLES))
            .or(listed)
            .unwrap_or(usual.num_samples),
        strategy: options.read("strategy", |text| word(text, &Strategy::WORDS)).unwrap_or(usual.strategy),
        normaliser: normaliser.or(american).unwrap_or(usual.normaliser),
        min_agreement: options.read("min_agreement", |text| number(text, &(0.0..=1.0))),
        sequential: options.read("sequential", yes).unwrap_or(usual.sequential),
        early_stop: options.read("early_stop", early_stop).flatten(),
        watched: Vec::new(),
        tuning: roster.tuning(options),
    }
}

fn early_stop(text: &str) -> Result<Option<EarlyStop>, String> {
    if let Ok(certain) = yes(text) {
        return Ok(certain.then_some(EarlyStop::Certain));
    }
    text.parse()
        .ok()
        .filter(|confidence| *confidence > 0.5 && *confidence < 1.0)
        .map(|confidence| Some(EarlyStop::Confident(confidence)))
        .ok_or_else(|| "true, false or a number above 0.5 and below 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_early_stop_is_certain_or_has_a_confidence() {
        assert_eq!(early_stop("true"), Ok(Some(EarlyStop::Certain)));
        assert_eq!(early_stop("no"), Ok(None));
        assert_eq!(early_stop("0.95"), Ok(Some(EarlyStop::Confident(0.95))));
        for wrong in ["0.5", "1.5", "NaN", "", "soon"] {
            assert!(early_stop(wrong).is_err(), "{wrong}");
        }
    }
}
