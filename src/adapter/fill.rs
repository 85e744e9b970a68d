//! Placeholders: `{name}` stands for a value as it is, `{name|toml}` and `{name|json}` for the value
//! as a quoted string of that language, `{name?}` for nothing at all, but only if there is a value.
//! No shell, no expressions.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The values of an invocation. What is not in it has no value.
pub type Values = BTreeMap<String, String>;

/// The names of all placeholders in a template.
pub fn names(template: &str) -> impl Iterator<Item = &str> {
    pieces(template).filter_map(|piece| match piece {
        Piece::Hole { name, .. } => Some(name),
        Piece::Text(_) => None,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    AsItIs,
    Quoted,
    IfThere,
}

/// The template with its values in; `None` if one of them is missing.
#[must_use]
pub fn fill(template: &str, values: &Values) -> Option<String> {
    pieces(template).try_fold(String::new(), |mut filled, piece| {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Hole { name, how } => {
                let value = values.get(name)?;
                match how {
                    How::AsItIs => filled.push_str(value),
                    // JSON's escapes are a subset of those of a basic TOML string.
                    How::Quoted => {
                        filled.push_str(&Value::from(value.as_str()).to_string().replace('\u{7f}', "\\u007f"));
                    }
                    How::IfThere => {}
                }
            }
        }
        Some(filled)
    })
}

/// A JSON document with its values in, as text: a string that is nothing but one placeholder becomes the
/// value in its own type, if it is JSON, else a string; a member or element without a value
/// vanishes, and so does an object that thereby became empty. Member names are filled as well.
#[must_use]
pub fn fill_json(template: &Value, values: &Values) -> String {
    let mut text = fill_value(template, values).unwrap_or_default().to_string();
    for (name, value) in values.iter().filter(|(_, value)| value.starts_with(['{', '['])) {
        text = text.replace(&format!("\"{{{name}}}\""), value);
    }
    text
}

fn fill_value(template: &Value, values: &Values) -> Option<Value> {
    match template {
        Value::String(text) => match pieces(text).collect::<Vec<_>>().as_slice() {
            [Piece::Hole { name, how: How::AsItIs }] => {
                let value = values.get(*name)?;
                Some(match serde_json::from_str(value) {
                    // A document keeps the order of its members, which a `Value` would not: it goes
                    // in when the whole is text.
                    Ok(Value::Object(_) | Value::Array(_)) => Value::from(text.as_str()),
                    Ok(scalar) => scalar,
                    Err(_) => Value::from(value.as_str()),
                })
            }
            [Piece::Hole { name, how: How::Quoted }] => values.get(*name).map(|value| Value::from(value.as_str())),
            _ => fill(text, values).map(Value::String),
        },
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(|item| fill_value(item, values)).collect())),
        Value::Object(members) => {
            let filled: Map<_, _> = members
                .iter()
                .filter_map(|(name, value)| Some((fill(name, values)?, fill_value(value, values)?)))
                .collect();
            (members.is_empty() || !filled.is_empty()).then_some(Value::Object(filled))
        }
        other => Some(other.clone()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Hole { name: &'a str, how: How },
}

/// Braces that enclose anything but a name are text: manifests hold JSON and inline TOML tables.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(open) = rest[from..].find('{').map(|at| at + from) {
            if let Some((hole, after)) = hole(&rest[open..]) {
                if open > 0 {
                    let (text, tail) = rest.split_at(open);
                    rest = tail;
                    return Some(Piece::Text(text));
                }
                rest = after;
                return Some(hole);
            }
            from = open + 1;
        }
        Some(Piece::Text(std::mem::take(&mut rest)))
    })
}

fn hole(text: &str) -> Option<(Piece<'_>, &str)> {
    let (inside, after) = text.strip_prefix('{')?.split_once('}')?;
    let (name, how) = match (inside.split_once('|'), inside.strip_suffix('?')) {
        (Some((name, "toml" | "json")), _) => (name, How::Quoted),
        (Some(_), _) => return None,
        (None, Some(name)) => (name, How::IfThere),
        (None, None) => (inside, How::AsItIs),
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_name.then_some((Piece::Hole { name, how }, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn values() -> Values {
        [("model", "o3"), ("path", "/a \"b\""), ("n", "0.2"), ("schema", r#"{"z":1,"a":2}"#)]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn values_go_in_and_missing_ones_take_the_whole_away() {
        assert_eq!(fill("-m={model}", &values()).as_deref(), Some("-m=o3"));
        assert_eq!(fill("p={path|toml}", &values()).as_deref(), Some(r#"p="/a \"b\"""#));
        assert_eq!(fill("{effort}", &values()), None);
        assert_eq!(fill(r#"x={name="{model}"}"#, &values()).as_deref(), Some(r#"x={name="o3"}"#));
    }

    #[test]
    fn documents_keep_types_and_lose_what_has_no_value() {
        let template = json!({"t": "{n}", "s": "{schema}", "m": "{model|json}", "gone": {"x": "{effort}"}, "kept": {}});
        let filled = fill_json(&template, &values());
        assert_eq!(filled, r#"{"kept":{},"m":"o3","s":{"z":1,"a":2},"t":0.2}"#);
    }

    #[test]
    fn a_question_mark_stands_for_nothing_but_its_being_there() {
        assert_eq!(fill("0{n?}", &values()).as_deref(), Some("0"));
        assert_eq!(fill("0{effort?}", &values()), None);
    }

    proptest! {
        #[test]
        fn braces_that_hold_no_name_are_text(template in "[A-Z0-9{}|\"=, ]{0,40}") {
            prop_assert_eq!(fill(&template, &values()), Some(template));
        }

        #[test]
        fn what_stands_around_a_value_stays(before in "[a-z{ ]{0,9}", after in "[a-z} ]{0,9}") {
            let filled = fill(&format!("{before} {{model}}{after}"), &values());
            prop_assert_eq!(filled, Some(format!("{before} o3{after}")));
        }
    }
}
