//! The formats of standard output: what each makes of a run, of another command's result, of an error.

pub mod json;
pub mod jsonl;

use super::document::ErrorDocument;
use super::output_stream::OutputStream;
use super::reporter::Reporter;
use crate::error::Error;
use crate::value::Word;
use json::{Json, compact, pretty};
use jsonl::Jsonl;
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

/// Format of standard output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, IntoStaticStr, VariantNames, EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum OutputFormat {
    /// The answer alone.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// Events as they happen, one JSON object each; the last line is the document.
    Jsonl,
}

impl Word for OutputFormat {}

impl OutputFormat {
    /// The help of the flag.
    #[must_use]
    pub fn help() -> String {
        let usual: &str = Self::default().into();
        format!("Format of standard output: {} [default: {usual}]", Self::VARIANTS.join(", "))
    }

    /// Whether a run's answer stands alone on standard output, as text.
    #[must_use]
    pub fn is_text(self) -> bool {
        self == Self::Text
    }

    /// What writes a run to standard output; nothing for text, which the reporter for people writes.
    #[must_use]
    pub fn reporter(self, out: OutputStream) -> Option<Box<dyn Reporter>> {
        match self {
            Self::Text => None,
            Self::Json => Some(Box::new(Json::new(out))),
            Self::Jsonl => Some(Box::new(Jsonl::new(out))),
        }
    }

    /// Writes a command's result: text for people, or a document for programs.
    pub fn write(self, out: &mut OutputStream, text: &str, document: &impl Serialize) {
        match self {
            Self::Text => out.line(text),
            Self::Json => pretty(out, document),
            Self::Jsonl => compact(out, document),
        }
    }

    /// Writes what went wrong, where programs read it.
    pub fn write_error(self, out: &mut OutputStream, error: &Error) {
        if !self.is_text() {
            self.write(out, "", &ErrorDocument::of(error));
        }
    }
}
