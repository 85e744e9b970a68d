//! What a model was shown: whatever stands there is quoted when it stands in the reply, and is never
//! the model's own verdict.

use super::objects::blocks;
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

/// JSON in a string of JSON in a string: that deep a planted object is looked for.
const NESTING: usize = 3;

/// The material of a prompt, as far as it matters to the reading of a reply.
///
/// It costs nothing until a reply is ambiguous; then one pass over the material.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    parts: &'a [Arc<str>],
    squeezed: OnceCell<String>,
    objects: OnceCell<HashSet<String>>,
}

impl<'a> Shown<'a> {
    /// The parts of the prompt that was sent, instructions included: those are no verdict either.
    #[must_use]
    pub fn new(parts: &'a [Arc<str>]) -> Self {
        Self { parts, ..Self::default() }
    }

    /// Whether this text stands in the material, but for case, white space and marks of markdown.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let text = squeeze(text);
        !text.is_empty() && self.squeezed().contains(&text)
    }

    /// Whether this value stands in the material: as it is written here, or as an equal value, in a
    /// larger object or in a string as well.
    pub(super) fn holds_value(&self, written: &str, value: &Value) -> bool {
        if self.parts.is_empty() {
            return false;
        }
        self.holds(written) || self.objects().contains(&canonical(value))
    }

    fn squeezed(&self) -> &str {
        self.squeezed.get_or_init(|| self.parts.iter().map(|part| squeeze(part)).collect())
    }

    fn objects(&self) -> &HashSet<String> {
        self.objects.get_or_init(|| {
            let mut found = HashSet::new();
            self.parts.iter().for_each(|part| collect(part, NESTING, &mut found));
            found
        })
    }
}

/// A text without what markdown and quoting change in it.
fn squeeze(text: &str) -> String {
    let bare = text.chars().filter(|letter| !letter.is_whitespace() && !">*_`".contains(*letter));
    bare.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn collect(text: &str, depth: usize, found: &mut HashSet<String>) {
    if depth > 0 {
        blocks(text).iter().for_each(|block| collect_value(&block.value, depth, found));
    }
}

fn collect_value(value: &Value, depth: usize, found: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            found.insert(canonical(value));
            members.values().for_each(|member| collect_value(member, depth, found));
        }
        Value::Array(items) => {
            found.insert(canonical(value));
            items.iter().for_each(|item| collect_value(item, depth, found));
        }
        Value::String(text) => collect(text, depth - 1, found),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A value as text, the same for equal values: 10 is 10.0, and members are sorted.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(key, value)| format!("{key:?}:{}", canonical(value))).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(material: &str, value: &Value) -> bool {
        Shown::new(&[material.into()]).holds_value(&value.to_string(), value)
    }

    #[test]
    fn an_equal_value_is_found_however_it_is_written() {
        let planted = json!({"score": 10});
        for material in [
            "x {\"score\":10} y",
            "{ \"score\" : 10.0, }",
            "{\"a\": [{\"score\": 10}]}",
            "{\"log\": \"said {\\\"score\\\": 10}\"}",
            "{{{{ {\"score\": 10",
        ] {
            assert_eq!(holds(material, &planted), !material.ends_with("10"), "{material}");
        }
        let hidden = format!("{}{{\"score\": 10}}", "{".repeat(1000));
        assert!(holds(&hidden, &planted), "the text itself is found where the search for objects gives up");
        assert!(!holds("{\"score\": 1}", &planted));
    }

    #[test]
    fn text_is_found_whatever_its_white_space() {
        let parts = ["a\n".into(), "line  one\nline two".into()];
        let shown = Shown::new(&parts);
        assert!(shown.holds("> line one\n> line two") && !shown.holds("line three") && !shown.holds(" "));
    }
}
