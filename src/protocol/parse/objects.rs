//! Every JSON object in a reply, in the order in which they stand.

use super::repaired::repaired;
use crate::json::{self, balanced};
use serde_json::Value;

/// How often the search goes on inside a block that is no JSON: replies hold few such blocks, and the
/// search stays linear.
const RESTARTS: usize = 64;

/// An object or array that stands in a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block<'a> {
    /// As it is written.
    pub text: &'a str,
    /// What it says.
    pub value: Value,
}

/// The outermost objects and arrays of a text, fenced or not. A block that is no JSON, even
/// [repaired], is searched for others inside it.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let (mut from, mut restarts) = (0, 0);
    while let Some(at) = text[from..].find(['{', '[']).map(|at| from + at) {
        let length = balanced(&text[at..]);
        let block = &text[at..at + length.unwrap_or(text.len() - at)];
        match parsed(block) {
            Some(value) => {
                found.push(Block { text: block, value });
                from = at + block.len();
            }
            None if restarts < RESTARTS => {
                restarts += 1;
                from = at + 1;
            }
            None => match length {
                Some(length) => from = at + length,
                None => break,
            },
        }
    }
    found
}

/// The text as one value, if it is nothing else but for a code fence around it.
pub(super) fn sole(text: &str) -> Option<Value> {
    let blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    let text = text.trim_matches(blank);
    let bare = text.strip_prefix("```").and_then(|text| text.strip_suffix("```")).map_or(text, |body| {
        body.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric()).trim_matches(blank)
    });
    let whole = bare.starts_with(['{', '[']) && balanced(bare) == Some(bare.len());
    if whole { parsed(bare) } else { None }
}

fn parsed(block: &str) -> Option<Value> {
    json::read(block).or_else(|| json::read(&repaired(block)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn values(text: &str) -> Vec<Value> {
        blocks(text).into_iter().map(|block| block.value).collect()
    }

    #[test]
    fn every_block_is_found_in_order() {
        assert_eq!(
            values("As [1]: {\"a\": 1}\n```json\n{\"b\": 2,}\n``` end"),
            [json!([1]), json!({"a": 1}), json!({"b": 2})]
        );
        assert_eq!(values("{{\"a\": 1}} and {x {\"b\": 2}"), [json!({"a": 1}), json!({"b": 2})]);
        assert_eq!(values("{\"text\": \"{\\\"a\\\": 1}\"}"), [json!({"text": "{\"a\": 1}"})]);
        assert_eq!(values("so {\"a\": 1, \"b\": [2, 3"), [json!({"a": 1, "b": [2]})]);
    }

    #[test]
    fn a_sole_object_may_stand_in_a_fence() {
        for text in ["{\"a\": 1}", "\u{feff} {\"a\": 1}\n", "```json\n{\"a\": 1}\n```", "```\n{\"a\": 1,}```"] {
            assert_eq!(sole(text), Some(json!({"a": 1})), "{text}");
        }
        for text in ["{\"a\": 1} so", "{\"a\": 1} {\"b\": 2}", "8", "", "{\"a\": 1, \"b\""] {
            assert_eq!(sole(text), None, "{text}");
        }
    }

    #[test]
    fn a_flood_of_brackets_takes_linear_time() {
        assert!(values(&"[".repeat(100_000)).is_empty());
        assert!(values(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))).is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[\\[\\]{}\"`\\\\jsona:,1 é\n]{0,60}") {
            for block in blocks(&text) {
                prop_assert!(text.contains(block.text));
            }
            let _ = sole(&text);
        }
    }
}
