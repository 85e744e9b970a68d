//! `--self-refine`: flags of the critique pass over the final answer of any run.

use clap::Args;

/// What is done with the final answer of a run.
#[derive(Debug, Default, Args)]
pub struct SelfRefineArgs {
    /// After a run with exit code 0 or 2, critique and rewrite its answer [default: off]
    #[arg(long, help_heading = "Self-refine", overrides_with = "no_self_refine")]
    pub self_refine: bool,

    /// Keep the answer unchanged, overriding environment and configuration
    #[arg(long, help_heading = "Self-refine")]
    pub no_self_refine: bool,

    /// Model that critiques and rewrites, also one outside --models; `@effort` sets its effort
    /// [default: the author of the answer, after a debate the first participant; effort medium]
    #[arg(long, value_name = "PARTICIPANT[@EFFORT]", help_heading = "Self-refine")]
    pub refiner: Option<String>,

    /// Score the rewrite; adopt it only if it is not worse
    #[arg(long, help_heading = "Self-refine")]
    pub verify: bool,

    /// Maximum number of passes, 1 to 20 [default: 1]
    #[arg(long, value_name = "PASSES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_max_passes: Option<String>,

    /// Minimum length of the answer in bytes; shorter ones stay unchanged [default: 200]
    #[arg(long, value_name = "BYTES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_min_bytes: Option<String>,

    /// Stop when a rewrite changes no more than this many bytes, at least 1 [default: 50]
    #[arg(long, value_name = "BYTES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_epsilon: Option<String>,

    /// Roles and steps whose answers stay unchanged, comma-separated: consensus, debate, sample, pipe,
    /// step1, ... [default: formatter,deps,refiner,verifier]
    #[arg(long, value_name = "NAMES", help_heading = "Self-refine")]
    pub refine_exclude: Option<String>,
}
