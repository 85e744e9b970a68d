//! `refinery run --plan FILE`: a plan that is there already.

use crate::app::again::from_plan;
use crate::app::prepare::Ready;
use crate::app::request::RunRequest;
use crate::cli::commands::shared_args::{AccountArgs, BudgetArgs, ConfigurationArgs, LimitArgs, OutputArgs};
use crate::cli::commands::typed::Asks;
use crate::config::Settings;
use crate::error::Error;
use crate::host::{Machine, files};
use crate::plan::ProtocolKind;
use clap::Args;

const AFTER: &str = "\
Question, files, participants, models and protocol are those of the plan. Programs and accounts are looked for again \
on this machine; limits may be set anew.

Examples:
  refinery \"Which index fits this query?\" -m claude,codex -f schema.sql --dry-run -o json > plan.json
  refinery run --plan plan.json --budget-calls 20
  refinery runs show 20261121-100500-abcdef -o json | refinery run --plan -";

/// `refinery run`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct PlanArgs {
    /// JSON of a plan, as `--dry-run -o json` or `runs show -o json` prints it; `-` is standard input
    #[arg(long, value_name = "FILE", required = true)]
    pub plan: Option<String>,

    /// Programs and accounts.
    #[command(flatten)]
    pub accounts: AccountArgs,

    /// Limits of calls.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Limits of the run.
    #[command(flatten)]
    pub budget: BudgetArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Configuration.
    #[command(flatten)]
    pub configuration: ConfigurationArgs,
}

impl Asks for PlanArgs {
    // What it asks for is in the plan.
    const COMMAND: ProtocolKind = ProtocolKind::Consensus;
}

/// The run of the plan in `file`, ready to begin.
///
/// # Errors
/// The file cannot be read, or those of [`from_plan`].
pub fn prepare(
    file: &str,
    request: &RunRequest,
    settings: Settings,
    machine: &mut Machine,
    warnings: &mut Vec<String>,
) -> Result<Ready, Error> {
    if file == "-" {
        let text = machine.stdin.read()?;
        return from_plan(&text, "standard input", request, settings, machine, warnings);
    }
    let path = machine.cwd.join(file);
    let text = files::config_text(&path)
        .map_err(|error| Error::config(format!("{}: cannot be read", path.display())).because(error))?;
    from_plan(&text, file, request, settings, machine, warnings)
}
