//! The default command: a consensus run.

use crate::app::request::RunCommand;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::typed::Asks;
use clap::Args;

/// The default command, as it was typed.
#[derive(Debug, Default, Args)]
pub struct ConsensusArgs {
    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
    /// When the participants have agreed.
    #[command(flatten)]
    pub consensus: AgreementArgs,
    /// What is done with the answer.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,
}

/// When the participants have agreed.
#[derive(Debug, Default, Args)]
pub struct AgreementArgs {
    /// Mean score required of the leading answer, 1 to 10 [default: 8]
    #[arg(short = 't', long, value_name = "SCORE", help_heading = "Consensus", allow_hyphen_values = true)]
    pub threshold: Option<String>,

    /// Maximum number of rounds, 1 to 20 [default: 5]
    #[arg(short = 'r', long, value_name = "ROUNDS", help_heading = "Consensus", allow_hyphen_values = true)]
    pub max_rounds: Option<String>,

    /// Consecutive rounds that the same answer must lead, at least 1 [default: 2]
    #[arg(long, value_name = "ROUNDS", help_heading = "Consensus", allow_hyphen_values = true)]
    pub stability_rounds: Option<String>,

    /// Reviews: pairwise (one call per pair) or batch (one call per reviewer) [default: pairwise]
    #[arg(long, value_name = "MODE", help_heading = "Consensus")]
    pub review: Option<String>,

    /// Leader: vote-threshold (highest mean) or adjusted (highest mean after taking out each reviewer's harshness;
    /// needs three models) [default: vote-threshold]
    #[arg(long, value_name = "RULE", help_heading = "Consensus")]
    pub strategy: Option<String>,

    /// Stop without reviews as soon as all answers are the same, compared as by `sample --normaliser`
    /// [default: none, or choice without a value]
    #[arg(long, value_name = "NORMALISER", help_heading = "Consensus", num_args = 0..=1, require_equals = true,
          default_missing_value = "choice")]
    pub stop_on_agreement: Option<String>,

    /// Few calls: batch reviews, one round of agreement, 3 rounds, --stop-on-agreement
    #[arg(long, help_heading = "Consensus")]
    pub quick: bool,
}

impl Asks for ConsensusArgs {
    const COMMAND: RunCommand = RunCommand::Consensus;
}
