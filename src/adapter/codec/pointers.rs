//! Where a JSON format that is described by a manifest alone keeps what we look for.

use super::Pointer;
use crate::adapter::rules::Rule;
use crate::exchange::Usage;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One path or a list of paths, of which the first with a value counts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "a path that begins with `/`, or a list of such paths")]
pub enum Paths {
    /// One path.
    One(Pointer),
    /// Several, in the order in which they are tried.
    Several(Vec<Pointer>),
}

impl Paths {
    fn first<T>(&self, read: impl FnMut(&Pointer) -> Option<T>) -> Option<T> {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
        .iter()
        .find_map(read)
    }
}

/// Where a JSON document, or the lines of a JSONL stream, keep what we look for. Wherever one path can
/// stand, a list of paths can.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pointers {
    /// The answer, or a piece of it: the first of these paths at which there is a text.
    pub text: Paths,
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
    pub error: Option<Paths>,
    /// What must hold of the document, or of a line, for it to report an error, as path = word. The call
    /// failed then, whether or not there is a text at `error`.
    #[serde(default)]
    pub error_when: BTreeMap<Pointer, String>,
    /// All input tokens, cached ones included.
    #[serde(default)]
    pub input_tokens: Option<Paths>,
    /// Those that came out of a cache.
    #[serde(default)]
    pub cached_input_tokens: Option<Paths>,
    /// All output tokens.
    #[serde(default)]
    pub output_tokens: Option<Paths>,
    /// Those that were thinking.
    #[serde(default)]
    pub reasoning_tokens: Option<Paths>,
    /// US dollars.
    #[serde(default)]
    pub cost_usd: Option<Paths>,
    /// The model that answered.
    #[serde(default)]
    pub served: Option<Paths>,
}

impl Pointers {
    /// The answer in a document, or a piece of it in a line.
    pub(super) fn text<'a>(&self, document: &'a Value) -> Option<&'a str> {
        self.text.first(|path| path.text(document))
    }

    /// What the document says of tokens and money.
    pub(super) fn usage(&self, document: &Value) -> Usage {
        let count = |paths: &Option<Paths>| paths.as_ref()?.first(|path| path.count(document));
        Usage {
            input_tokens: count(&self.input_tokens),
            cached_input_tokens: count(&self.cached_input_tokens),
            output_tokens: count(&self.output_tokens),
            reasoning_tokens: count(&self.reasoning_tokens),
            cost_usd: self.cost_usd.as_ref().and_then(|paths| paths.first(|path| path.amount(document))),
            extra_requests: None,
        }
    }

    /// The error that the document reports. Without words for it the document itself stands for them.
    pub(super) fn error(&self, document: &Value) -> Option<String> {
        if !hold(&self.error_when, document) {
            return None;
        }
        let words = |path: &Pointer| path.text(document).filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let said = self.error.as_ref().and_then(|paths| paths.first(words));
        said.or_else(|| (!self.error_when.is_empty()).then(|| document.to_string()))
    }

    pub(super) fn served(&self, document: &Value) -> Option<String> {
        self.served.as_ref()?.first(|path| path.text(document)).map(str::to_owned)
    }
}

/// Whether all conditions hold of a document.
pub(super) fn hold(conditions: &BTreeMap<Pointer, String>, document: &Value) -> bool {
    conditions.iter().all(|(pointer, word)| pointer.is(document, word))
}

/// The facts that failure rules ask for, with those that a document or a line stated.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The conditions of each rule that has any.
    wanted: Vec<BTreeMap<Pointer, String>>,
    stated: BTreeMap<String, String>,
}

impl Facts {
    /// A rule's fields are paths here; the check of the manifest sees to that.
    pub(super) fn of(rules: &[Rule]) -> Self {
        let path = |(name, word): (&String, &String)| Some((Pointer::try_from(name.clone()).ok()?, word.clone()));
        let fields = rules.iter().map(|rule| rule.fields.iter().filter_map(path).collect());
        Self { wanted: fields.filter(|fields: &BTreeMap<_, _>| !fields.is_empty()).collect(), stated: BTreeMap::new() }
    }

    /// Takes a document or a line in. What one rule asks for must be stated together.
    pub(super) fn read(&mut self, document: &Value) {
        for fields in self.wanted.iter().filter(|fields| hold(fields, document)) {
            self.stated.extend(fields.iter().map(|(path, word)| (path.to_string(), word.clone())));
        }
    }

    pub(super) fn stated(self) -> BTreeMap<String, String> {
        self.stated
    }
}
