//! Paths into JSON documents, for CLIs that are described by a manifest alone.

use super::number;
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// A path such as `/stats/models/*/tokens/total`: a JSON Pointer in which `*` stands for any key or
/// index. The empty path is the whole document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(extend("pattern" = "^(/|$)")))]
pub struct Pointer(Vec<String>);

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(path: String) -> Result<Self, String> {
        let Some(steps) = path.strip_prefix('/') else {
            return if path.is_empty() { Ok(Self(Vec::new())) } else { Err(format!("`{path}` must begin with `/`")) };
        };
        Ok(Self(steps.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| write!(f, "/{}", step.replace('~', "~0").replace('/', "~1")))
    }
}

impl Pointer {
    /// All values at the path, in the document's order.
    #[must_use]
    pub fn all<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        self.0.iter().fold(vec![document], |found, step| {
            found
                .into_iter()
                .flat_map(|value| match (value, step.as_str()) {
                    (Value::Object(map), "*") => map.values().collect(),
                    (Value::Array(list), "*") => list.iter().collect(),
                    (Value::Object(map), key) => map.get(key).into_iter().collect(),
                    (Value::Array(list), index) => {
                        index.parse().ok().and_then(|i: usize| list.get(i)).into_iter().collect()
                    }
                    _ => Vec::new(),
                })
                .collect()
        })
    }

    /// The first text at the path.
    #[must_use]
    pub fn text<'a>(&self, document: &'a Value) -> Option<&'a str> {
        self.all(document).into_iter().find_map(Value::as_str)
    }

    /// The sum of the counts at the path, as [`number::count`] reads them; `None` if there is none.
    #[must_use]
    pub fn count(&self, document: &Value) -> Option<u64> {
        self.all(document).into_iter().filter_map(number::count).reduce(u64::saturating_add)
    }

    /// The sum of the amounts at the path, as [`number::amount`] reads them; `None` if there is none.
    #[must_use]
    pub fn amount(&self, document: &Value) -> Option<f64> {
        self.all(document).into_iter().filter_map(number::amount).reduce(|sum, more| sum + more)
    }

    /// Whether a value at the path is this word, or prints as it: `true`, `200`.
    #[must_use]
    pub fn is(&self, document: &Value, word: &str) -> bool {
        self.all(document).into_iter().any(|value| match value {
            Value::String(text) => text == word,
            Value::Bool(_) | Value::Number(_) | Value::Null => word.parse().is_ok_and(|word: Value| word == *value),
            Value::Array(_) | Value::Object(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointer(path: &str) -> Pointer {
        Pointer::try_from(path.to_owned()).unwrap()
    }

    #[test]
    fn stars_match_any_key_and_index() {
        let document = json!({ "a": { "x": { "n": 2 }, "y": { "n": 3 }, "z": 1 }, "l": [{ "t": 1 }, { "t": "hi" }] });
        assert_eq!(pointer("/a/*/n").count(&document), Some(5));
        assert_eq!(pointer("/a/y/n").count(&document), Some(3));
        assert_eq!(pointer("/l/*/t").text(&document), Some("hi"));
        assert_eq!(pointer("/l/1/t").text(&document), Some("hi"));
        assert_eq!(pointer("/l/2/t").text(&document), None);
        assert_eq!(pointer("/a/*/m").count(&document), None);
        assert_eq!(pointer("").all(&document), [&document]);
        assert!(pointer("/l/0/t").is(&document, "1"));
    }

    #[test]
    fn names_with_slashes_are_escaped() {
        let document = json!({ "a/b": { "~": "found" } });
        assert_eq!(pointer("/a~1b/~0").text(&document), Some("found"));
        assert_eq!(pointer("/a~1b/~0").to_string(), "/a~1b/~0");
        assert!(Pointer::try_from("a/b".to_owned()).is_err());
    }
}
