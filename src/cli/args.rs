//! What can be typed. No setting has a default here: layers below the flags could not be seen then.

use crate::app::options;
use crate::app::request::RunRequest;
use crate::cli::commands::plan_file::PlanArgs;
use crate::cli::commands::protocols::{ConsensusArgs, RunArgs};
use crate::cli::commands::typed::{Typed, said};
use crate::cli::history::journal_args::{ReplayArgs, ResumeArgs, RunsArgs};
use crate::cli::inspect::personas::PersonasArgs;
use crate::config::{Key, SettingValue};
use crate::error::Error;
use crate::protocol::consensus::HELP;
use crate::report::OutputFormat;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "refinery",
    version,
    about,
    long_about = HELP.long,
    after_help = HELP.after,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 110,
    subcommand_help_heading = "Commands",
    override_usage = "refinery [PROMPT | -] -m MODELS [OPTIONS]\n       refinery <COMMAND>"
)]
pub struct Cli {
    /// A command; without one, a consensus run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What the run is about.
    #[command(flatten)]
    pub run: Typed<ConsensusArgs>,
}

/// Everything but a consensus run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A run.
    #[command(flatten)]
    Ask(RunArgs),
    /// Run a plan from a file
    Run(Typed<PlanArgs>),
    /// List adapters with their models, defaults and accounts
    Adapters(LookArgs),
    /// List the personas of a debate, or show one
    Personas(PersonasArgs),
    /// Check which CLIs are installed and logged in, and which account is charged
    Doctor(DoctorArgs),
    /// Run a demo with built-in answers: no account, network or installation needed
    Demo(DemoArgs),
    /// List, show or remove saved runs
    Runs(RunsArgs),
    /// Continue a killed, stopped or paused run; finished calls are not repeated
    Resume(Typed<ResumeArgs>),
    /// Show a saved run again, without calling any model
    Replay(ReplayArgs),
    /// Show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the JSON Schema of a document or file, or list all schemas
    Schema(SchemaArgs),
}

/// The request of a command, and whether only its plan is asked for.
///
/// # Errors
/// Those of [`Typed::request`].
pub fn asked<A>(typed: &Typed<A>) -> Result<(RunRequest, bool), Error> {
    Ok((typed.request()?, typed.has("dry_run")))
}

/// `refinery config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its value and its source
    Show(ConfigShowArgs),
}

/// What commands that only look share.
#[derive(Debug, Default, Args)]
pub struct LookArgs {
    /// Manifest of an additional adapter, repeatable
    #[arg(long, value_name = "FILE")]
    pub adapter: Vec<PathBuf>,

    /// Additional configuration file, above the usual one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Format of standard output.
    #[arg(short = 'o', long, help = OutputFormat::help(), value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// `refinery doctor`
#[derive(Debug, Default, Args)]
pub struct DoctorArgs {
    /// Check only these participants; fail unless all of them work
    #[arg(short = 'm', long = "models", value_name = "LIST")]
    pub models: Vec<String>,

    /// Make one small real call with each
    #[arg(long)]
    pub probe: bool,

    /// Account to bill: auto, subscription or api [default: auto]
    #[arg(long, value_name = "ACCOUNT")]
    pub billing: Option<String>,

    /// What is looked at.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `refinery demo`
#[derive(Debug, Default, Args)]
pub struct DemoArgs {
    /// Which demo: consensus, debate, sample, refine or pipe [default: consensus]
    #[arg(value_name = "COMMAND")]
    pub demo: Option<String>,

    /// Format of standard output.
    #[arg(short = 'o', long, help = OutputFormat::help(), value_name = "FORMAT")]
    pub output_format: Option<String>,

    /// Log every event
    #[arg(short = 'v', long)]
    pub verbose: bool,
}

/// `refinery config show`
#[derive(Debug, Default, Args)]
pub struct ConfigShowArgs {
    /// Additional configuration file, above the usual one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Format of standard output.
    #[arg(short = 'o', long, help = OutputFormat::help(), value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// `refinery schema`
#[derive(Debug, Default, Args)]
pub struct SchemaArgs {
    /// Name of the schema: `outcome`, `event`, `config` …; without one, all are listed
    pub name: Option<String>,
}

impl LookArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        settings([(Key::OutputFormat, &self.output_format)])
    }
}

/// Settings that flags of the same name make.
#[must_use]
pub fn settings<const N: usize>(flags: [(Key, &Option<String>); N]) -> Vec<SettingValue> {
    flags
        .into_iter()
        .filter_map(|(key, value)| Some(said(key, vec![value.clone()?], options::flag(key.name()))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::request::OptionValue;
    use crate::cli::commands::typed::setting;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        let cli = Cli::command();
        let told: std::collections::BTreeSet<_> =
            cli.get_subcommands().map(|one| one.get_about().map(ToString::to_string)).collect();
        assert_eq!(told.len(), cli.get_subcommands().count(), "{told:?}");
    }

    #[test]
    fn every_setting_has_a_flag() {
        let command = Cli::command();
        let made: Vec<_> =
            command.get_arguments().filter_map(|one| setting(&[], one.get_id().as_str())).map(|(key, _)| key).collect();
        // They have no flag; the second is part of `--refiner`.
        let without = [Key::FirstByteTimeout, Key::RefinerEffort, Key::KeepRuns, Key::KeepDays, Key::KeepUnfinished];
        for key in Key::ALL.iter().filter(|key| !without.contains(key)) {
            assert!(made.contains(key), "{key}");
        }
    }

    #[test]
    fn every_option_of_a_run_says_what_it_is_by_default() {
        // What has to be said, or may be said any number of times.
        let without = ["prompt", "models", "files", "adapter", "config", "step", "if", "steps"];
        let cli = Cli::command();
        let runs =
            cli.get_subcommands().filter(|command| command.get_positionals().any(|one| one.get_id() == "prompt"));
        let mut count = 0;
        for command in runs.chain([&cli]) {
            let arguments = command.get_arguments().filter(|one| one.get_action().takes_values());
            for one in arguments.filter(|one| !without.contains(&one.get_id().as_str())) {
                let help = one.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("[default: "), "{} --{}: {help}", command.get_name(), one.get_id());
                count += 1;
            }
        }
        assert!(count > 60, "{count}");
    }

    #[test]
    fn flags_are_the_strongest_layer() {
        let cli =
            Cli::try_parse_from(["refinery", "why?", "-m", "claude, codex", "-m", "gemini", "-t", "9", "-v"]).unwrap();
        let request = cli.run.request().unwrap();
        let said: Vec<_> = request
            .settings
            .iter()
            .map(|one| format!("{} {} {}", one.origin, one.path, one.values.join("|")))
            .collect();
        assert_eq!(said, ["--models models claude, codex|gemini", "--verbose verbose true"]);
        assert_eq!(request.input.prompt.as_deref(), Some("why?"));
        let place = "--threshold".to_owned();
        assert_eq!(request.options, [OptionValue { name: "threshold".to_owned(), value: "9".to_owned(), place }]);
    }
}
