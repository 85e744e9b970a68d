//! What can be typed. No setting has a default here: layers below the flags could not be seen then.

use super::journal_args::{ReplayArgs, ResumeArgs, RunsArgs};
use crate::config::{Entry, Key, Origin, Path, Source};
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

/// Everything but a run.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the adapters: their models, defaults, and what can pay
    Adapters(AdaptersArgs),
    /// Check which programs are there, logged in, and what would pay
    Doctor(DoctorArgs),
    /// Play a consensus run with stand-ins: no account, no network, nothing to install
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

/// `refinery config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its value and where that came from
    Show(ConfigShowArgs),
}

/// The default command: a consensus run.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// The question; `-` reads it from standard input. May be left out if there are files
    #[arg(value_name = "PROMPT")]
    pub prompt: Option<String>,

    /// Who takes part: a comma list of 1 to 7, repeatable. `claude`, `codex-o3`, `ollama/llama3.2:3b`
    /// (adapter/model), `claude@high` (effort), `claude*3` or `3xclaude` (three of it)
    #[arg(short = 'm', long = "models", value_name = "LIST", help_heading = "Participants")]
    pub models: Vec<String>,

    /// How hard they think: minimal, low, medium, high, xhigh or max [default: each model's own]
    #[arg(long, value_name = "EFFORT", help_heading = "Participants")]
    pub effort: Option<String>,

    /// Sampling temperature, 0 to 2; only where the CLI takes one [default: not sent]
    #[arg(long, value_name = "NUMBER", help_heading = "Participants", allow_hyphen_values = true)]
    pub temperature: Option<String>,

    /// Longest reply in tokens, at least 1; only where the CLI takes it [default: not sent]
    #[arg(long, value_name = "TOKENS", help_heading = "Participants", allow_hyphen_values = true)]
    pub reply_tokens: Option<String>,

    /// What may pay: auto, subscription or api [default: auto]
    #[arg(long, value_name = "WHO", help_heading = "Participants")]
    pub billing: Option<String>,

    /// Go on without participants whose program or credential is missing
    #[arg(long, help_heading = "Participants")]
    pub allow_missing: bool,

    /// Add an adapter from a manifest, repeatable
    #[arg(long, value_name = "FILE", help_heading = "Participants")]
    pub adapter: Vec<PathBuf>,

    /// A file that the question is about, repeatable; `-` is standard input. 1 MB in all
    #[arg(short = 'f', long = "file", value_name = "PATH", help_heading = "Input")]
    pub files: Vec<String>,

    /// Mean score that the leading answer must reach, 1 to 10 [default: 8]
    #[arg(short = 't', long, value_name = "SCORE", help_heading = "Consensus", allow_hyphen_values = true)]
    pub threshold: Option<String>,

    /// At most this many rounds, 1 to 20 [default: 5]
    #[arg(short = 'r', long, value_name = "ROUNDS", help_heading = "Consensus", allow_hyphen_values = true)]
    pub max_rounds: Option<String>,

    /// For how many rounds in a row the same answer must lead, at least 1 [default: 2]
    #[arg(long, value_name = "ROUNDS", help_heading = "Consensus", allow_hyphen_values = true)]
    pub stability_rounds: Option<String>,

    /// How answers are reviewed: pairwise, or batch (one call per reviewer) [default: pairwise]
    #[arg(long, value_name = "MODE", help_heading = "Consensus")]
    pub review: Option<String>,

    /// The seed of every draw: labels, orders, pauses [default: drawn]
    #[arg(long, value_name = "NUMBER", help_heading = "Consensus", allow_hyphen_values = true)]
    pub seed: Option<String>,

    /// Longest time for one attempt: seconds, or such as 90s, 10m, 1h [default: 10m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", allow_hyphen_values = true)]
    pub timeout: Option<String>,

    /// Longest silence in an answer, of CLIs that print while they work [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", allow_hyphen_values = true)]
    pub idle_timeout: Option<String>,

    /// Further attempts after one that failed in a way that can pass, 0 to 10 [default: 2]
    #[arg(long, value_name = "TIMES", help_heading = "Limits", allow_hyphen_values = true)]
    pub retries: Option<String>,

    /// Calls at once: N over all adapters (0: no limit), or claude=N for one; repeatable [default: 0]
    #[arg(long, value_name = "N | NAME=N", help_heading = "Limits", allow_hyphen_values = true)]
    pub max_concurrent: Vec<String>,

    /// Most attempts of the run, retries and repairs among them [default: no limit]
    #[arg(long, value_name = "CALLS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_calls: Option<String>,

    /// Most input tokens of the run [default: no limit]
    #[arg(long, value_name = "TOKENS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_input_tokens: Option<String>,

    /// Most output tokens of the run [default: no limit]
    #[arg(long, value_name = "TOKENS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_output_tokens: Option<String>,

    /// Most US dollars of accounts that are paid per use [default: no limit]
    #[arg(long, value_name = "DOLLARS", help_heading = "Budget", allow_hyphen_values = true)]
    pub budget_usd: Option<String>,

    /// Longest time of the run; after it nothing new is begun [default: no limit]
    #[arg(long, value_name = "TIME", help_heading = "Budget", allow_hyphen_values = true)]
    pub max_wall: Option<String>,

    /// At a usage limit: park (go on with at least two others, else stop, to be resumed), drop, wait
    /// or fail [default: park]
    #[arg(long, value_name = "WHAT", help_heading = "Budget")]
    pub on_limit: Option<String>,

    /// What standard output carries: text, json or jsonl [default: text]
    #[arg(short = 'o', long, value_name = "FORMAT", help_heading = "Output")]
    pub output_format: Option<String>,

    /// A line for everything that happens
    #[arg(short = 'v', long, help_heading = "Output")]
    pub verbose: bool,

    /// Print each invocation as a line that makes it again, and keep its folder
    #[arg(long, help_heading = "Output")]
    pub debug: bool,

    /// Say what the run would do and how many calls it would take, and call nobody
    #[arg(long, help_heading = "Output")]
    pub dry_run: bool,

    /// One more configuration file, on top of the usual one
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub config: Option<PathBuf>,

    /// Do not write the run down: it can then be neither resumed nor replayed, and what it cost is
    /// lost with it if it is killed
    #[arg(long, help_heading = "Configuration")]
    pub no_journal: bool,

    /// Where runs and kept folders lie [default: ~/.local/state/refinery]
    #[arg(long, value_name = "FOLDER", help_heading = "Configuration")]
    pub state_dir: Option<String>,
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

impl RunArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let one = |value: &Option<String>| value.clone().map(|value| vec![value]);
        let yes = |set: bool| set.then(|| vec!["true".to_owned()]);
        let list = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
        [
            (Key::Models, list(&self.models)),
            (Key::Threshold, one(&self.threshold)),
            (Key::MaxRounds, one(&self.max_rounds)),
            (Key::StabilityRounds, one(&self.stability_rounds)),
            (Key::Review, one(&self.review)),
            (Key::Effort, one(&self.effort)),
            (Key::Temperature, one(&self.temperature)),
            (Key::ReplyTokens, one(&self.reply_tokens)),
            (Key::Seed, one(&self.seed)),
            (Key::Timeout, one(&self.timeout)),
            (Key::IdleTimeout, one(&self.idle_timeout)),
            (Key::Retries, one(&self.retries)),
            (Key::MaxConcurrent, list(&self.max_concurrent)),
            (Key::Billing, one(&self.billing)),
            (Key::BudgetCalls, one(&self.budget_calls)),
            (Key::BudgetInputTokens, one(&self.budget_input_tokens)),
            (Key::BudgetOutputTokens, one(&self.budget_output_tokens)),
            (Key::BudgetUsd, one(&self.budget_usd)),
            (Key::MaxWall, one(&self.max_wall)),
            (Key::OnLimit, one(&self.on_limit)),
            (Key::AllowMissing, yes(self.allow_missing)),
            (Key::NoJournal, yes(self.no_journal)),
            (Key::OutputFormat, one(&self.output_format)),
            (Key::Verbose, yes(self.verbose)),
            (Key::Debug, yes(self.debug)),
            (Key::StateDir, one(&self.state_dir)),
        ]
        .into_iter()
        .filter_map(|(key, values)| values.map(|values| entry(key, values)))
        .collect()
    }
}

impl LookArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.output_format.iter().map(|value| entry(Key::OutputFormat, vec![value.clone()])).collect()
    }
}

/// What a flag says.
pub(super) fn entry(key: Key, values: Vec<String>) -> Entry {
    let place = format!("--{}", key.name().replace('_', "-"));
    Entry { path: Path::Run(key), values, origin: Origin { source: Source::CommandLine, place } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_of_a_setting_has_that_settings_name() {
        let command = Cli::command();
        let flags: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
        for key in Key::ALL.iter().filter(|key| **key != Key::FirstByteTimeout) {
            assert!(flags.contains(&key.name().replace('_', "-").as_str()), "{key}");
        }
    }

    #[test]
    fn flags_are_the_strongest_layer() {
        let cli =
            Cli::try_parse_from(["refinery", "why?", "-m", "claude, codex", "-m", "gemini", "-t", "9", "-v"]).unwrap();
        let said: Vec<_> =
            cli.run.entries().iter().map(|e| format!("{} {} {}", e.origin, e.path, e.values.join("|"))).collect();
        assert_eq!(said, ["--models models claude, codex|gemini", "--threshold threshold 9", "--verbose verbose true"]);
        assert_eq!(cli.run.prompt.as_deref(), Some("why?"));
    }
}
