//! `refinery sample`: several answers to one bare question, counted.

use crate::app::request::RunCommand;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::typed::Asks;
use clap::Args;

const AFTER: &str = "\
Participants take samples in turn: with `-m claude*3,codex*2`, claude takes three and codex two of every five. \
Without --num-samples the list sets the number of samples (here 5).

Exit codes:
  0  the required agreement is reached          2  it is not: most common answer
  1  error, or cancelled                        3  no sample was answered
  4  usage or configuration error; no model was called
  5  budget exhausted                           6  paused at a usage limit

Examples:
  refinery sample \"What is 17 * 23?\" -m claude,codex --normaliser number
  refinery sample \"Is this licence permissive?\" -f LICENSE -m claude*3,codex*2 --min-agreement 0.8
  refinery sample \"Which option?\" -m claude --num-samples 15 --normaliser choice --early-stop=0.95";

/// `refinery sample`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct SampleArgs {
    /// Number of samples, 1 to 100 [default: 5; with `claude*3` in the list, its length]
    #[arg(short = 'n', long, value_name = "COUNT", help_heading = "Samples", allow_hyphen_values = true)]
    pub num_samples: Option<String>,

    /// Agreement: majority (most common answer) or unanimous (all equal, none failed) [default: majority]
    #[arg(long, value_name = "WHEN", help_heading = "Samples")]
    pub strategy: Option<String>,

    /// Comparison of answers: whitespace (ignoring white space), casefold (and case), json (same value),
    /// number (last number), choice (chosen option) [default: whitespace]
    #[arg(long, alias = "normalizer", value_name = "HOW", help_heading = "Samples")]
    pub normaliser: Option<String>,

    /// Required share of all samples, 0 to 1; below it, exit code 2
    /// [default: none]
    #[arg(long, value_name = "SHARE", help_heading = "Samples", allow_hyphen_values = true)]
    pub min_agreement: Option<String>,

    /// Take samples one by one [default: in parallel]
    #[arg(long, help_heading = "Samples")]
    pub sequential: bool,

    /// Take samples one by one and stop when the result cannot change; with =CONFIDENCE (above 0.5,
    /// below 1), when it is that unlikely to change [default: take all]
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

impl Asks for SampleArgs {
    const COMMAND: RunCommand = RunCommand::Sample;
}
