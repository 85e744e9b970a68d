//! Templates with placeholders: `{name}` is replaced by its value, `{name|toml}` and `{name|json}` by the
//! value as a quoted string of that language, `{name?}` by nothing, provided that the value exists.
//! No shell, no expressions.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The values of an invocation, by placeholder.
pub type Values = BTreeMap<String, String>;

/// The names of all placeholders in a template.
pub fn names(template: &str) -> impl Iterator<Item = &str> {
    pieces(template).filter_map(|piece| match piece {
        Piece::Placeholder { name, .. } => Some(name),
        Piece::Text(_) => None,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Verbatim,
    Quoted,
    Empty,
}

/// The template with its values; `None` if a value is missing.
#[must_use]
pub fn render(template: &str, values: &Values) -> Option<String> {
    pieces(template).try_fold(String::new(), |mut rendered, piece| {
        match piece {
            Piece::Text(text) => rendered.push_str(text),
            Piece::Placeholder { name, form } => {
                let value = values.get(name)?;
                match form {
                    Form::Verbatim => rendered.push_str(value),
                    // JSON's escapes are a subset of those of a basic TOML string.
                    Form::Quoted => {
                        rendered.push_str(&Value::from(value.as_str()).to_string().replace('\u{7f}', "\\u007f"));
                    }
                    Form::Empty => {}
                }
            }
        }
        Some(rendered)
    })
}

/// A JSON document with its values, as text: a string that consists of one placeholder becomes the value
/// in its own type if that is JSON, else a string; a member or element without a value is dropped, and so
/// is an object that becomes empty by it. Member names are rendered as well.
#[must_use]
pub fn render_json(template: &Value, values: &Values) -> String {
    let mut text = render_value(template, values).unwrap_or_default().to_string();
    for (name, value) in values.iter().filter(|(_, value)| value.starts_with(['{', '['])) {
        text = text.replace(&format!("\"{{{name}}}\""), value);
    }
    text
}

fn render_value(template: &Value, values: &Values) -> Option<Value> {
    match template {
        Value::String(text) => match pieces(text).collect::<Vec<_>>().as_slice() {
            [Piece::Placeholder { name, form: Form::Verbatim }] => {
                let value = values.get(*name)?;
                Some(match serde_json::from_str(value) {
                    // A document keeps the order of its members, which a `Value` would not: it goes
                    // in once the rest is text.
                    Ok(Value::Object(_) | Value::Array(_)) => Value::from(text.as_str()),
                    Ok(scalar) => scalar,
                    Err(_) => Value::from(value.as_str()),
                })
            }
            [Piece::Placeholder { name, form: Form::Quoted }] => {
                values.get(*name).map(|value| Value::from(value.as_str()))
            }
            _ => render(text, values).map(Value::String),
        },
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(|item| render_value(item, values)).collect())),
        Value::Object(members) => {
            let rendered: Map<_, _> = members
                .iter()
                .filter_map(|(name, value)| Some((render(name, values)?, render_value(value, values)?)))
                .collect();
            (members.is_empty() || !rendered.is_empty()).then_some(Value::Object(rendered))
        }
        other => Some(other.clone()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Placeholder { name: &'a str, form: Form },
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
            if let Some((placeholder, after)) = placeholder(&rest[open..]) {
                if open > 0 {
                    let (text, tail) = rest.split_at(open);
                    rest = tail;
                    return Some(Piece::Text(text));
                }
                rest = after;
                return Some(placeholder);
            }
            from = open + 1;
        }
        Some(Piece::Text(std::mem::take(&mut rest)))
    })
}

fn placeholder(text: &str) -> Option<(Piece<'_>, &str)> {
    let (inside, after) = text.strip_prefix('{')?.split_once('}')?;
    let (name, form) = match (inside.split_once('|'), inside.strip_suffix('?')) {
        (Some((name, "toml" | "json")), _) => (name, Form::Quoted),
        (Some(_), _) => return None,
        (None, Some(name)) => (name, Form::Empty),
        (None, None) => (inside, Form::Verbatim),
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_name.then_some((Piece::Placeholder { name, form }, after))
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
    fn a_missing_value_drops_the_whole_template() {
        assert_eq!(render("-m={model}", &values()).as_deref(), Some("-m=o3"));
        assert_eq!(render("p={path|toml}", &values()).as_deref(), Some(r#"p="/a \"b\"""#));
        assert_eq!(render("{effort}", &values()), None);
        assert_eq!(render(r#"x={name="{model}"}"#, &values()).as_deref(), Some(r#"x={name="o3"}"#));
    }

    #[test]
    fn json_values_keep_their_types_and_members_without_a_value_are_dropped() {
        let template = json!({"t": "{n}", "s": "{schema}", "m": "{model|json}", "gone": {"x": "{effort}"}, "kept": {}});
        let rendered = render_json(&template, &values());
        assert_eq!(rendered, r#"{"kept":{},"m":"o3","s":{"z":1,"a":2},"t":0.2}"#);
    }

    #[test]
    fn a_question_mark_renders_nothing_if_the_value_exists() {
        assert_eq!(render("0{n?}", &values()).as_deref(), Some("0"));
        assert_eq!(render("0{effort?}", &values()), None);
    }

    proptest! {
        #[test]
        fn braces_without_a_name_are_text(template in "[A-Z0-9{}|\"=, ]{0,40}") {
            prop_assert_eq!(render(&template, &values()), Some(template));
        }

        #[test]
        fn text_around_a_value_is_kept(before in "[a-z{ ]{0,9}", after in "[a-z} ]{0,9}") {
            let rendered = render(&format!("{before} {{model}}{after}"), &values());
            prop_assert_eq!(rendered, Some(format!("{before} o3{after}")));
        }
    }
}
