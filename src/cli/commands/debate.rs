//! `refinery debate`: standpoints that argue in rounds, hear each other, and say how sure they are.

use crate::app::request::RunCommand;
use crate::cli::commands::self_refine::SelfRefineArgs;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::typed::Asks;
use clap::Args;
use std::path::PathBuf;

/// What the command does, at length.
pub const LONG_ABOUT: &str = "\
Lets several participants debate a question, each from a different perspective, and shows the final positions.

Round 1 is independent; in later rounds the participants speak in turn, in random order, and see each other. Every \
turn ends with a confidence from 0 to 100. The group's score of a round is the mean confidence minus half the \
standard deviation; two participants with very different confidences have a confidence gap. The debate stops when \
the score changes by 3 points or less (--convergence-delta), or after the last round. A stable score is not \
agreement: 95 against 5, twice, is stable at 28. There is no winner; standard output holds the positions, and the \
judge's synthesis with --judge.";

const AFTER: &str = "\
Personas: `refinery personas` lists them. A participant without one gets the first that is free.

Exit codes:
  0  the score is stable, or all requested rounds were held (--no-early-stop, one round)
  1  error, or cancelled: finished turns are kept
  2  maximum rounds reached before the score was stable, or it is below --min-score
  3  no participant answered, or none was left
  4  usage or configuration error; no model was called
  5  budget exhausted                           6  paused at a usage limit

Examples:
  refinery debate \"Do we move to a managed database?\" -m claude,codex,gemini --judge claude
  refinery debate \"Rewrite or refactor?\" -m claude:pessimist,codex:domain-expert@high -f plan.md
  refinery debate \"Is the plan sound?\" -m claude*2 --persona 'claude#2=devils-advocate'
  refinery debate \"Which index?\" -m claude,codex --personas team.toml --persona codex=dba";

/// `refinery debate`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct DebateArgs {
    /// Persona of a participant, repeatable: `claude=pessimist`, `claude#2=poet`; or in --models, as
    /// `claude:pessimist` [default: assigned in the order of `refinery personas`]
    #[arg(long, value_name = "NAME=PERSONA", help_heading = "Debate")]
    pub persona: Vec<String>,

    /// File with additional personas, repeatable; see `refinery personas --help`
    /// [default: none]
    #[arg(long, value_name = "FILE", help_heading = "Debate")]
    pub personas: Vec<PathBuf>,

    /// Maximum number of rounds, 1 to 10 [default: 4]
    #[arg(
        short = 'r',
        long,
        alias = "max-rounds",
        value_name = "ROUNDS",
        help_heading = "Debate",
        allow_hyphen_values = true
    )]
    pub rounds: Option<String>,

    /// Minimum difference of two confidences that counts as a gap, 0 to 100 [default: 20]
    #[arg(long, value_name = "POINTS", help_heading = "Debate", allow_hyphen_values = true)]
    pub disagreement_threshold: Option<String>,

    /// Maximum change of the score between rounds that counts as stable, 0 to 100 [default: 3]
    #[arg(long, value_name = "POINTS", help_heading = "Debate", allow_hyphen_values = true)]
    pub convergence_delta: Option<String>,

    /// Hold all rounds, even if the score is stable
    #[arg(long, help_heading = "Debate")]
    pub no_early_stop: bool,

    /// Speak in turn in round 1 too, seeing earlier turns
    #[arg(long, alias = "no-blind-first-round", help_heading = "Debate")]
    pub no_blind: bool,

    /// Speak in the order of --models in every round
    #[arg(long, alias = "no-randomize-order", help_heading = "Debate")]
    pub no_shuffle: bool,

    /// Required final score, 0 to 100; below it, exit code 2 [default: none]
    #[arg(long, value_name = "SCORE", help_heading = "Debate", allow_hyphen_values = true)]
    pub min_score: Option<String>,

    /// Model that sums up majority, minority and open points, without a vote: `claude`, `codex@low`
    /// [default: none]
    #[arg(long, value_name = "PARTICIPANT", help_heading = "Debate")]
    pub judge: Option<String>,

    /// Sampling temperature of the judge, 0 to 2, where its CLI supports it [default: not sent]
    #[arg(long, value_name = "NUMBER", help_heading = "Debate", allow_hyphen_values = true)]
    pub judge_temperature: Option<String>,

    /// Maximum reply length of the judge in tokens [default: --reply-tokens]
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
