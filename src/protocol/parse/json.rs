//! JSON out of text that may hold prose, code fences and broken blocks around it.

use crate::json::{self, balanced};
use serde_json::Value;

/// Why no JSON came out of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    /// There is nothing that looks like an object or an array.
    #[error("no JSON object or array found in the reply")]
    Missing,
    /// Something looks like one, but nothing of it can be parsed.
    #[error("no valid JSON could be extracted from the reply")]
    Invalid,
}

/// The JSON object or array in a text: the whole text; else the first block fenced as `json`; else
/// the first fenced block that begins like an object or array; else the first balanced pair of
/// brackets that parses. Scalars do not count. Of a key that occurs twice the last one counts.
///
/// ```
/// # use refinery_core::protocol::parse::lenient_json;
/// let value = lenient_json("Here it is:\n```json\n{\"score\": 8} // mine\n```").unwrap();
/// assert_eq!(value["score"], 8);
/// ```
///
/// # Errors
/// No JSON, or none that parses.
pub fn lenient_json(text: &str) -> Result<Value, JsonProblem> {
    let text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    let parse = |candidate: &str| json::read(candidate).filter(is_container);
    let fenced = || {
        let named = fences(text).find_map(|body| body.strip_prefix("json")).and_then(parse);
        named.or_else(|| fences(text).find(|body| body.trim_start().starts_with(['{', '['])).and_then(parse))
    };
    parse(text).or_else(fenced).or_else(|| Blocks { rest: text }.find_map(parse)).ok_or(if text.contains(['{', '[']) {
        JsonProblem::Invalid
    } else {
        JsonProblem::Missing
    })
}

fn is_container(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// What stands between each opening mark of three backticks and the next mark.
fn fences(text: &str) -> impl Iterator<Item = &str> {
    // Of n marks the pieces at odd places lie inside a fence; the last piece has no closing mark.
    let marks = text.matches("```").count();
    text.split("```").take(marks).skip(1).step_by(2)
}

/// The outermost balanced blocks of brackets in a text; one that never closes ends the search.
struct Blocks<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let from = &self.rest[self.rest.find(['{', '['])?..];
        let (block, rest) = from.split_at(balanced(from)?);
        self.rest = rest;
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_fence_comes_before_what_stands_around_it() {
        let text = "{\"draft\": 1} is wrong\n```json\n{\"final\": 2}\n```\n";
        assert_eq!(lenient_json(text), Ok(json!({"final": 2})));
        assert_eq!(lenient_json("```\nplain\n```\n```\n[3]\n```"), Ok(json!([3])));
    }

    #[test]
    fn a_broken_block_hides_what_is_inside_but_not_what_follows() {
        assert_eq!(lenient_json("{bad {\"a\": 1}} then {\"b\": 2}"), Ok(json!({"b": 2})));
        assert_eq!(lenient_json("{\"a\": \"}\\\"{\"} rest"), Ok(json!({"a": "}\"{"})));
        assert_eq!(lenient_json("{ never closed, {\"a\": 1}"), Err(JsonProblem::Invalid));
    }

    #[test]
    fn deep_nesting_is_refused_without_exhausting_the_stack() {
        assert_eq!(lenient_json(&"[".repeat(1_000_000)), Err(JsonProblem::Invalid));
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(lenient_json(&deep), Err(JsonProblem::Invalid));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[\\[\\]{}\"`\\\\jsona:,1 é\n]{0,60}") {
            if let Ok(value) = lenient_json(&text) {
                prop_assert!(is_container(&value));
            }
        }

        #[test]
        fn json_survives_prose_around_it(prose in "[a-z ,.\n]{0,40}", key in "[a-z`{}\"]{1,8}") {
            let value = json!({ key: [1, "x"] });
            prop_assert_eq!(lenient_json(&format!("{prose}{value}{prose}")), Ok(value));
        }
    }
}
