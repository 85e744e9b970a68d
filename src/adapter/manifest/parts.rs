//! The parts of a manifest. Every string with `{placeholder}`s is rendered by [`crate::adapter::template`];
//! an argument group, variable or member that holds a placeholder without a value is dropped.

use crate::adapter::pool::PoolKind;
use crate::exchange::Effort;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Where the program is, and how to get it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgramSpec {
    /// Names to look for on the PATH, in order; at least one.
    #[cfg_attr(feature = "cli", schemars(length(min = 1)))]
    pub names: Vec<String>,
    /// What to type to install it.
    #[serde(default)]
    pub install: String,
    /// What to type to log in.
    #[serde(default)]
    pub login: String,
    /// Arguments that print its version.
    #[serde(default)]
    pub version_args: Vec<String>,
    /// The package that the program comes in: only its `package.json` states the program's version.
    #[serde(default)]
    pub package: Option<String>,
    /// Files beside the resolved program that state its version.
    #[serde(default)]
    pub version_files: Vec<String>,
    /// The versions that were tested: from the first, up to but without the second.
    #[serde(default)]
    pub tested: Option<[String; 2]>,
    /// Arguments that check the login.
    #[serde(default)]
    pub login_args: Vec<String>,
}

/// The models of a CLI.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// The model when none is named; absent: the CLI's own default.
    #[serde(default)]
    pub default: Option<String>,
    /// How hard the models think unless told otherwise.
    #[serde(default)]
    pub effort: Option<Effort>,
    /// When default and aliases were read off the CLI: `2026-11-21`.
    #[serde(default)]
    pub as_of: String,
    /// What the vendor's ids begin with: a word typed after `name-` that is no alias gets it.
    #[serde(default)]
    pub id_prefix: Option<String>,
    /// Short names, and the ids they stand for.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// Effort is sent only for models that begin with one of these; empty: for all.
    #[serde(default)]
    pub effort_for: Vec<String>,
    /// Effort is not sent for models that begin with one of these.
    #[serde(default)]
    pub no_effort_for: Vec<String>,
    /// A temperature is sent only for models that begin with one of these; empty: for all.
    #[serde(default)]
    pub temperature_for: Vec<String>,
    /// A temperature is not sent for models that begin with one of these.
    #[serde(default)]
    pub no_temperature_for: Vec<String>,
}

impl Models {
    /// Whether a model can be told how hard to think.
    #[must_use]
    pub fn takes_effort(&self, model: Option<&str>) -> bool {
        selects(&self.effort_for, &self.no_effort_for, model)
    }

    /// Whether a model can be given a temperature, as far as its CLI can pass one on at all.
    #[must_use]
    pub fn takes_temperature(&self, model: Option<&str>) -> bool {
        selects(&self.temperature_for, &self.no_temperature_for, model)
    }
}

fn selects(only: &[String], not: &[String], model: Option<&str>) -> bool {
    let begins = |starts: &[String]| starts.iter().any(|start| model.unwrap_or("").starts_with(start.as_str()));
    (only.is_empty() || begins(only)) && !begins(not)
}

/// One way to pay.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PoolSpec {
    /// Its name: `api key`.
    pub name: String,
    /// Its kind.
    pub kind: PoolKind,
    /// The variable of our environment that holds the credential; absent for a stored login.
    #[serde(default)]
    pub variable: Option<String>,
    /// The variable of the child's environment that it becomes; the same if absent.
    #[serde(default)]
    pub child: Option<String>,
    /// Of a stored login: the kind of account that it must belong to (`plan`, `key`, or `personal` for
    /// one that is no longer served); any if absent.
    #[serde(default)]
    pub account: Option<String>,
    /// Further variables of the child.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables of ours that the child sees too, where they are set.
    #[serde(default)]
    pub pass: Vec<String>,
    /// Links in the scratch folder to a stored login.
    #[serde(default)]
    pub links: Vec<LinkSpec>,
    /// Values for placeholders of the invocation.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Values for placeholders of the invocation, read from variables of ours.
    #[serde(default)]
    pub reads: BTreeMap<String, String>,
}

/// A link from the scratch folder to a file of the person's.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// Where it stands, relative to the scratch folder.
    pub path: String,
    /// The number of the login file that it points to, from 0.
    pub login: usize,
}

/// How the program is started.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct InvocationSpec {
    /// Groups of arguments; a group with a placeholder that has no value vanishes.
    pub args: Vec<Vec<String>>,
    /// Variables of the child; one with a placeholder that has no value vanishes.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Variables of ours that the child sees too, where they are set: proxies, certificates.
    #[serde(default)]
    pub pass: Vec<String>,
    /// The working directory in the scratch folder: empty, and the placeholder `{cwd}`.
    #[serde(default = "cwd")]
    pub cwd: String,
    /// Folders to make in the scratch folder.
    #[serde(default)]
    pub folders: Vec<String>,
    /// Files to write into it.
    #[serde(default)]
    pub files: Vec<FileSpec>,
    /// How long it may stay after the answer is complete, in milliseconds.
    #[serde(default = "two_seconds")]
    pub leave_ms: u64,
}

fn cwd() -> String {
    "cwd".to_owned()
}

fn two_seconds() -> u64 {
    2000
}

/// A file in the scratch folder.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// Where, relative to the scratch folder; with a placeholder that has no value it is not written.
    pub path: String,
    /// What it holds.
    pub holds: Holds,
    /// The text, for `json`.
    #[serde(default)]
    pub json: Option<String>,
    /// The placeholder that its path becomes, if the file is written.
    #[serde(default)]
    pub value: Option<String>,
}

/// What a file in the scratch folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// The system prompt. Where there is none, one line, since some CLIs refuse an empty file.
    System,
    /// The answer's JSON Schema; written only for structured calls.
    Schema,
    /// A JSON document, filled: a string that is one placeholder becomes its value in its own type,
    /// a member without a value vanishes.
    Json,
}

/// How the prompt goes in: always through standard input.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StdinSpec {
    /// Written before it.
    #[serde(default)]
    pub before: String,
    /// Written after it.
    #[serde(default)]
    pub after: String,
    /// How the prompt itself is written.
    #[serde(default)]
    pub escape: Escape,
    /// Written before a prompt, so that the CLI does not take its beginning for a command.
    #[serde(default)]
    pub guard: String,
    /// The guard is needed only before prompts that begin with one of these; empty: before all.
    #[serde(default)]
    pub guard_when: Vec<String>,
    /// Whether the system prompt goes in before the prompt: for CLIs that have no place for it.
    #[serde(default)]
    pub system_first: bool,
    /// Whether it stays open until the answer is there.
    #[serde(default)]
    pub hold_open: bool,
}

/// How the prompt is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Escape {
    /// As it is.
    #[default]
    None,
    /// As the inside of a JSON string.
    Json,
}

/// How the answer comes out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// Which codec reads it.
    pub codec: CodecName,
    /// Where standard output goes.
    #[serde(default)]
    pub stdout: Where,
    /// Where standard error goes.
    #[serde(default)]
    pub stderr: Where,
    /// Whether it prints while it thinks and answers.
    #[serde(default)]
    pub streams: bool,
    /// Whether it says what a call cost.
    #[serde(default)]
    pub reports_cost: bool,
    /// For the codecs `json` and `jsonl`: where in a document things stand.
    #[serde(default)]
    pub pointers: Option<crate::adapter::codec::Pointers>,
}

impl OutputSpec {
    /// Whether it says how many tokens a call took.
    #[must_use]
    pub fn reports_tokens(&self) -> bool {
        match self.codec {
            CodecName::Claude | CodecName::Codex | CodecName::Gemini => true,
            CodecName::Plain => false,
            CodecName::Json | CodecName::Jsonl => {
                self.pointers.as_ref().is_some_and(|at| at.input_tokens.is_some() && at.output_tokens.is_some())
            }
        }
    }
}

/// The codecs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CodecName {
    /// Claude Code's stream-json.
    Claude,
    /// `codex exec --json`.
    Codex,
    /// `gemini -o json`.
    Gemini,
    /// Standard output is the answer.
    Plain,
    /// One JSON document.
    Json,
    /// JSON documents, one a line.
    Jsonl,
}

impl CodecName {
    /// Whether it can tell a failure that is printed as if it were the answer.
    pub(super) fn takes_answer_rules(self) -> bool {
        matches!(self, Self::Plain | Self::Json | Self::Jsonl)
    }

    /// The names that it gives to facts of its wire format.
    fn field_names(self) -> &'static [&'static str] {
        match self {
            Self::Claude => &[
                "error",
                "api_error",
                "api_error_type",
                "api_error_status",
                "terminal_reason",
                "subtype",
                "stop_reason",
            ],
            Self::Codex => &["code", "status"],
            Self::Gemini => &["code", "status", "reason", "type"],
            Self::Plain | Self::Json | Self::Jsonl => &[],
        }
    }

    /// Whether a failure rule can ask for this field.
    pub(super) fn has_field(self, name: &str) -> bool {
        match self {
            Self::Json | Self::Jsonl => name.starts_with('/'),
            _ => self.field_names().contains(&name),
        }
    }

    /// The fields that a failure rule can ask for, in words.
    pub(super) fn field_hint(self) -> String {
        match self {
            Self::Json | Self::Jsonl => "give its path in the JSON, such as `/error/code`".to_owned(),
            Self::Plain => "the codec `plain` has none".to_owned(),
            _ => format!("this codec has {}", self.field_names().join(", ")),
        }
    }
}

/// Where an output stream goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// A pipe.
    #[default]
    Pipe,
    /// A regular file, for CLIs that lose output on a pipe.
    File,
}

/// What a CLI can take.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most bytes of a prompt.
    #[serde(default)]
    pub prompt_bytes: Option<usize>,
    /// Most Unicode characters of what goes through standard input.
    #[serde(default)]
    pub stdin_chars: Option<usize>,
    /// Most Unicode characters of a whole prompt, with everything that can move elsewhere moved.
    #[serde(default)]
    pub prompt_chars: Option<usize>,
    /// Where question and files travel when standard input cannot hold them.
    #[serde(default)]
    pub overflow: Option<Overflow>,
    /// What the CLI would replace in a system prompt: a call whose system prompt holds one is refused.
    #[serde(default)]
    pub system_without: Vec<String>,
}

/// Where question and files travel when standard input cannot hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// In the file of the system prompt, marked as data.
    SystemFile,
}
