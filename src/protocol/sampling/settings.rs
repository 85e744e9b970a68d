//! What a sampling run is planned with.

use super::help::HELP;
use super::machine::Sampling;
use super::outcome::passes;
use crate::error::Error;
use crate::exchange::Tuning;
use crate::outcome::{SamplingBody, Status};
use crate::protocol::check::Check;
use crate::protocol::estimate::{Estimate, PhaseEstimate};
use crate::protocol::normalise::Normaliser;
use crate::protocol::options::{Flag, Help, OptionTable, ProtocolOption, options};
use crate::protocol::pipeline::{Measured, Number, names};
use crate::protocol::settings::{Given, Machine, ProtocolSettings};
use crate::protocol::threshold::Threshold;
use crate::value::{Field, Kind, Range, Word, yes};
use crate::words::counted;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// When the samples count as agreed.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames, EnumString,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
#[non_exhaustive]
pub enum Strategy {
    /// The answer that most samples gave wins; they agree where it has more than half of them.
    #[default]
    Majority,
    /// All samples gave the same answer, and none failed.
    Unanimous,
}

impl Word for Strategy {}

impl Strategy {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// When a run may end before all samples were taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EarlyStop {
    /// As soon as neither the winner nor any threshold on agreement can change.
    Certain,
    /// Or as soon as it is this likely that they will not, above 0.5 and below 1.
    Confident(f64),
}

/// The settings of a sampling run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct SamplingPlan {
    /// How many samples, at least 1; they are dealt to the participants in turn, in plan order.
    pub num_samples: u32,
    /// When they count as agreed.
    pub strategy: Strategy,
    /// What makes two answers the same.
    pub normaliser: Normaliser,
    /// The share of the samples that the winner must have, 0 to 1.
    pub min_agreement: Option<f64>,
    /// Whether they are taken one after the other.
    pub sequential: bool,
    /// Whether the run may end early; samples are then taken one after the other.
    pub early_stop: Option<EarlyStop>,
    /// Comparisons with the agreement that are made after the run: it does not end early before
    /// their results are known as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched: Vec<Threshold>,
    /// How the models run.
    pub tuning: Tuning,
}

impl Default for SamplingPlan {
    fn default() -> Self {
        Self {
            num_samples: 5,
            strategy: Strategy::Majority,
            normaliser: Normaliser::Whitespace,
            min_agreement: None,
            sequential: false,
            early_stop: None,
            watched: Vec::new(),
            tuning: Tuning::default(),
        }
    }
}

impl SamplingPlan {
    /// How many samples a run may have.
    pub const SAMPLES: std::ops::RangeInclusive<u32> = 1..=100;

    /// What the agreement must pass: what was asked for, else more than half of the samples. `None` where all have to
    /// agree anyway.
    #[must_use]
    pub fn needed(&self) -> Option<Threshold> {
        let majority = (self.strategy == Strategy::Majority).then(|| Threshold::above(0.5));
        self.min_agreement.map(Threshold::at_least).or(majority)
    }

    /// Everything that the agreement is compared with.
    #[must_use]
    pub fn thresholds(&self) -> Vec<Threshold> {
        self.needed().into_iter().chain(self.watched.iter().copied()).collect()
    }

    /// Whether samples are taken one after the other.
    #[must_use]
    pub fn one_by_one(&self) -> bool {
        self.sequential || self.early_stop.is_some()
    }
}

const GROUP: &str = "Samples";

impl OptionTable for SamplingPlan {
    const OPTIONS: &'static [ProtocolOption<Self>] = options! { GROUP;
        num_samples("COUNT", "Number of samples").within(*Self::SAMPLES.start() as f64, *Self::SAMPLES.end() as f64)
            .letter('n').default("5; with `claude*3` in the list, its length");
        strategy("WHEN", "Agreement: majority (most common answer) or unanimous (all equal, none failed)");
        normaliser("HOW", "Comparison of answers: whitespace (ignoring white space), casefold (and case), json (same \
            value), number (numeric value), choice (chosen option)").alias("normalizer");
        min_agreement("SHARE", "Required share of all samples; below it, exit code 2").within(0.0, 1.0);
        sequential("", "Take samples one by one");
        early_stop("CONFIDENCE", "Take samples one by one and stop when the result cannot change; with =CONFIDENCE \
            (above 0.5, below 1), when it is that unlikely to change").alone("true").default("take all");
    };
}

impl Field for Option<EarlyStop> {
    fn set(&mut self, text: &str, _range: Range) -> Result<(), String> {
        let confident = text.parse().ok().filter(|sure| *sure > 0.5 && *sure < 1.0).map(EarlyStop::Confident);
        *self = match (yes(text), confident) {
            (Ok(certain), _) => certain.then_some(EarlyStop::Certain),
            (Err(_), Some(confident)) => Some(confident),
            (Err(_), None) => return Err("true, false or a number above 0.5 and below 1".to_owned()),
        };
        Ok(())
    }

    fn text(&self) -> Option<String> {
        Some(match (*self)? {
            EarlyStop::Certain => "true".to_owned(),
            EarlyStop::Confident(sure) => sure.to_string(),
        })
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }
}

impl ProtocolSettings for SamplingPlan {
    fn help(&self) -> Help {
        HELP
    }

    fn flags(&self) -> Vec<(Flag, String)> {
        <Self as OptionTable>::flags()
    }

    fn machine(&self, given: Given) -> Result<Machine, Error> {
        let machine = Sampling::new(self.clone(), given.members, given.material);
        let misfits = machine.misfits();
        Ok((Box::new(machine), misfits))
    }

    fn facts(&self, _names: &[&str]) -> Vec<(&'static str, String)> {
        let required = self.min_agreement.map_or(String::new(), |least| format!(", required agreement {least}"));
        let order = match self.early_stop {
            Some(EarlyStop::Certain) => ", one by one until the result cannot change".to_owned(),
            Some(EarlyStop::Confident(sure)) => format!(", one by one until the result is unlikely to change ({sure})"),
            None if self.sequential => ", one by one".to_owned(),
            None => String::new(),
        };
        let samples = counted(u64::from(self.num_samples), "sample");
        let (strategy, normaliser) = (self.strategy.as_str(), self.normaliser.as_str());
        vec![("Counts:", format!("{samples}, {strategy}, {normaliser}{required}{order}"))]
    }

    /// A call for each sample.
    fn estimate(&self, _members: usize) -> Estimate {
        Estimate::of_phases(vec![PhaseEstimate::new("sample", u64::from(self.num_samples), 0)])
    }

    fn at_once(&self, _members: usize) -> u64 {
        u64::from(self.num_samples)
    }

    fn check(&self, check: &mut Check<'_>) {
        self.check_ranges(check);
        if let Some(EarlyStop::Confident(likely)) = self.early_stop
            && !(likely > 0.5 && likely < 1.0)
        {
            check.wrong(format!("early_stop is {likely}: it lies between 0.5 and 1"));
        }
    }

    fn tunings(&self) -> Vec<Tuning> {
        vec![self.tuning]
    }

    fn fields(&self) -> Vec<&'static str> {
        names::<SamplingBody>()
    }

    fn members(&self) -> std::ops::RangeInclusive<usize> {
        1..=100
    }

    // A step that may end early must not leave open what is asked about it.
    fn watch(&mut self, field: &str, threshold: Threshold) {
        if field == AGREEMENT {
            self.watched.push(threshold);
        }
    }
}

const AGREEMENT: &str = "agreement";

impl Measured for SamplingBody {
    const NUMBERS: &'static [Number<Self>] = &[
        (AGREEMENT, |body, _| body.agreement_ratio),
        ("unique", |body, _| Some(f64::from(body.unique_responses))),
        ("ties", |body, _| Some(f64::from(body.tie_count))),
        ("failed", |body, _| Some(body.samples.iter().filter(|sample| sample.failure.is_some()).count() as f64)),
    ];

    /// Where samples are missing, the agreement is compared as far as it is known.
    fn holds(&self, status: Status, field: &str, threshold: Threshold) -> Option<bool> {
        if field == AGREEMENT {
            return Some(passes(self, threshold));
        }
        self.number(status, field).map(|value| threshold.holds(value))
    }
}
