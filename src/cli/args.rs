//! What can be typed. No setting has a default here: layers below the flags could not be seen then.

use crate::app::options;
use crate::cli::commands::consensus::RunArgs;
use crate::cli::commands::debate::{DebateArgs, LONG_ABOUT as DEBATE};
use crate::cli::commands::pipe::PipeArgs;
use crate::cli::commands::planner::Planner;
use crate::cli::commands::refine::RefineArgs;
use crate::cli::commands::sample::SampleArgs;
use crate::cli::history::journal_args::{ReplayArgs, ResumeArgs, RunsArgs};
use crate::cli::inspect::personas::PersonasArgs;
use crate::config::{Key, Origin, Path, SettingValue, Source};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const AFTER: &str = "\
Exit codes:
  0  converged, or a single model answered      3  fewer than two models could answer
  1  error, or cancelled                        4  command line, configuration or input
  2  the rounds ran out: best answer so far     5  budget exhausted    6  parked at a usage limit

Examples:
  refinery \"Which index fits this query?\" -m claude,codex,gemini -f schema.sql
  git diff | refinery \"Review this change\" -f - -m claude/opus@high,codex
  refinery - -m claude*3 --threshold 9 -o json < question.txt
  refinery \"Is this safe?\" -m claude,codex -f src/auth.rs --dry-run";

const LONG_ABOUT: &str = "\
Puts the AI command-line tools you already pay for into one room and returns one answer that they agree on.

Each participant answers the question on its own, reviews and scores the others' answers without knowing whose they \
are, and improves its own, until one answer leads with a high enough score for long enough. Standard output holds the \
answer alone; everything else goes to standard error.";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "refinery",
    version,
    about,
    long_about = LONG_ABOUT,
    after_help = AFTER,
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
    pub run: RunArgs,
}

/// Everything but a consensus run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A run.
    #[command(flatten)]
    Run(RunCommand),
    /// List the adapters: their models, defaults, and what can pay
    Adapters(AdaptersArgs),
    /// List the standpoints from which a debate is led, or show one whole
    Personas(PersonasArgs),
    /// Check which programs are there, logged in, and what would pay
    Doctor(DoctorArgs),
    /// Show a scripted run: no account, no network, nothing to install
    Demo(DemoArgs),
    /// List the runs that were written down, show one whole, or remove some
    Runs(RunsArgs),
    /// Go on with a run that was killed, stopped or parked: nothing that was answered is asked again
    Resume(ResumeArgs),
    /// Show a run once more, from its journal alone: no program is started
    Replay(ReplayArgs),
    /// Show every setting and where it came from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the JSON Schema of what is written or read, or list them
    Schema(SchemaArgs),
}

/// The commands that make a run, beside the default one.
#[derive(Debug, Subcommand)]
pub enum RunCommand {
    /// Let several standpoints argue about the question, and show where each of them stands
    #[command(long_about = DEBATE)]
    Debate(Box<DebateArgs>),
    /// Ask the same question several times, and count the answers
    Sample(Box<SampleArgs>),
    /// Make one text better: scored and improved up to a target, or critiqued and rewritten
    Refine(Box<RefineArgs>),
    /// Do several of these, one after the other, on one budget
    Pipe(Box<PipeArgs>),
}

impl RunCommand {
    /// What it says of the run.
    #[must_use]
    pub fn planner(&self) -> &dyn Planner {
        match self {
            Self::Debate(args) => args.as_ref(),
            Self::Sample(args) => args.as_ref(),
            Self::Refine(args) => args.as_ref(),
            Self::Pipe(args) => args.as_ref(),
        }
    }
}

/// `refinery config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its value and where that came from
    Show(ConfigShowArgs),
}

/// What commands that only look share.
#[derive(Debug, Default, Args)]
pub struct LookArgs {
    /// Add an adapter from a manifest, repeatable
    #[arg(long, value_name = "FILE")]
    pub adapter: Vec<PathBuf>,

    /// One more configuration file, on top of the usual one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What standard output carries: text or json [default: text]
    #[arg(short = 'o', long, value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// `refinery adapters`
#[derive(Debug, Default, Args)]
pub struct AdaptersArgs {
    /// What is looked at.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `refinery doctor`
#[derive(Debug, Default, Args)]
pub struct DoctorArgs {
    /// Check these participants only, and fail unless all of them can work
    #[arg(short = 'm', long = "models", value_name = "LIST")]
    pub models: Vec<String>,

    /// Make one small real call to each
    #[arg(long)]
    pub probe: bool,

    /// What may pay: auto, subscription or api [default: auto]
    #[arg(long, value_name = "WHO")]
    pub billing: Option<String>,

    /// What is looked at.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `refinery demo`
#[derive(Debug, Default, Args)]
pub struct DemoArgs {
    /// Which: consensus, debate, sample, refine or pipe [default: consensus]
    #[arg(value_name = "COMMAND")]
    pub demo: Option<String>,

    /// What standard output carries: text, json or jsonl [default: text]
    #[arg(short = 'o', long, value_name = "FORMAT")]
    pub output_format: Option<String>,

    /// A line for everything that happens
    #[arg(short = 'v', long)]
    pub verbose: bool,
}

/// `refinery config show`
#[derive(Debug, Default, Args)]
pub struct ConfigShowArgs {
    /// One more configuration file, on top of the usual one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What standard output carries: text or json [default: text]
    #[arg(short = 'o', long, value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// `refinery schema`
#[derive(Debug, Default, Args)]
pub struct SchemaArgs {
    /// Of what: `outcome`, `event`, `config` …; nothing lists them all
    pub name: Option<String>,
}

impl LookArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        self.output_format.iter().map(|value| entry(Key::OutputFormat, vec![value.clone()])).collect()
    }
}

/// The flag of a setting.
fn flag(key: Key) -> String {
    match key {
        Key::RefineEnabled => "--self-refine".to_owned(),
        Key::RefineVerify => "--verify".to_owned(),
        Key::RefinerModel => "--refiner".to_owned(),
        other => options::flag(other.name()),
    }
}

/// What a flag says.
pub(crate) fn entry(key: Key, values: Vec<String>) -> SettingValue {
    let place = flag(key);
    SettingValue { path: Path::Run(key), values, origin: Origin { source: Source::CommandLine, place } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::planner::Planner;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_a_setting_has_that_settings_name() {
        let command = Cli::command();
        let flags: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
        // Nobody types the first; the second is part of `--refiner`.
        let without = [Key::FirstByteTimeout, Key::RefinerEffort];
        for key in Key::ALL.iter().filter(|key| !without.contains(key)) {
            assert!(flags.contains(&flag(*key).trim_start_matches("--")), "{key}");
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
        let said: Vec<_> =
            cli.run.entries().iter().map(|e| format!("{} {} {}", e.origin, e.path, e.values.join("|"))).collect();
        assert_eq!(said, ["--models models claude, codex|gemini", "--verbose verbose true", "--threshold threshold 9"]);
        assert_eq!(cli.run.shared.prompt.as_deref(), Some("why?"));
    }
}
