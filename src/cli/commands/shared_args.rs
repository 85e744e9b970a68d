//! What is typed for any run, whatever its protocol.

use crate::cli::args::entry;
use crate::config::{Key, SettingValue};
use clap::Args;
use std::path::PathBuf;

/// What every run is given.
#[derive(Debug, Default, Args)]
pub struct SharedArgs {
    /// The question; `-` reads it from standard input. May be left out if there are files
    #[arg(value_name = "PROMPT")]
    pub prompt: Option<String>,

    /// Who takes part: a comma list of 1 to 7 (for samples alone, to 100), repeatable. `claude`,
    /// `codex-o3`, `ollama/llama3.2:3b` (adapter/model), `claude@high` (effort), `claude*3` or
    /// `3xclaude` (three of it)
    #[arg(short = 'm', long = "models", value_name = "LIST", help_heading = "Participants")]
    pub models: Vec<String>,

    /// How hard they think: minimal, low, medium, high, xhigh or max [default: each model's own]
    #[arg(long, value_name = "EFFORT", help_heading = "Participants")]
    pub effort: Option<String>,

    /// Sampling temperature, 0 to 2; only where the CLI takes one [default: not sent]
    #[arg(long, value_name = "NUMBER", help_heading = "Participants", allow_hyphen_values = true)]
    pub temperature: Option<String>,

    /// Longest reply in tokens, at least 1; only where the CLI takes it [default: not sent]
    #[arg(
        long,
        alias = "max-tokens",
        value_name = "TOKENS",
        help_heading = "Participants",
        allow_hyphen_values = true
    )]
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

    /// Longest time for one attempt: seconds, or such as 90s, 10m, 1h [default: 10m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", allow_hyphen_values = true)]
    pub timeout: Option<String>,

    /// Longest silence in an answer, of CLIs that print while they work [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", allow_hyphen_values = true)]
    pub idle_timeout: Option<String>,

    /// Further attempts after one that failed in a way that can pass, 0 to 10 [default: 2]
    #[arg(long, alias = "max-retries", value_name = "TIMES", help_heading = "Limits", allow_hyphen_values = true)]
    pub retries: Option<String>,

    /// Calls at once: N over all adapters (0: no limit), or claude=N for one; repeatable [default: 0]
    #[arg(
        long,
        alias = "max-concurrency",
        value_name = "N | NAME=N",
        help_heading = "Limits",
        allow_hyphen_values = true
    )]
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

    /// The seed of every draw: labels, orders, pauses [default: drawn]
    #[arg(long, value_name = "NUMBER", help_heading = "Configuration", allow_hyphen_values = true)]
    pub seed: Option<String>,

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

impl SharedArgs {
    /// What the flags say, as the strongest layer.
    #[must_use]
    pub fn entries(&self) -> Vec<SettingValue> {
        let one = |value: &Option<String>| value.clone().map(|value| vec![value]);
        let yes = |set: bool| set.then(|| vec!["true".to_owned()]);
        let list = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
        [
            (Key::Models, list(&self.models)),
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
