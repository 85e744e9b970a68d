//! What is typed after `runs`, `resume` and `replay`.

use crate::cli::args::settings;
use crate::cli::commands::typed::Asks;
use crate::config::{Key, SettingValue};
use crate::plan::ProtocolKind;
use crate::report::OutputFormat;
use crate::time::duration;
use crate::value::{Word, word};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// `refinery runs`
#[derive(Debug, Default, Args)]
pub struct RunsArgs {
    /// Without a command, all runs are listed
    #[command(subcommand)]
    pub what: Option<RunsCommand>,

    /// Which runs are listed.
    #[command(flatten)]
    pub filter: FilterArgs,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// `refinery runs …`
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show one run: participants, question, cost, outcome
    Show {
        /// Name of the run, or its beginning [default: the latest run]
        run: Option<String>,

        /// Show every review, turn, judgement and critique in full
        #[arg(long)]
        reviews: bool,
    },
    /// Remove runs
    Rm {
        /// Names of runs, whole
        #[arg(required_unless_present_any = ["older_than", "finished"])]
        runs: Vec<String>,

        /// Remove all runs whose last change is older: 30d, 12h
        #[arg(long, value_name = "TIME", value_parser = age, conflicts_with = "runs")]
        older_than: Option<Duration>,

        /// Remove all finished runs; with --older-than, only those that are older as well
        #[arg(long, conflicts_with = "runs")]
        finished: bool,
    },
    /// Show what runs cost
    Cost {
        /// Group by day, model or billing
        #[arg(long, value_name = "GROUP", default_value = "day", value_parser = word::<CostGroup>)]
        by: CostGroup,

        /// Which runs are counted.
        #[command(flatten)]
        filter: FilterArgs,
    },
}

/// Which runs are meant.
#[derive(Debug, Default, Args)]
pub struct FilterArgs {
    /// Maximum number of runs, newest first
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<usize>,

    /// Only runs of this status, such as converged or unfinished; repeatable
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<String>,

    /// Only runs that changed within this time: 2d, 12h, 30m
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub since: Option<Duration>,

    /// Only runs with this text in their question, first file or models; case does not count
    #[arg(long, value_name = "TEXT")]
    pub grep: Option<String>,
}

/// By what costs are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantNames, EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum CostGroup {
    /// The day on which a run began, in UTC.
    Day,
    /// The model that was asked for.
    Model,
    /// The adapter and the account that is charged.
    Billing,
}

impl Word for CostGroup {}

/// An age: days too, beside what other times are.
fn age(text: &str) -> Result<Duration, String> {
    let days = text.trim().strip_suffix('d').and_then(|days| days.trim().parse::<u32>().ok());
    let age = days.map(|days| Duration::from_secs(u64::from(days) * 86_400)).or_else(|| duration::parse(text));
    age.ok_or_else(|| "an age, such as 30d, 12h or 90m".to_owned())
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
    /// Name of the run, or its beginning [default: the latest unfinished run]
    pub run: Option<String>,

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
    /// Name of the run, or its beginning [default: the latest run]
    pub run: Option<String>,

    /// Log every event
    #[arg(short = 'v', long)]
    pub verbose: bool,

    /// Where runs lie.
    #[command(flatten)]
    pub place: PlaceArgs,
}
