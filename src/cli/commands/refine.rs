//! `refinery refine`: one text, made better.

use crate::cli::commands::shared_args::SharedArgs;
use crate::app::request::RunCommand;
use crate::cli::commands::typed::Asks;
use clap::Args;

const AFTER: &str = "\
The first participant of the list writes: the draft, if none is given, and in score mode every rewrite. It also \
scores and critiques, unless --judge or --refiner name somebody else.

Exit codes:
  0  the target is reached; or critiqued        2  no further up, or the iterations ran out
  1  error, or cancelled                        4  command line, configuration or input
  5  budget exhausted                           6  parked at a usage limit

Examples:
  refinery refine \"Explain TLS to a child\" -m claude --judge codex --target-score 0.95
  refinery refine \"Tighten this\" --draft README.md -m claude --mode critique --refiner codex@high
  git log -1 --format=%B | refinery refine --draft - -m claude --mode critique --min-bytes 0";

/// `refinery refine`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct RefineArgs {
    /// The text to refine; `-` reads it from standard input [default: one is written first]
    #[arg(long, value_name = "FILE", help_heading = "Refining")]
    pub draft: Option<String>,

    /// How: score (score and improve, up to a target), or critique (critique and rewrite)
    /// [default: score]
    #[arg(long, value_name = "MODE", help_heading = "Refining")]
    pub mode: Option<String>,

    /// Who scores, also somebody who takes no part otherwise; of critiques only with --verify
    /// [default: the author, or the refiner]
    #[arg(long, value_name = "PARTICIPANT", help_heading = "Refining")]
    pub judge: Option<String>,

    /// The score to reach, 0 to 1 [default: 0.9]
    #[arg(long, value_name = "SCORE", help_heading = "Score mode", allow_hyphen_values = true)]
    pub target_score: Option<String>,

    /// At most this many rewrites, 0 to 100 [default: 5]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub max_iterations: Option<String>,

    /// End after so many scores in a row that moved by next to nothing, 1 to 100 [default: 3]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub patience: Option<String>,

    /// What counts as next to nothing, 0 to 1 [default: 0.01]
    #[arg(
        long,
        alias = "delta-threshold",
        value_name = "DIFFERENCE",
        help_heading = "Score mode",
        allow_hyphen_values = true
    )]
    pub delta: Option<String>,

    /// How many characters of a text the judge is shown, at least 1; of a longer one its beginning and
    /// its end [default: as many as fit, at most 200 kB]
    #[arg(long, value_name = "COUNT", help_heading = "Score mode", allow_hyphen_values = true)]
    pub max_eval_chars: Option<String>,

    /// Who critiques and rewrites, also somebody who takes no part otherwise; `@effort` says how hard it
    /// thinks [default: the author, effort medium]
    #[arg(long, value_name = "PARTICIPANT[@EFFORT]", help_heading = "Critique mode")]
    pub refiner: Option<String>,

    /// Most passes, 1 to 20 [default: 1]
    #[arg(long, value_name = "PASSES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub max_passes: Option<String>,

    /// Leave texts of fewer bytes as they are, at least 0 [default: 200]
    #[arg(long, value_name = "BYTES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub min_bytes: Option<String>,

    /// End with a rewrite that differs in no more than so many bytes, at least 1 [default: 50]
    #[arg(long, value_name = "BYTES", help_heading = "Critique mode", allow_hyphen_values = true)]
    pub epsilon: Option<String>,

    /// Leave what these roles wrote as it is, a comma list; here the text is always of `draft`
    /// [default: formatter,deps,refiner,verifier]
    #[arg(long, value_name = "NAMES", help_heading = "Critique mode")]
    pub exclude: Option<String>,

    /// Score the rewrite, and adopt it only if it is not worse
    #[arg(long, help_heading = "Critique mode")]
    pub verify: bool,

    /// What every run is given.
    #[command(flatten)]
    pub shared: SharedArgs,
}

impl Asks for RefineArgs {
    const COMMAND: RunCommand = RunCommand::Refine;
}
