//! The default command: a consensus run.

use crate::app::options::Options;
use crate::app::roster::RosterBuilder;
use crate::cli::args::entry;
use crate::cli::commands::planner::Planner;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::config::settings::REVIEWS;
use crate::config::value::{at_least, number, whole, word};
use crate::config::{Key, SettingValue};
use crate::error::Error;
use crate::plan::{PARTICIPANTS, ProtocolPlan};
use crate::protocol::consensus::ConsensusPlan;
use clap::Args;
use std::ops::RangeInclusive;

/// The default command, as it was typed.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
    /// When the participants have agreed.
    #[command(flatten)]
    pub consensus: ConsensusArgs,
    /// What is done with the answer.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,
}

/// When the participants have agreed.
#[derive(Debug, Default, Args)]
pub struct ConsensusArgs {
    /// Mean score that the leading answer must reach, 1 to 10 [default: 8]
    #[arg(short = 't', long, value_name = "SCORE", help_heading = "Consensus", allow_hyphen_values = true)]
    pub threshold: Option<String>,

    /// At most this many rounds, 1 to 20 [default: 5]
    #[arg(short = 'r', long, value_name = "ROUNDS", help_heading = "Consensus", allow_hyphen_values = true)]
    pub max_rounds: Option<String>,

    /// For how many rounds in a row the same answer must lead, at least 1 [default: 2]
    #[arg(long, value_name = "ROUNDS", help_heading = "Consensus", allow_hyphen_values = true)]
    pub stability_rounds: Option<String>,

    /// How answers are reviewed: pairwise, or batch (one call per reviewer) [default: pairwise]
    #[arg(long, value_name = "MODE", help_heading = "Consensus")]
    pub review: Option<String>,
}

impl ConsensusArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        let said = [
            (Key::Threshold, &self.threshold),
            (Key::MaxRounds, &self.max_rounds),
            (Key::StabilityRounds, &self.stability_rounds),
            (Key::Review, &self.review),
        ];
        said.into_iter().filter_map(|(key, value)| Some(entry(key, vec![value.clone()?]))).collect()
    }
}

impl Planner for RunArgs {
    fn shared(&self) -> &SharedArgs {
        &self.shared
    }

    fn entries(&self) -> Vec<SettingValue> {
        [self.shared.entries(), self.consensus.entries(), self.self_refine.entries()].concat()
    }

    fn room(&self) -> RangeInclusive<usize> {
        PARTICIPANTS
    }

    fn plan(&self, roster: &mut RosterBuilder<'_>) -> Result<ProtocolPlan, Error> {
        // Its flags are settings: there is nothing that they do not say.
        Ok(ProtocolPlan::Consensus(plan(&mut Options::default(), roster)))
    }
}

/// A consensus run: what is said of it, else what the settings say; wrong values stay with `options`.
pub fn plan(options: &mut Options, roster: &RosterBuilder<'_>) -> ConsensusPlan {
    let settings = roster.settings;
    ConsensusPlan {
        threshold: options.read("threshold", |text| number(text, &(1.0..=10.0))).unwrap_or(settings.threshold),
        max_rounds: options.read("max_rounds", |text| whole(text, &(1..=20))).unwrap_or(settings.max_rounds),
        stability_rounds: options
            .read("stability_rounds", |text| at_least(text, 1))
            .unwrap_or(settings.stability_rounds),
        review: options.read("review", |text| word(text, &REVIEWS)).unwrap_or(settings.review),
        stepped: false,
        tuning: roster.tuning(options),
    }
}
