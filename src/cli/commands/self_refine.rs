//! `--self-refine`: flags of the critique pass over the final answer of any run.

use clap::Args;

/// What is done with the final answer of a run.
#[derive(Debug, Default, Args)]
pub struct SelfRefineArgs {
    /// After a run that ended 0 or 2, critique and rewrite its answer [default: off]
    #[arg(long, help_heading = "Self-refine", overrides_with = "no_self_refine")]
    pub self_refine: bool,

    /// Leave the answer as it is, whatever environment and configuration say
    #[arg(long, help_heading = "Self-refine")]
    pub no_self_refine: bool,

    /// Who critiques and rewrites, also somebody who takes no part otherwise; `@effort` says how hard it
    /// thinks [default: who wrote the answer, after a debate the first participant; effort medium]
    #[arg(long, value_name = "PARTICIPANT[@EFFORT]", help_heading = "Self-refine")]
    pub refiner: Option<String>,

    /// Score the rewrite, and adopt it only if it is not worse
    #[arg(long, help_heading = "Self-refine")]
    pub verify: bool,

    /// Most passes, 1 to 20 [default: 1]
    #[arg(long, value_name = "PASSES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_max_passes: Option<String>,

    /// Leave answers of fewer bytes as they are, at least 0 [default: 200]
    #[arg(long, value_name = "BYTES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_min_bytes: Option<String>,

    /// End with a rewrite that differs in no more than so many bytes, at least 1 [default: 50]
    #[arg(long, value_name = "BYTES", help_heading = "Self-refine", allow_hyphen_values = true)]
    pub refine_epsilon: Option<String>,

    /// Leave what these roles and steps wrote as it is, a comma list: consensus, debate, sample, pipe,
    /// step1, ... [default: formatter,deps,refiner,verifier]
    #[arg(long, value_name = "NAMES", help_heading = "Self-refine")]
    pub refine_exclude: Option<String>,
}
