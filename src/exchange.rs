//! What is asked of one participant, and what comes back: the words that protocol, engine, call and
//! adapter share.

mod usage;

pub use usage::Usage;

use crate::ids::{CallId, ParticipantId, Round};
use crate::value::Word;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// What a call is for. The names appear in call ids, events and JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The bare question to the only participant of a run.
    Answer,
    /// A turn in a debate.
    Argue,
    /// The synthesis of a debate, by a model that did not take part.
    Judge,
    /// A first, blind answer.
    Propose,
    /// A review of other answers, with scores.
    Evaluate,
    /// A better version of one's own answer.
    Refine,
    /// One of several answers to the same bare question, to be counted.
    Sample,
    /// A first text that is to be refined.
    Draft,
    /// A judgement of a text, with a score.
    Score,
    /// A critique of a text, and the text rewritten.
    Critique,
}

impl Role {
    /// The name, as in call ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A prompt in parts that are shared between calls, never joined: the stable ones (question and
/// files, the same in every call of a run) first, then what this call adds.
///
/// The parts are written to the child one after the other, with nothing between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    parts: Vec<Arc<str>>,
    stable: usize,
}

impl Prompt {
    /// A prompt of stable parts (question and files) followed by the parts of this call.
    #[must_use]
    pub fn new(stable: Vec<Arc<str>>, varying: Vec<Arc<str>>) -> Self {
        let count = stable.len();
        let mut parts = stable;
        parts.extend(varying);
        Self { parts, stable: count }
    }

    /// All parts, in order.
    #[must_use]
    pub fn parts(&self) -> &[Arc<str>] {
        &self.parts
    }

    /// Question and files: the parts that every call of the run begins with.
    #[must_use]
    pub fn stable(&self) -> &[Arc<str>] {
        &self.parts[..self.stable]
    }

    /// What this call adds.
    #[must_use]
    pub fn varying(&self) -> &[Arc<str>] {
        &self.parts[self.stable..]
    }

    /// Length in bytes of all parts together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Length in Unicode characters of all parts together.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.parts.iter().map(|part| part.chars().count()).sum()
    }
}

/// The parts one after the other. For tests and small prompts: it copies.
impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| f.write_str(part))
    }
}

/// The shape that a structured reply must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// A short name of the shape, such as `review`: `[a-z_]+`.
    pub name: Arc<str>,
    /// Its JSON Schema: an object with all properties required and no others allowed, which is
    /// what every vendor's strict mode demands.
    pub schema: Arc<serde_json::Value>,
}

impl Shape {
    /// The schema as JSON text in which properties stand in the order of their `required` list:
    /// strict modes write keys in the schema's order, and the reasons must come before the score.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        write_ordered(&self.schema, &mut text);
        text
    }
}

fn write_ordered(value: &serde_json::Value, out: &mut String) {
    use serde_json::Value;
    match value {
        Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort_by_key(|key| *key == "properties");
            write_list(out, ['{', '}'], keys, |key, out| {
                write_key(key, out);
                match (key.as_str(), &entries[key]) {
                    ("properties", Value::Object(properties)) => {
                        let required = entries.get("required").and_then(Value::as_array);
                        let place = |name: &String| required?.iter().position(|known| known == name);
                        let mut names: Vec<&String> = properties.keys().collect();
                        names.sort_by_key(|name| place(name).unwrap_or(usize::MAX));
                        write_list(out, ['{', '}'], names, |name, out| {
                            write_key(name, out);
                            write_ordered(&properties[name], out);
                        });
                    }
                    (_, other) => write_ordered(other, out),
                }
            });
        }
        Value::Array(items) => write_list(out, ['[', ']'], items, write_ordered),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

fn write_key(key: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(key).to_string());
    out.push(':');
}

fn write_list<T>(
    out: &mut String,
    brackets: [char; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    out.push(brackets[0]);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// How hard a model thinks. Vendors know subsets of these words.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantNames,
    EnumString,
    VariantArray,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive, parse_err_ty = String, parse_err_fn = no_effort)]
#[non_exhaustive]
pub enum Effort {
    /// The least that the vendor offers.
    Minimal,
    /// Less than usual.
    Low,
    /// The usual.
    #[default]
    Medium,
    /// More than usual.
    High,
    /// Much more than usual.
    Xhigh,
    /// The most that the vendor offers.
    Max,
}

impl Word for Effort {}

impl Effort {
    /// All words, least first.
    pub const ALL: &[Self] = <Self as VariantArray>::VARIANTS;

    /// The word itself.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

fn no_effort(word: &str) -> String {
    format!("`{word}` is no effort: use minimal, low, medium, high, xhigh or max")
}

/// What a call changes about how the model runs. `None` leaves the participant's own setting, or
/// the vendor's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Tuning {
    /// How hard to think.
    pub effort: Option<Effort>,
    /// Sampling temperature, 0 to 2. CLIs that cannot take it say so; there is no default.
    pub temperature: Option<f64>,
    /// Longest reply in tokens, at least 1. A reply that was cut at it is an error.
    pub reply_tokens: Option<u32>,
}

/// One question to one participant, as a protocol asks it.
#[derive(Debug, Clone)]
pub struct CallSpec {
    /// Deterministic path of the call, unique within the run.
    pub id: CallId,
    /// Who is asked.
    pub to: ParticipantId,
    /// What for.
    pub role: Role,
    /// In which round.
    pub round: Round,
    /// The participant's system prompt: one per participant and run.
    pub system: Arc<str>,
    /// The prompt.
    pub prompt: Prompt,
    /// The shape that the reply must have; `None` for free text.
    pub shape: Option<Shape>,
    /// Changes to how the model runs.
    pub tuning: Tuning,
}

/// What one attempt brought.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The whole answer. Of a structured reply, the JSON text.
    pub text: Arc<str>,
    /// The structured reply, where the vendor gave one apart from the text. Not yet validated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structured: Option<serde_json::Value>,
    /// Tokens and money.
    #[serde(default)]
    pub usage: Usage,
    /// The model that really answered, if the CLI says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<String>,
    /// What a person should know although the answer is there: a leaked process, a setting that
    /// the CLI ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl From<String> for Reply {
    /// A reply of which nothing but the text is known.
    fn from(text: String) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl From<&str> for Reply {
    /// A reply of which nothing but the text is known.
    fn from(text: &str) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}
