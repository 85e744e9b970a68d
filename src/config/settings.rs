//! All settings of a run, total and validated.

use super::key::{AdapterKey, Key, Path, PriceKey};
use super::layers::{Layers, Source};
use super::refine::{self, RefineSettings};
use crate::adapter::{Billing, Transport};
use crate::error::Error;
use crate::exchange::{Effort, Tuning};
use crate::plan::{Budget, Ceiling, OnLimit, Prices};
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::options::OptionTable;
use crate::report::OutputFormat;
use crate::value::{number, or_none, time, unless_default, whole, word, yes};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The most days that runs are kept, other than without a limit: a hundred years.
pub(super) const MOST_DAYS: u32 = 36_500;

/// All settings of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The participants, as typed.
    pub models: Vec<String>,
    /// When a consensus closes.
    pub consensus: ConsensusPlan,
    /// How the models run.
    pub tuning: Tuning,
    /// Random seed; `None` to draw one.
    pub seed: Option<u64>,
    /// Maximum time for one attempt.
    pub timeout: Duration,
    /// Maximum silence before the first byte, of CLIs that stream.
    pub first_byte_timeout: Duration,
    /// Maximum silence after it, of CLIs that stream.
    pub idle_timeout: Duration,
    /// Retries after a transient failure, 0 to 10.
    pub retries: u32,
    /// Maximum parallel calls of all adapters; 0 for no limit.
    pub max_concurrent: usize,
    /// How the CLIs are driven.
    pub transport: Transport,
    /// Account to bill.
    pub billing: Billing,
    /// Whether to continue without participants that are missing.
    pub allow_missing: bool,
    /// Format of standard output.
    pub output_format: OutputFormat,
    /// Log every event.
    pub verbose: bool,
    /// Echo every invocation, and keep its folder.
    pub debug: bool,
    /// What a run may spend.
    pub budget: Budget,
    /// Maximum time of a run; no new calls after it.
    pub max_wall: Option<Duration>,
    /// Action at a usage limit.
    pub on_limit: OnLimit,
    /// The critique pass that may follow a run.
    pub refine: RefineSettings,
    /// Whether standard input is left alone where it is not named.
    pub no_stdin: bool,
    /// Whether the run is not saved, and so can be neither resumed nor replayed.
    pub no_journal: bool,
    /// Maximum number of finished runs to keep; `None` for no limit.
    pub keep_runs: Option<usize>,
    /// Days to keep finished runs; `None` for no limit.
    pub keep_days: Option<u32>,
    /// Whether unfinished runs are always kept.
    pub keep_unfinished: bool,
    /// Directory for saved runs and debug files; `None` for the usual place.
    pub state_dir: Option<PathBuf>,
    /// Settings of single adapters.
    pub adapters: BTreeMap<String, AdapterSettings>,
    /// What models cost whose CLIs report tokens alone, by name.
    pub prices: BTreeMap<String, Prices>,
}

/// Settings of one adapter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AdapterSettings {
    /// Where the program is: a path, or a name to look up.
    pub program: Option<String>,
    /// Arguments that come before all others.
    pub program_args: Vec<String>,
    /// Maximum parallel calls, at least 1.
    pub concurrency: Option<usize>,
    /// The model, unless a participant names one.
    pub model: Option<String>,
    /// Its effort, unless a participant sets one: this adapter's word, or the run's, whichever
    /// came from the stronger source; of one source, this adapter's.
    pub effort: Option<Effort>,
    /// Account to bill, by the same rule.
    pub billing: Option<Billing>,
    /// What an account that is paid per use is charged for a million input tokens, in US dollars.
    pub input_price: Option<f64>,
    /// The same for output tokens.
    pub output_price: Option<f64>,
}

impl Settings {
    /// Reads all layers.
    ///
    /// # Errors
    /// Every value that is outside its range, with the range and where the value came from.
    pub fn resolve(layers: &Layers) -> Result<Self, Error> {
        let mut read = Reader { layers, errors: Vec::new() };
        let settings = Self {
            models: read.list(&Path::Run(Key::Models)),
            consensus: read.table(""),
            tuning: read.table(""),
            seed: read.optional(&Path::Run(Key::Seed), |text| whole(text, &(0..=u64::MAX))),
            timeout: read.value(Key::Timeout, time),
            first_byte_timeout: read.value(Key::FirstByteTimeout, time),
            idle_timeout: read.value(Key::IdleTimeout, time),
            retries: read.value(Key::Retries, |text| whole(text, &(0..=10))),
            max_concurrent: read.value(Key::MaxConcurrent, |text| whole(text, &(0..=1000))),
            transport: read.value(Key::Transport, word),
            billing: read.value(Key::Billing, word),
            allow_missing: read.value(Key::AllowMissing, yes),
            output_format: read.value(Key::OutputFormat, word),
            verbose: read.value(Key::Verbose, yes),
            debug: read.value(Key::Debug, yes),
            budget: Budget {
                calls: read.ceiling(Key::BudgetCalls),
                input_tokens: read.ceiling(Key::BudgetInputTokens),
                output_tokens: read.ceiling(Key::BudgetOutputTokens),
                usd: read.optional(&Path::Run(Key::BudgetUsd), |text| number(text, &(0.0001..=1e6))),
            },
            max_wall: read.optional(&Path::Run(Key::MaxWall), time),
            on_limit: read.value(Key::OnLimit, word),
            refine: refine::read(&mut read),
            no_stdin: read.value(Key::NoStdin, yes),
            no_journal: read.value(Key::NoJournal, yes),
            keep_runs: read.value(Key::KeepRuns, |text| or_none(text, 1_000_000)),
            keep_days: read.value(Key::KeepDays, |text| or_none(text, MOST_DAYS)),
            keep_unfinished: read.value(Key::KeepUnfinished, yes),
            state_dir: read.optional(&Path::Run(Key::StateDir), |text| Ok(PathBuf::from(text))),
            adapters: layers.adapters().into_iter().map(|name| (name.to_owned(), read.adapter(name))).collect(),
            prices: layers
                .priced_models()
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), read.price(name)?)))
                .collect(),
        };
        Error::all(read.errors).map_or(Ok(settings), Err)
    }

    /// Settings of one adapter; the defaults for one without any.
    #[must_use]
    pub fn adapter(&self, name: &str) -> AdapterSettings {
        let said = self.adapters.get(name).cloned().unwrap_or_default();
        AdapterSettings {
            effort: said.effort.or(self.tuning.effort),
            billing: Some(said.billing.unwrap_or(self.billing)),
            ..said
        }
    }
}

pub(super) struct Reader<'a> {
    layers: &'a Layers,
    errors: Vec<Error>,
}

impl Reader<'_> {
    pub(super) fn list(&self, path: &Path) -> Vec<String> {
        self.layers.get(path).map(|entry| entry.values.clone()).unwrap_or_default()
    }

    /// Settings that have a table of options; `prefix` comes before the names of their keys.
    pub(super) fn table<P: OptionTable>(&mut self, prefix: &str) -> P {
        let mut settings = P::default();
        for option in P::OPTIONS {
            let Some(key) = Key::of(&format!("{prefix}{}", option.flag.name)) else { continue };
            // What has no default can be taken back.
            let optional = (option.field)(&mut P::default()).text().is_none();
            self.read(&Path::Run(key), |text| match optional && text.eq_ignore_ascii_case("default") {
                true => Ok(()),
                false => option.set(&mut settings, text),
            });
        }
        settings
    }

    /// Where a setting was said; empty if nowhere.
    pub(super) fn place(&self, key: Key) -> String {
        self.layers.get(&Path::Run(key)).map(|entry| entry.origin.place.clone()).unwrap_or_default()
    }

    /// A ceiling: left out, there is none. 0 is refused, since it makes no sense.
    fn ceiling(&mut self, key: Key) -> Ceiling {
        let most = self.optional(&Path::Run(key), |text| whole(text, &(1..=u64::MAX)));
        most.map_or(Ceiling::Unlimited, Ceiling::AtMost)
    }

    pub(super) fn value<T: Default>(&mut self, key: Key, parse: impl FnOnce(&str) -> Result<T, String>) -> T {
        self.read(&Path::Run(key), parse).unwrap_or_default()
    }

    pub(super) fn optional<T>(&mut self, path: &Path, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        self.read(path, |text| unless_default(text, parse)).flatten()
    }

    fn read<T>(&mut self, path: &Path, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let entry = self.layers.get(path)?;
        let text = entry.values.join(",");
        let text = text.trim();
        match parse(text) {
            Ok(value) => Some(value),
            Err(allowed) => {
                let origin = &entry.origin;
                let message = match origin.source {
                    Source::Environment | Source::CommandLine => format!("{origin} is {allowed}, not `{text}`"),
                    _ => format!("{origin}: `{path}` is {allowed}, not `{text}`"),
                };
                self.errors.push(Error::config(message));
                None
            }
        }
    }

    /// Both prices of a model, or an error: half of a price bounds nothing.
    fn price(&mut self, model: &str) -> Option<Prices> {
        let path = |key| Path::Price(model.to_owned(), key);
        let mut one = |key| {
            if self.layers.get(&path(key)).is_none() {
                self.errors
                    .push(Error::config(format!("`{}` is missing: a price has an input and an output", path(key))));
            }
            self.read(&path(key), |text| number(text, &(0.0..=1e6)))
        };
        let (input, output) = (one(PriceKey::Input), one(PriceKey::Output));
        input.zip(output).map(|(input, output)| Prices { input, output })
    }

    fn adapter(&mut self, name: &str) -> AdapterSettings {
        let path = |key| Path::Adapter(name.to_owned(), key);
        let own = |key, run| {
            let source = |path| self.layers.get(&path).map(|entry| entry.origin.source);
            source(path(key)) >= source(Path::Run(run)).or(Some(Source::Default))
        };
        let (own_effort, own_billing) = (own(AdapterKey::Effort, Key::Effort), own(AdapterKey::Billing, Key::Billing));
        AdapterSettings {
            program: self.optional(&path(AdapterKey::Program), |text| Ok(text.to_owned())),
            program_args: self.list(&path(AdapterKey::ProgramArgs)),
            concurrency: self.optional(&path(AdapterKey::Concurrency), |text| whole(text, &(1..=1000))),
            model: self.optional(&path(AdapterKey::Model), |text| Ok(text.to_owned())),
            effort: self.optional(&path(AdapterKey::Effort), word).filter(|_| own_effort),
            billing: self.optional(&path(AdapterKey::Billing), word).filter(|_| own_billing),
            input_price: self.optional(&path(AdapterKey::InputPrice), |text| number(text, &(0.0..=1e6))),
            output_price: self.optional(&path(AdapterKey::OutputPrice), |text| number(text, &(0.0..=1e6))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::{DEFAULT, entries};

    fn resolve(user: &str, flags: &str) -> Result<Settings, Error> {
        let mut layers = Layers::default();
        layers.lay(entries(DEFAULT, "built in", Source::Default)?);
        layers.lay(entries(user, "config.toml", Source::User)?);
        layers.lay(entries(flags, "flags", Source::CommandLine)?);
        Settings::resolve(&layers)
    }

    #[test]
    fn the_defaults_are_those_that_the_help_promises() {
        let settings = resolve("", "").unwrap();
        let expected = Settings {
            timeout: Duration::from_secs(600),
            first_byte_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(300),
            retries: 2,
            keep_runs: Some(200),
            keep_days: Some(30),
            keep_unfinished: true,
            ..Settings::default()
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn values_outside_their_range_are_all_named() {
        let user = "[defaults]\nthreshold = 11\nmax_rounds = 21\nstability_rounds = 0\ntimeout = 0\nretries = 11\n\
                    effort = \"lots\"\noutput_format = \"xml\"\ntemperature = 3\nseed = -1\n[adapters.claude]\nconcurrency = 0\n";
        let error = resolve(user, "").unwrap_err();
        assert_eq!(
            error.messages,
            [
                "config.toml:2: `threshold` is a number from 1 to 10, not `11`",
                "config.toml:3: `max_rounds` is a whole number from 1 to 20, not `21`",
                "config.toml:4: `stability_rounds` is a whole number of at least 1, not `0`",
                "config.toml:7: `effort` is minimal, low, medium, high, xhigh or max, not `lots`",
                "config.toml:9: `temperature` is a number from 0 to 2, not `3`",
                "config.toml:10: `seed` is a whole number from 0 to 18446744073709551615, not `-1`",
                "config.toml:5: `timeout` is a time above 0 and up to a day: seconds, or such as 90s, 10m, 1h, not `0`",
                "config.toml:6: `retries` is a whole number from 0 to 10, not `11`",
                "config.toml:8: `output_format` is text, json or jsonl, not `xml`",
                "config.toml:12: `adapters.claude.concurrency` is a whole number from 1 to 1000, not `0`",
            ]
        );
    }

    #[test]
    fn of_one_source_the_adapters_word_counts_else_the_stronger_source() {
        let user = "[defaults]\neffort = \"low\"\n[adapters.claude]\neffort = \"max\"\nbilling = \"api\"\n";
        let settings = resolve(user, "").unwrap();
        assert_eq!(settings.adapter("claude").effort, Some(Effort::Max));
        assert_eq!(settings.adapter("claude").billing, Some(Billing::Api));
        assert_eq!(settings.adapter("codex").effort, Some(Effort::Low));
        let settings = resolve(user, "[defaults]\neffort = \"high\"\nbilling = \"subscription\"\n").unwrap();
        assert_eq!(settings.adapter("claude").effort, Some(Effort::High));
        assert_eq!(settings.adapter("claude").billing, Some(Billing::Subscription));
    }

    #[test]
    fn the_word_default_takes_a_setting_back() {
        let settings =
            resolve("[defaults]\neffort = \"low\"\nseed = 3\n", "[defaults]\neffort = \"default\"\n").unwrap();
        assert_eq!((settings.tuning.effort, settings.seed), (None, Some(3)));
    }
}
