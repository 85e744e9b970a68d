//! Flags of every run, whatever its protocol.

use crate::report::OutputFormat;
use clap::Args;
use std::path::PathBuf;

/// What every run is given.
#[derive(Debug, Default, Args)]
pub struct SharedArgs {
    /// The question; `-` reads it from standard input. Optional with files
    #[arg(value_name = "PROMPT")]
    pub prompt: Option<String>,

    /// Models to ask, comma-separated (1–7; up to 100 for `sample`), repeatable: `claude`, `codex-o3`,
    /// `ollama/llama3.2:3b` (adapter/model), `claude@high` (effort), `claude*3` or `3xclaude` (three
    /// times)
    #[arg(short = 'm', long = "models", value_name = "LIST", help_heading = "Participants")]
    pub models: Vec<String>,

    /// Programs and accounts.
    #[command(flatten)]
    pub accounts: AccountArgs,

    /// Continue without participants whose program or credential is missing
    #[arg(long, help_heading = "Participants")]
    pub allow_missing: bool,

    /// File that the question is about, repeatable; `-` is standard input. 1 MB in total
    #[arg(short = 'f', long = "file", value_name = "PATH", help_heading = "Input")]
    pub files: Vec<String>,

    /// Send text that holds a known secret, system files, and links out of the working directory
    #[arg(long, help_heading = "Input")]
    pub allow_secrets: bool,

    /// Leave standard input unread where no argument names it
    #[arg(long, help_heading = "Input")]
    pub no_stdin: bool,

    /// Limits of calls.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Limits of the run.
    #[command(flatten)]
    pub budget: BudgetArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Show the plan and the maximum number of calls; call no model
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,

    /// Configuration.
    #[command(flatten)]
    pub configuration: ConfigurationArgs,
}

/// Programs and accounts.
#[derive(Debug, Default, Args)]
pub struct AccountArgs {
    /// Account to bill: auto, subscription or api [default: auto]
    #[arg(long, value_name = "ACCOUNT", help_heading = "Participants")]
    pub billing: Option<String>,

    /// Manifest of an additional adapter, repeatable
    #[arg(long, value_name = "FILE", help_heading = "Participants")]
    pub adapter: Vec<PathBuf>,
}

/// Limits of calls.
#[derive(Debug, Default, Args)]
pub struct LimitArgs {
    /// Maximum time for one attempt: seconds, or such as 90s, 10m, 1h [default: 10m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", allow_hyphen_values = true)]
    pub timeout: Option<String>,

    /// Maximum silence within an answer, for CLIs that stream [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", allow_hyphen_values = true)]
    pub idle_timeout: Option<String>,

    /// Retries after a transient failure, 0 to 10 [default: 2]
    #[arg(long, alias = "max-retries", value_name = "TIMES", help_heading = "Limits", allow_hyphen_values = true)]
    pub retries: Option<String>,

    /// Maximum parallel calls: N in total (0: no limit), or claude=N for one adapter; repeatable
    /// [default: 0]
    #[arg(
        long,
        alias = "max-concurrency",
        value_name = "N | NAME=N",
        help_heading = "Limits",
        allow_hyphen_values = true
    )]
    pub max_concurrent: Vec<String>,

    /// CLI processes: kept (one answers many calls), oneshot (one per call), or auto (kept where the
    /// version of the CLI is tested) [default: auto]
    #[arg(long, value_name = "MODE", help_heading = "Limits")]
    pub transport: Option<String>,
}

/// Limits of the run.
#[derive(Debug, Default, Args)]
pub struct BudgetArgs {
    /// Maximum number of calls, including retries [default: no limit]
    #[arg(long, value_name = "CALLS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_calls: Option<String>,

    /// Maximum number of input tokens [default: no limit]
    #[arg(long, value_name = "TOKENS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_input_tokens: Option<String>,

    /// Maximum number of output tokens [default: no limit]
    #[arg(long, value_name = "TOKENS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_output_tokens: Option<String>,

    /// Maximum cost in US dollars, for accounts that are billed per use [default: no limit]
    #[arg(long, value_name = "DOLLARS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_usd: Option<String>,

    /// Maximum time for the whole run; no new calls after it [default: no limit]
    #[arg(long, value_name = "TIME", help_heading = "Budget", allow_hyphen_values = true)]
    pub max_wall: Option<String>,

    /// At a usage limit: park (continue with at least two others, else pause the run), drop (continue
    /// without that vendor), wait or fail [default: park]
    #[arg(long, value_name = "ACTION", help_heading = "Budget")]
    pub on_limit: Option<String>,
}

/// Output.
#[derive(Debug, Default, Args)]
pub struct OutputArgs {
    /// Format of standard output.
    #[arg(short = 'o', long, help = OutputFormat::help(), value_name = "FORMAT", help_heading = "Output")]
    pub output_format: Option<String>,

    /// Log every event
    #[arg(short = 'v', long, help_heading = "Output")]
    pub verbose: bool,

    /// Print each CLI call as a shell command you can rerun; keep its files
    #[arg(long, help_heading = "Output")]
    pub debug: bool,
}

/// Configuration.
#[derive(Debug, Default, Args)]
pub struct ConfigurationArgs {
    /// Random seed [default: random]
    #[arg(long, value_name = "NUMBER", help_heading = "Configuration", allow_hyphen_values = true)]
    pub seed: Option<String>,

    /// Additional configuration file, above the usual one
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,

    /// Do not save the run: it can then be neither resumed nor replayed
    #[arg(long, help_heading = "Configuration")]
    pub no_journal: bool,

    /// Directory for saved runs and debug files [default: ~/.local/state/refinery]
    #[arg(long, value_name = "FOLDER", help_heading = "Configuration")]
    pub state_dir: Option<String>,
}
