//! `refinery sample`: several answers to one bare question, counted.

use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::app::request::RunCommand;
use crate::cli::commands::typed::Asks;
use clap::Args;

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

impl Asks for SampleArgs {
    const COMMAND: RunCommand = RunCommand::Sample;
}
