//! What a configuration file may hold, as a JSON Schema: keys, ranges and defaults.
//!
//! It describes what one should write. The reader takes more: numbers and `true` as text, words in
//! any case of letters.

use super::file::{DEFAULT, entries};
use super::key::{AdapterKey, Key, Path, PriceKey};
use super::layers::{Layers, Source};
use super::settings::MOST_DAYS;
use crate::adapter::{Billing, Transport};
use crate::exchange::{Effort, Tuning};
use crate::plan::OnLimit;
use crate::protocol::consensus::ConsensusPlan;
use crate::protocol::options::OptionTable;
use crate::protocol::refine::CritiquePlan;
use crate::report::OutputFormat;
use crate::value::{Kind, Range};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};
use strum::VariantNames;

/// The schema.
#[must_use]
pub fn config() -> Schema {
    let mut defaults = Layers::default();
    // They parse: a test says so.
    defaults.lay(entries(DEFAULT, "default", Source::Default).unwrap_or_default());
    let run: Map<_, _> = Key::ALL
        .iter()
        .map(|key| {
            let mut schema = described(run(*key), key.about());
            if let Some(value) = defaults.get(&Path::Run(*key)).and_then(|entry| entry.values.first()) {
                schema["default"] = serde_json::from_str(value).unwrap_or_else(|_| value.as_str().into());
            }
            (key.name().to_owned(), schema)
        })
        .collect();
    let adapter: Map<_, _> =
        AdapterKey::ALL.iter().map(|key| (key.name().to_owned(), described(of_adapter(*key), key.about()))).collect();
    let price: Map<_, _> =
        PriceKey::ALL.iter().map(|key| (key.name().to_owned(), described(number(0.0, 1e6), key.about()))).collect();
    json_schema!({
        "type": "object",
        "properties": {
            "defaults": { "description": "Settings of every run.", "type": "object", "properties": run },
            "adapters": {
                "description": "Settings of single adapters, by name.",
                "type": "object",
                "additionalProperties": { "type": "object", "properties": adapter },
            },
            "prices": {
                "description": "What models cost, by name, in US dollars for a million tokens.",
                "type": "object",
                "additionalProperties": { "type": "object", "properties": price, "required": ["input", "output"] },
            },
        },
    })
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = about.into();
    schema
}

fn run(key: Key) -> Value {
    match key {
        Key::Models => one_or_more(&json!({ "type": "string" })),
        Key::Threshold
        | Key::MaxRounds
        | Key::StabilityRounds
        | Key::Review
        | Key::Strategy
        | Key::StopOnAgreement
        | Key::EarlyClose
        | Key::Quorum
        | Key::Grace => option::<ConsensusPlan>(key.name()),
        Key::Effort | Key::Temperature | Key::ReplyTokens => option::<Tuning>(key.name()),
        Key::BudgetCalls | Key::BudgetInputTokens | Key::BudgetOutputTokens => or_default(&whole(1, None)),
        Key::Seed => or_default(&whole(0, None)),
        Key::Timeout | Key::FirstByteTimeout | Key::IdleTimeout => time(),
        Key::Retries => whole(0, Some(10)),
        Key::MaxConcurrent => one_or_more(&json!({
            "anyOf": [whole(0, Some(1000)), { "type": "string", "pattern": r"^[a-z0-9_-]+ *= *\d+$" }],
        })),
        Key::Billing => word(Billing::VARIANTS),
        Key::AllowMissing
        | Key::Verbose
        | Key::Debug
        | Key::NoStdin
        | Key::NoJournal
        | Key::KeepUnfinished
        | Key::RefineEnabled => {
            json!({ "type": "boolean" })
        }
        Key::RefineMaxPasses | Key::RefineMinBytes | Key::RefineEpsilon | Key::RefineExclude | Key::RefineVerify => {
            option::<CritiquePlan>(key.name().trim_start_matches("refine_"))
        }
        Key::RefinerModel => json!({ "type": "string" }),
        Key::RefinerEffort => or_default(&effort()),
        Key::OutputFormat => word(OutputFormat::VARIANTS),
        Key::BudgetUsd => or_default(&number(0.0001, 1e6)),
        Key::MaxWall => or_default(&time()),
        Key::OnLimit => word(OnLimit::VARIANTS),
        Key::Transport => word(Transport::VARIANTS),
        Key::KeepRuns => or_none(1_000_000),
        Key::KeepDays => or_none(MOST_DAYS),
        Key::StateDir => json!({ "type": "string" }),
    }
}

/// An option of settings that have a table of them.
fn option<P: OptionTable>(name: &str) -> Value {
    let Some(option) = P::OPTIONS.iter().find(|option| option.flag.name == name) else { return Value::Null };
    let mut settings = P::default();
    let field = (option.field)(&mut settings);
    let mut schema = match field.kind() {
        Kind::Switch => json!({ "type": "boolean" }),
        Kind::Whole => json!({ "type": "integer" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Words(words) => word(words),
        Kind::Names => one_or_more(&json!({ "type": "string" })),
        Kind::Time => time(),
        Kind::Text => json!({ "type": "string" }),
    };
    let (least, most) = match option.range {
        Range::Any => (None, None),
        Range::From(least) => (Some(least), None),
        Range::Within(least, most) => (Some(least), Some(most)),
    };
    let number = |bound: f64| if field.kind() == Kind::Whole { json!(bound as i64) } else { json!(bound) };
    for (name, bound) in [("minimum", least), ("maximum", most)] {
        if let Some(bound) = bound {
            schema[name] = number(bound);
        }
    }
    if field.text().is_none() { or_default(&schema) } else { schema }
}

fn of_adapter(key: AdapterKey) -> Value {
    match key {
        AdapterKey::Program | AdapterKey::Model => json!({ "type": "string" }),
        AdapterKey::ProgramArgs => one_or_more(&json!({ "type": "string" })),
        AdapterKey::Concurrency => or_default(&whole(1, Some(1000))),
        AdapterKey::Effort => or_default(&effort()),
        AdapterKey::Billing => or_default(&word(Billing::VARIANTS)),
        AdapterKey::InputPrice | AdapterKey::OutputPrice => or_default(&number(0.0, 1e6)),
    }
}

fn number(least: f64, most: f64) -> Value {
    json!({ "type": "number", "minimum": least, "maximum": most })
}

/// Without an upper end, one that no file can reach.
fn whole(least: u32, most: Option<u32>) -> Value {
    let mut schema = json!({ "type": "integer", "minimum": least });
    if let Some(most) = most {
        schema["maximum"] = most.into();
    }
    schema
}

fn or_none(most: u32) -> Value {
    json!({ "anyOf": [whole(0, Some(most)), { "const": "none" }] })
}

fn word(words: &[&str]) -> Value {
    json!({ "enum": words })
}

fn effort() -> Value {
    word(<Effort as VariantNames>::VARIANTS)
}

/// Seconds, or text such as `1h30m`, up to a day.
fn time() -> Value {
    const TEXT: &str = r"^(\d+(\.\d+)?|(\d+ ?(ms|s|sec|seconds?|m|min|minutes?|h|hours?) ?)+)$";
    json!({ "anyOf": [number(0.001, 86_400.0), { "type": "string", "pattern": TEXT }] })
}

/// The word `default` takes a setting back.
fn or_default(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "const": "default" }] })
}

fn one_or_more(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "array", "items": schema }] })
}

#[cfg(test)]
mod tests {
    use super::super::settings::Settings;
    use super::*;
    use crate::protocol::consensus::{ReviewMode, Strategy};
    use crate::protocol::normalise::Normaliser;

    /// Values at, inside and just outside of every range that there is.
    fn samples() -> Vec<Value> {
        let words = [ReviewMode::VARIANTS, Billing::VARIANTS, OutputFormat::VARIANTS, OnLimit::VARIANTS];
        let more = [
            Transport::VARIANTS,
            <Effort as VariantNames>::VARIANTS,
            Strategy::VARIANTS,
            <Normaliser as VariantNames>::VARIANTS,
        ];
        let others = ["default", "lots", "90s", "1h 30m", "10x", ""].as_slice();
        let words = words.into_iter().chain(more).chain([others]).flatten().copied();
        let mut all: Vec<Value> = words.map(Value::from).collect();
        all.extend([json!("claude=2"), json!("1.5"), json!("2 minutes"), json!("m"), json!([]), json!(["a", "b"])]);
        all.extend([-1, 0, 1, 2, 3, 10, 11, 20, 21, 1000, 1001, 86_400, 86_401, 1_000_000, 1_000_001].map(Value::from));
        all.extend([0.0001, 0.000_01, 0.5, 0.001, 0.0009, 2.5, 10.5].map(Value::from));
        all.extend([json!(true), json!(false), json!([1, "claude=2"]), json!([1001]), json!([1.5])]);
        all
    }

    /// A value for one key, through the reader that reads files.
    fn reads(section: &str, key: &str, value: &Value) -> bool {
        let mut layers = Layers::default();
        layers.lay(entries(DEFAULT, "default", Source::Default).unwrap());
        match entries(&format!("[{section}]\n{key} = {value}\n"), "c.toml", Source::User) {
            Ok(entries) => layers.lay(entries),
            Err(_) => return false,
        }
        Settings::resolve(&layers).is_ok()
    }

    /// Where the reader takes more than one should write, or more than text can be told by its form.
    fn is_lenient(schema: &Value, value: &Value) -> bool {
        let text = schema.to_string();
        let takes_text = text.contains(r#""type":"string""#);
        match value {
            Value::String(word) => {
                let number = word.parse::<f64>().is_ok();
                number && !takes_text || word == "default" && takes_text
            }
            Value::Bool(_) => takes_text,
            Value::Number(number) => {
                let flag = text.contains("boolean") && ["0", "1"].contains(&number.to_string().as_str());
                flag || takes_text
            }
            _ => takes_text,
        }
    }

    #[test]
    fn the_schema_and_the_reader_agree_on_every_key() {
        let schema = config().to_value();
        let run = Key::ALL.iter().map(|key| ("defaults", "/properties/defaults/properties", key.name()));
        let adapter = "/properties/adapters/additionalProperties/properties";
        let own = AdapterKey::ALL.iter().map(|key| ("adapters.claude", adapter, key.name()));
        let mut compared = 0;
        for (section, place, key) in run.chain(own) {
            let one = schema.pointer(place).unwrap().get(key).unwrap();
            let validator = jsonschema::validator_for(one).unwrap();
            for value in samples() {
                let (valid, read) = (validator.is_valid(&value), reads(section, key, &value));
                assert!(read || !valid, "{section}.{key} = {value} is valid and is refused");
                assert!(valid || !read || is_lenient(one, &value), "{section}.{key} = {value} is read and not valid");
                compared += usize::from(valid == read);
            }
        }
        assert!(compared > 1000, "{compared}");
    }
}
