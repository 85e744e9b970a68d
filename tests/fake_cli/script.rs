//! What a script says: ordered rules, each with what it matches and what is then played.
//!
//! A script is TOML. The first rule whose `when` holds is played; if none does, the built-in default
//! is (a sensible draft, a sensible review). Paths are relative to the script's own folder, because
//! the fake is started with a working directory and an environment that its script cannot know.
//!
//! ```toml
//! seed = 7                                     # of every drawn latency
//! latency = { median_ms = 300, sigma = 0.6 }   # log-normal; a rule may have its own
//! log = { file = "requests.jsonl", prompts = true }
//! state = "state"                              # folder of the counters behind `nth`
//!
//! [[rule]]
//! when = { vendor = "claude", phase = "evaluate", nth = [1] }
//! actions = [{ fail = { kind = "overloaded" } }]
//!
//! [[rule]]
//! when = { phase = "evaluate", contains = ["hash map"] }
//! actions = [{ review = { score = 6.5, weaknesses = ["No word about collisions."] } }]
//!
//! [[rule]]
//! when = { phase = "argue", vendor = "claude", round = [1] }
//! actions = [{ argue = { position = "Not before the restore was tried.", confidences = [82] } }]
//!
//! [[rule]]
//! when = { phase = "propose" }
//! manner = { chunks = 8, keep_bytes = 400 }    # half an answer ...
//! actions = [{ say = { text = "Use a hash map." } }, "hang"]   # ... and then silence
//! ```

use super::action::Action;
use super::call::Phase;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A whole script.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Seed of every draw.
    #[serde(default)]
    pub seed: u64,
    /// How long each call takes, unless its rule says otherwise; none: no time at all.
    pub latency: Option<Latency>,
    /// Where each request is written down.
    pub log: Option<Log>,
    /// Folder of the counters behind `nth`.
    pub state: Option<PathBuf>,
    /// The rules, first match first.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// A latency: drawn from a log-normal distribution, the same for the same call.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Median, in milliseconds.
    pub median_ms: f64,
    /// Standard deviation of its logarithm; 0: always the median.
    #[serde(default)]
    pub sigma: f64,
    /// Part of it that is over before the first word of the answer, 0 to 1; the rest is spread over
    /// the chunks of the answer.
    #[serde(default = "half")]
    pub think: f64,
}

fn half() -> f64 {
    0.5
}

/// Where requests are written down, one JSON object a line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The file; lines are appended.
    pub file: PathBuf,
    /// Whether prompt and system prompt are written whole, beside their length and digest.
    #[serde(default)]
    pub prompts: bool,
}

/// One rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A name for the log; else its number, from 1.
    pub name: Option<String>,
    /// What it matches; nothing said: everything.
    #[serde(default)]
    pub when: When,
    /// How long the call takes.
    pub latency: Option<Latency>,
    /// How the answer is written.
    #[serde(default)]
    pub manner: Manner,
    /// What is played, in order.
    pub actions: Vec<Action>,
}

/// What a rule matches: all that is said must hold.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// `claude`, `codex`, `gemini` or `plain`.
    pub vendor: Option<super::vendor::Vendor>,
    /// The model, exactly as the argv has it.
    pub model: Option<String>,
    /// Who answers: `--name`, else `vendor/model`.
    pub who: Option<String>,
    /// What the call asks for.
    pub phase: Option<Phase>,
    /// Which rounds: one of these.
    #[serde(default)]
    pub round: Vec<u32>,
    /// Whether a schema is asked for.
    pub schema: Option<bool>,
    /// How the prompt begins.
    pub begins: Option<String>,
    /// What the prompt holds: all of these.
    #[serde(default)]
    pub contains: Vec<String>,
    /// What the prompt does not hold: none of these.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// Which of the calls that match all else, from 1; needs `state`. Every process that matches
    /// all else counts, whichever rule it plays in the end.
    #[serde(default)]
    pub nth: Vec<u32>,
}

impl When {
    /// Whether it can be decided only with the prompt.
    #[must_use]
    pub fn needs_prompt(&self) -> bool {
        self.begins.is_some() || !self.contains.is_empty() || !self.lacks.is_empty()
    }

    /// What can never hold.
    fn check(&self) -> Result<(), &'static str> {
        if self.round.contains(&0) {
            return Err("`round` counts from 1");
        }
        Ok(())
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manner {
    /// Pieces of text that a streaming format cuts the answer into; 0: about one a sentence.
    #[serde(default)]
    pub chunks: usize,
    /// Bytes in each write, whatever they cut apart; 0: as many as there are.
    #[serde(default)]
    pub piece_bytes: usize,
    /// Pause after each such piece.
    #[serde(default)]
    pub pause_ms: u64,
    /// Only so many bytes of standard output get out; the actions that follow are played all the same.
    pub keep_bytes: Option<usize>,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// What is wrong with it, and on which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let script: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        script.check()?;
        Ok(script)
    }

    fn check(&self) -> Result<(), String> {
        for (number, rule) in self.rule.iter().enumerate() {
            let name = rule.name.clone().unwrap_or_else(|| (number + 1).to_string());
            if !rule.when.nth.is_empty() && self.state.is_none() {
                return Err(format!("rule {name}: `nth` needs `state`, the folder of its counters"));
            }
            rule.when.check().map_err(|reason| format!("rule {name}: {reason}"))?;
            for action in &rule.actions {
                action.check().map_err(|reason| format!("rule {name}: {reason}"))?;
            }
            let unread = rule.actions.iter().any(|action| matches!(action, Action::Unread));
            if unread && self.rule[..=number].iter().any(|rule| rule.when.needs_prompt()) {
                return Err(format!("rule {name}: `unread` cannot come after a condition on the prompt"));
            }
        }
        let latencies = self.rule.iter().filter_map(|rule| rule.latency).chain(self.latency);
        for latency in latencies {
            let sane = latency.median_ms >= 0.0 && latency.sigma >= 0.0 && (0.0..=1.0).contains(&latency.think);
            if !sane {
                return Err("latency: median_ms and sigma are 0 or more, think is between 0 and 1".to_owned());
            }
        }
        Ok(())
    }

    /// The same script with its paths made absolute.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        if let Some(log) = &mut self.log {
            log.file = folder.join(&log.file);
        }
        self.state = self.state.map(|state| folder.join(state));
        self
    }
}
