//! `refinery refine`: one text, made better.

use crate::app::request::RunCommand;
use crate::cli::commands::shared_args::SharedArgs;
use crate::cli::commands::typed::Asks;
use clap::Args;

const AFTER: &str = "\
The first model of the list is the author: it writes the draft, if none is given, and in score mode every rewrite. \
It also scores and critiques, unless --judge or --refiner name another model.

Exit codes:
  0  target score reached; or critiqued         2  no more progress, or maximum iterations reached
  1  error, or cancelled                        4  usage or configuration error; no model was called
  5  budget exhausted                           6  paused at a usage limit

Examples:
  refinery refine \"Explain TLS to a child\" -m claude --judge codex --target-score 0.95
  refinery refine \"Tighten this\" --draft README.md -m claude --mode critique --refiner codex@high
  git log -1 --format=%B | refinery refine --draft - -m claude --mode critique --min-bytes 0";

/// `refinery refine`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct RefineArgs {
    /// File with the text to refine; `-` is standard input [default: the author writes one]
    #[arg(long, value_name = "FILE", help_heading = "Refining")]
    pub draft: Option<String>,

    /// Mode: score (score and rewrite up to a target) or critique (critique and rewrite)
    /// [default: score]
    #[arg(long, value_name = "MODE", help_heading = "Refining")]
    pub mode: Option<String>,

    /// Model that scores, also one outside --models; in critique mode only with --verify
    /// [default: the author, or the refiner]
    #[arg(long, value_name = "PARTICIPANT", help_heading = "Refining")]
    pub judge: Option<String>,

    /// Target score, 0 to 1 [default: 0.9]
    #[arg(long, value_name = "SCORE", help_heading = "Score mode", allow_hyphen_values = true)]
    pub target_score: Option<String>,

    /// Maximum number of rewrites, 0 to 100 [default: 5]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub max_iterations: Option<String>,

    /// Stop after this many consecutive scores without progress, 1 to 100 [default: 3]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub patience: Option<String>,

    /// Smallest change that counts as progress, 0 to 1 [default: 0.01]
    #[arg(
        long,
        alias = "delta-threshold",
        value_name = "DIFFERENCE",
        help_heading = "Score mode",
        allow_hyphen_values = true
    )]
    pub delta: Option<String>,

    /// Maximum number of characters shown to the judge; of a longer text, its beginning and its end
    /// [default: up to 200 kB, if they fit]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub max_eval_chars: Option<String>,

    /// Model that critiques and rewrites, also one outside --models; `@effort` sets its effort
    /// [default: the author, effort medium]
    #[arg(long, value_name = "PARTICIPANT[@EFFORT]", help_heading = "Critique mode")]
    pub refiner: Option<String>,

    /// Maximum number of passes, 1 to 20 [default: 1]
    #[arg(long, value_name = "PASSES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub max_passes: Option<String>,

    /// Minimum length of the text in bytes; shorter ones stay unchanged [default: 200]
    #[arg(long, value_name = "BYTES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub min_bytes: Option<String>,

    /// Stop when a rewrite changes no more than this many bytes, at least 1 [default: 50]
    #[arg(long, value_name = "BYTES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub epsilon: Option<String>,

    /// Roles whose texts stay unchanged, comma-separated; here the role is always `draft`
    /// [default: formatter,deps,refiner,verifier]
    #[arg(long, value_name = "NAMES", help_heading = "Critique mode")]
    pub exclude: Option<String>,

    /// Score the rewrite; adopt it only if it is not worse
    #[arg(long, help_heading = "Critique mode")]
    pub verify: bool,

    /// Show a reply without a complete rewrite in place of the text
    #[arg(long, help_heading = "Critique mode")]
    pub accept_unstructured: bool,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Asks for RefineArgs {
    const COMMAND: RunCommand = RunCommand::Refine;
}
