//! `refinery debate`: standpoints that argue in rounds, hear each other, and say how sure they are.

use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::app::request::RunCommand;
use crate::cli::commands::typed::Asks;
use clap::Args;
use std::path::PathBuf;

/// What the command does, at length.
pub const LONG_ABOUT: &str = "\
Lets several participants debate a question, each from a standpoint of its own, and shows where each of them stands.

In the first round all speak at once and hear nobody; in each later one they speak in a drawn order and hear \
everything that was said. Every turn ends with a confidence from 0 to 100. The score of a round is the mean of its \
confidences less half their deviation; two whose confidences are far apart disagree. The debate ends when the score \
has stopped moving, or after the last round. A score that stands still does not say that they agree: 95 against 5, \
twice, is stable at 28. Nobody wins; standard output holds the positions, and what the judge made of them, if there \
is one.";

const AFTER: &str = "\
Personas: `refinery personas` lists them and shows each whole. Who is given none gets the first that nobody has.

Exit codes:
  0  the score is stable, or all rounds were asked for and held (--no-early-stop, one round)
  1  error, or cancelled: what was said is kept
  2  the rounds ran out before the score was stable, or it is below --min-score
  3  nobody ever answered, or nobody was left to ask
  4  command line, configuration or input       5  budget exhausted    6  parked at a usage limit

Examples:
  refinery debate \"Do we move to a managed database?\" -m claude,codex,gemini --judge claude
  refinery debate \"Rewrite or refactor?\" -m claude:pessimist,codex:domain-expert@high -f plan.md
  refinery debate \"Is the plan sound?\" -m claude*2 --persona 'claude#2=devils-advocate'
  refinery debate \"Which index?\" -m claude,codex --personas team.toml --persona codex=dba";

/// `refinery debate`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct DebateArgs {
    /// Who speaks as what, repeatable: `claude=pessimist`, `claude#2=poet`; also in the list, as
    /// `claude:pessimist` [default: dealt in the order of `refinery personas`]
    #[arg(long, value_name = "NAME=PERSONA", help_heading = "Debate")]
    pub persona: Vec<String>,

    /// A file of further personas, repeatable; see `refinery personas --help`
    /// [default: none]
    #[arg(long, value_name = "FILE", help_heading = "Debate")]
    pub personas: Vec<PathBuf>,

    /// At most this many rounds, 1 to 10 [default: 4]
    #[arg(
        short = 'r',
        long,
        alias = "max-rounds",
        value_name = "ROUNDS",
        help_heading = "Debate",
        allow_hyphen_values = true
    )]
    pub rounds: Option<String>,

    /// How far apart two confidences are that disagree, 0 to 100 [default: 20]
    #[arg(long, value_name = "POINTS", help_heading = "Debate", allow_hyphen_values = true)]
    pub disagreement_threshold: Option<String>,

    /// By how much the score may move from one round to the next and be stable, 0 to 100 [default: 3]
    #[arg(long, value_name = "POINTS", help_heading = "Debate", allow_hyphen_values = true)]
    pub convergence_delta: Option<String>,

    /// Hold all rounds, even when the score is stable
    #[arg(long, help_heading = "Debate")]
    pub no_early_stop: bool,

    /// Let everybody hear those before it in the first round too, one after the other
    #[arg(long, alias = "no-blind-first-round", help_heading = "Debate")]
    pub no_blind: bool,

    /// Let them speak in the order of the list in every round
    #[arg(long, alias = "no-randomize-order", help_heading = "Debate")]
    pub no_shuffle: bool,

    /// The score that the debate must end with, 0 to 100; else exit code 2 [default: none]
    #[arg(long, value_name = "SCORE", help_heading = "Debate", allow_hyphen_values = true)]
    pub min_score: Option<String>,

    /// Who sums up what most hold, what others hold and what stays open, without a vote: `claude`,
    /// `codex@low`; one of those who debate is asked anew [default: nobody]
    #[arg(long, value_name = "PARTICIPANT", help_heading = "Debate")]
    pub judge: Option<String>,

    /// The judge's sampling temperature, 0 to 2; only where its CLI takes one [default: not sent]
    #[arg(long, value_name = "NUMBER", help_heading = "Debate", allow_hyphen_values = true)]
    pub judge_temperature: Option<String>,

    /// The judge's longest reply in tokens, at least 1 [default: --reply-tokens]
    #[arg(
        long,
        alias = "judge-max-tokens",
        value_name = "TOKENS",
        help_heading = "Debate",
        allow_hyphen_values = true
    )]
    pub judge_reply_tokens: Option<String>,

    /// The critique pass over what it comes to.
    #[command(flatten)]
    pub self_refine: SelfRefineArgs,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Asks for DebateArgs {
    const COMMAND: RunCommand = RunCommand::Debate;
}
