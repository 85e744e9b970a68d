//! From what a type says of itself to what is published: closed against members that it does not
//! name, so that a new one cannot slip in, and in the words of JSON.

use schemars::Schema;
use serde_json::{Map, Value};

/// A JSON Schema's own members.
type Members = Map<String, Value>;

/// Where other schemas of the same value stand.
const IN_PLACE: [&str; 3] = ["oneOf", "anyOf", "allOf"];

/// The schema, closed.
pub fn closed(mut schema: Schema) -> Schema {
    if let Some(members) = schema.as_object_mut() {
        whole(members);
    }
    schema
}

/// A schema that alone describes a value.
fn whole(schema: &mut Members) {
    let alternatives = IN_PLACE.iter().any(|key| schema.contains_key(*key));
    match (schema.contains_key("properties"), alternatives) {
        // What its alternatives name is known as well.
        (true, true) => close(schema, "unevaluatedProperties"),
        (true, false) => close(schema, "additionalProperties"),
        // Each alternative describes the value alone.
        (false, true) => return within(schema, whole),
        (false, false) => {}
    }
    within(schema, part);
}

/// A schema that describes a value together with the one that it stands in.
fn part(schema: &mut Members) {
    within(schema, part);
}

fn close(schema: &mut Members, key: &str) {
    schema.entry(key).or_insert(Value::Bool(false));
}

/// Does `each` to the alternatives, closes whatever lies deeper, and mends the words.
fn within(schema: &mut Members, each: fn(&mut Members)) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    for (key, value) in schema.iter_mut() {
        match (key.as_str(), value) {
            ("items" | "additionalProperties", Value::Object(one)) => whole(one),
            ("oneOf" | "anyOf" | "allOf", Value::Array(list)) => objects(list).for_each(each),
            ("prefixItems", Value::Array(list)) => objects(list).for_each(whole),
            ("$defs" | "patternProperties", Value::Object(map)) => objects(map.values_mut()).for_each(whole),
            ("properties", Value::Object(map)) => {
                for (name, one) in map {
                    let Value::Object(one) = one else { continue };
                    if required.iter().any(|known| known == name) {
                        one.remove("default");
                    } else {
                        optional(one);
                    }
                    whole(one);
                }
            }
            _ => {}
        }
    }
    // Sizes of Rust's numbers: no formats that JSON Schema knows.
    let foreign = |format: &str| ["uint", "int", "double", "float"].iter().any(|size| format.starts_with(size));
    if schema.get("format").and_then(Value::as_str).is_some_and(foreign) {
        schema.remove("format");
    }
    describe(schema, "`null`");
}

fn objects<'a>(list: impl IntoIterator<Item = &'a mut Value>) -> impl Iterator<Item = &'a mut Members> {
    list.into_iter().filter_map(Value::as_object_mut)
}

/// What may be left out is never there as `null`.
fn optional(schema: &mut Members) {
    describe(schema, "left out");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(all)) = schema.get_mut("anyOf") {
        all.retain(|one| one["type"] != "null");
        if let [Value::Object(only)] = all.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// Says what `None` is in JSON, without line breaks and links that only the code's reader has.
fn describe(schema: &mut Members, none: &str) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace("`None`", none).replace('\n', " ").replace("[`", "`").replace("`]", "`");
    }
}
