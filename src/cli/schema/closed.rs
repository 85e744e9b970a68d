//! From what a type says of itself to what is published: closed against members that it does not
//! name, so that a new one cannot slip in, and in the words of JSON.

use schemars::Schema;
use serde_json::{Map, Value};

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
fn whole(schema: &mut Map<String, Value>) {
    let alternatives = IN_PLACE.iter().any(|key| schema.contains_key(*key));
    match (schema.contains_key("properties"), alternatives) {
        // What its alternatives name is known as well.
        (true, true) => close(schema, "unevaluatedProperties"),
        (true, false) => close(schema, "additionalProperties"),
        // Each alternative describes the value alone.
        (false, true) => return in_place(schema, whole),
        (false, false) => {}
    }
    in_place(schema, part);
}

/// A schema that describes a value together with the one that it stands in.
fn part(schema: &mut Map<String, Value>) {
    in_place(schema, part);
}

fn close(schema: &mut Map<String, Value>, key: &str) {
    schema.entry(key).or_insert(Value::Bool(false));
}

/// Does `each` to the alternatives, and closes whatever lies within.
fn in_place(schema: &mut Map<String, Value>, each: fn(&mut Map<String, Value>)) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    for (key, value) in schema.iter_mut() {
        match (key.as_str(), value) {
            ("oneOf" | "anyOf" | "allOf", Value::Array(list)) => list.iter_mut().for_each(|one| object(one, each)),
            ("items" | "additionalProperties" | "propertyNames", one) => object(one, whole),
            ("prefixItems", Value::Array(list)) => list.iter_mut().for_each(|one| object(one, whole)),
            ("$defs", Value::Object(map)) => map.values_mut().for_each(|one| object(one, whole)),
            ("properties", Value::Object(map)) => {
                for (name, one) in map {
                    object(one, whole);
                    let absent = if required.iter().any(|known| known == name) { "`null`" } else { "left out" };
                    describe(one, absent);
                }
            }
            _ => {}
        }
    }
    // Sizes of Rust's numbers: no format that JSON Schema knows.
    let foreign = |format: &str| ["uint", "int", "double", "float"].iter().any(|size| format.starts_with(size));
    if schema.get("format").and_then(Value::as_str).is_some_and(foreign) {
        schema.remove("format");
    }
}

fn object(value: &mut Value, each: fn(&mut Map<String, Value>)) {
    if let Value::Object(schema) = value {
        each(schema);
    }
}

/// Says what `None` is in JSON.
fn describe(schema: &mut Value, absent: &str) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace("`None`", absent).replace('\n', " ");
    }
}
