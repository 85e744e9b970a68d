//! Where a JSON format that is described by a manifest alone keeps what we look for.

use super::Pointer;
use crate::exchange::Usage;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a JSON document, or the lines of a JSONL stream, keep what we look for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pointers {
    /// The answer, or a piece of it: the first of these paths at which there is a text.
    pub text: Vec<Pointer>,
    /// JSONL: what must hold of a line for its text to count, as path = word.
    #[serde(default)]
    pub text_when: BTreeMap<Pointer, String>,
    /// JSONL: whether the texts of all lines make up the answer; else the last one is the answer.
    #[serde(default)]
    pub join: bool,
    /// What must hold of the document, or of the last line, for the answer to be complete, as
    /// path = word. If nothing is given, an answer is complete when the CLI exits with code 0.
    #[serde(default)]
    pub done: BTreeMap<Pointer, String>,
    /// What went wrong, in words; if there is a text, the call failed.
    #[serde(default)]
    pub error: Option<Pointer>,
    /// All input tokens, cached ones included.
    #[serde(default)]
    pub input_tokens: Option<Pointer>,
    /// Those that came out of a cache.
    #[serde(default)]
    pub cached_input_tokens: Option<Pointer>,
    /// All output tokens.
    #[serde(default)]
    pub output_tokens: Option<Pointer>,
    /// Those that were thinking.
    #[serde(default)]
    pub reasoning_tokens: Option<Pointer>,
    /// US dollars.
    #[serde(default)]
    pub cost_usd: Option<Pointer>,
    /// The model that answered.
    #[serde(default)]
    pub served: Option<Pointer>,
}

impl Pointers {
    /// The answer in a document, or a piece of it in a line.
    pub(super) fn text<'a>(&self, document: &'a Value) -> Option<&'a str> {
        self.text.iter().find_map(|pointer| pointer.text(document))
    }

    /// What the document says of tokens and money.
    pub(super) fn usage(&self, document: &Value) -> Usage {
        let count = |pointer: &Option<Pointer>| pointer.as_ref().and_then(|pointer| pointer.count(document));
        Usage {
            input_tokens: count(&self.input_tokens),
            cached_input_tokens: count(&self.cached_input_tokens),
            output_tokens: count(&self.output_tokens),
            reasoning_tokens: count(&self.reasoning_tokens),
            cost_usd: self.cost_usd.as_ref().and_then(|pointer| pointer.amount(document)),
            extra_requests: None,
        }
    }

    pub(super) fn error<'a>(&self, document: &'a Value) -> Option<&'a str> {
        self.error.as_ref().and_then(|pointer| pointer.text(document)).filter(|text| !text.trim().is_empty())
    }

    pub(super) fn served(&self, document: &Value) -> Option<String> {
        self.served.as_ref().and_then(|pointer| pointer.text(document)).map(str::to_owned)
    }
}

/// Whether all conditions hold of a document.
pub(super) fn hold(conditions: &BTreeMap<Pointer, String>, document: &Value) -> bool {
    conditions.iter().all(|(pointer, word)| pointer.is(document, word))
}
