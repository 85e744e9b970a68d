//! What is typed after `runs`, `resume` and `replay`.

use crate::cli::args::settings;
use crate::cli::commands::typed::Asks;
use crate::config::{Key, SettingValue};
use crate::plan::ProtocolKind;
use crate::report::OutputFormat;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `refinery runs`
#[derive(Debug, Default, Args)]
pub struct RunsArgs {
    /// Without a command, all runs are listed
    #[command(subcommand)]
    pub what: Option<RunsCommand>,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `refinery runs …`
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show one run: participants, question, cost, outcome
    Show {
        /// Name of the run, or its beginning
        run: String,

        /// Show every review, turn, judgement and critique in full
        #[arg(long)]
        reviews: bool,
    },
    /// Remove runs
    Rm {
        /// Names of runs, whole
        #[arg(required = true)]
        runs: Vec<String>,
    },
}

/// Where runs lie, and what standard output carries.
#[derive(Debug, Default, Args)]
pub struct PlaceArgs {
    /// Format of standard output.
    #[arg(short = 'o', long, help = OutputFormat::help(), value_name = "FORMAT", global = true)]
    pub output_format: Option<String>,

    /// Directory of saved runs [default: ~/.local/state/refinery]
    #[arg(long, value_name = "FOLDER", global = true)]
    pub state_dir: Option<String>,

    /// Additional configuration file, above the usual one
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl PlaceArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        settings([(Key::OutputFormat, &self.output_format), (Key::StateDir, &self.state_dir)])
    }
}

impl Asks for ResumeArgs {
    // What it asks for is in its journal.
    const COMMAND: ProtocolKind = ProtocolKind::Consensus;
}

/// `refinery resume`
#[derive(Debug, Default, Args)]
pub struct ResumeArgs {
    /// Name of the run, or its beginning
    pub run: String,

    /// Manifest of an additional adapter, repeatable
    #[arg(long, value_name = "FILE")]
    pub adapter: Vec<PathBuf>,

    /// Log every event
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// Continue even if the prompts of this version differ from those that the run began with
    #[arg(long)]
    pub force: bool,

    /// Print each CLI call as a shell command you can rerun; keep its files
    #[arg(long)]
    pub debug: bool,

    /// New maximum number of calls, counted from the beginning of the run
    #[arg(long, value_name = "CALLS")]
    pub budget_calls: Option<String>,

    /// New maximum number of input tokens, counted from the beginning of the run
    #[arg(long, value_name = "TOKENS")]
    pub budget_input_tokens: Option<String>,

    /// New maximum number of output tokens, counted from the beginning of the run
    #[arg(long, value_name = "TOKENS")]
    pub budget_output_tokens: Option<String>,

    /// New maximum cost in US dollars, counted from the beginning of the run
    #[arg(long, value_name = "DOLLARS")]
    pub budget_usd: Option<String>,

    /// New maximum time, counted from now
    #[arg(long, value_name = "TIME")]
    pub max_wall: Option<String>,

    /// Action at a usage limit: park, drop, wait or fail
    #[arg(long, value_name = "ACTION")]
    pub on_limit: Option<String>,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `refinery replay`
#[derive(Debug, Default, Args)]
pub struct ReplayArgs {
    /// Name of the run, or its beginning
    pub run: String,

    /// Log every event
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}
