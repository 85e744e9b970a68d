//! What is typed after `runs`, `resume` and `replay`.

use crate::cli::commands::shared_args::SharedArgs;
use crate::config::SettingValue;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `refinery runs`
#[derive(Debug, Default, Args)]
pub struct RunsArgs {
    /// What to do: nothing lists them all
    #[command(subcommand)]
    pub what: Option<RunsCommand>,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `refinery runs …`
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show one run whole: who took part, what was asked, what it cost, how it ended
    Show {
        /// The run, or the beginning of its name
        run: String,
    },
    /// Remove runs
    Rm {
        /// The runs, or the beginnings of their names
        #[arg(required = true)]
        runs: Vec<String>,
    },
}

/// Where runs lie, and what standard output carries.
#[derive(Debug, Default, Args)]
pub struct PlaceArgs {
    /// What standard output carries: text, json or jsonl [default: text]
    #[arg(short = 'o', long, value_name = "FORMAT", global = true)]
    pub output_format: Option<String>,

    /// Where runs lie [default: ~/.local/state/refinery]
    #[arg(long, value_name = "FOLDER", global = true)]
    pub state_dir: Option<String>,

    /// One more configuration file, on top of the usual one
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl PlaceArgs {
    /// The same flags as those of a run.
    #[must_use]
    pub fn as_run(&self) -> SharedArgs {
        SharedArgs {
            output_format: self.output_format.clone(),
            state_dir: self.state_dir.clone(),
            ..SharedArgs::default()
        }
    }

    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        self.as_run().entries()
    }
}

/// `refinery resume`
#[derive(Debug, Default, Args)]
pub struct ResumeArgs {
    /// The run, or the beginning of its name
    pub run: String,

    /// Add an adapter from a manifest, repeatable
    #[arg(long, value_name = "FILE")]
    pub adapter: Vec<PathBuf>,

    /// A line for everything that happens
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// Continue even if the prompts of this version differ from those that the run began with
    #[arg(long)]
    pub force: bool,

    /// Print each invocation as a line that makes it again, and keep its folder
    #[arg(long)]
    pub debug: bool,

    /// More attempts than the run was given, counted from its beginning
    #[arg(long, value_name = "CALLS")]
    pub budget_calls: Option<String>,

    /// More input tokens than the run was given, counted from its beginning
    #[arg(long, value_name = "TOKENS")]
    pub budget_input_tokens: Option<String>,

    /// More output tokens than the run was given, counted from its beginning
    #[arg(long, value_name = "TOKENS")]
    pub budget_output_tokens: Option<String>,

    /// More US dollars than the run was given, counted from its beginning
    #[arg(long, value_name = "DOLLARS")]
    pub budget_usd: Option<String>,

    /// Another longest time, counted from now
    #[arg(long, value_name = "TIME")]
    pub max_wall: Option<String>,

    /// Another word for what becomes of the run at a usage limit: park, drop, wait or fail
    #[arg(long, value_name = "WHAT")]
    pub on_limit: Option<String>,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `refinery replay`
#[derive(Debug, Default, Args)]
pub struct ReplayArgs {
    /// The run, or the beginning of its name
    pub run: String,

    /// A line for everything that happened
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}
