//! Holds what was written against the published schemas. Every command line that a test plays and
//! every script of a protocol passes here.

use super::program::CommandOutput;
use jsonschema::Validator;
use refinery_core::event::{Event, EventKind};
use refinery_core::exchange::Usage;
use refinery_core::outcome::{Finished, Outcome, Totals};
use refinery_core::report::format::jsonl::Jsonl;
use refinery_core::report::{OutputStream, Reporter};
use refinery_core::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

/// All that are published, in the order of the list.
pub const NAMES: [&str; 17] = [
    "outcome",
    "event",
    "error",
    "dry-run",
    "plan",
    "participant",
    "run",
    "runs",
    "runs-cost",
    "adapters",
    "doctor",
    "settings",
    "config",
    "manifest",
    "pipeline",
    "personas",
    "persona",
];

/// The schema of a name.
pub fn schema(name: &str) -> Value {
    refinery_core::cli::inspect::schema::of(name).unwrap()
}

static VALIDATORS: LazyLock<BTreeMap<&str, Validator>> =
    LazyLock::new(|| NAMES.iter().map(|name| (*name, jsonschema::validator_for(&schema(name)).unwrap())).collect());

/// What is wrong with a document; empty if nothing is.
pub fn faults(name: &str, document: &Value) -> Vec<String> {
    let validator = &VALIDATORS[name];
    if validator.is_valid(document) {
        return Vec::new();
    }
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

pub fn is_valid(name: &str, document: &Value) -> bool {
    VALIDATORS[name].is_valid(document)
}

pub fn assert_valid(name: &str, document: &Value) {
    let faults = faults(name, document);
    assert!(faults.is_empty(), "{name}: {faults:#?}\n{document:#}");
}

/// What a command line wrote for programs is what was published for it.
pub fn check(line: &str, output: &CommandOutput) {
    let words = shell_words::split(line).unwrap();
    let after = |flag: &str| words.iter().position(|word| word == flag).and_then(|at| words.get(at + 1)).cloned();
    let lines = match after("-o").or_else(|| after("--output-format")).as_deref() {
        Some("json") => false,
        Some("jsonl") => true,
        _ => return,
    };
    let name = match (words[0].as_str(), words.get(1).map(String::as_str)) {
        ("doctor", _) => "doctor",
        ("adapters", _) => "adapters",
        ("runs", Some("show")) => "run",
        // It says what it removed, and nothing else.
        ("runs", Some("rm")) => return,
        ("runs", Some("cost")) => "runs-cost",
        ("runs", _) => "runs",
        ("config", _) => "settings",
        ("personas", _) => "personas",
        _ if words.iter().any(|word| word == "--dry-run") => "dry-run",
        _ if lines => "event",
        _ => "outcome",
    };
    let documents: Vec<Value> = serde_json::Deserializer::from_str(&output.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| {
            assert!(words.iter().any(|word| word == "--help"), "{line}: {error}: {}", output.stdout);
            Vec::new()
        });
    assert!(lines || documents.len() <= 1, "{line}: more than one document");
    for document in &documents {
        let refused = output.code != Some(0) && is_valid("error", document);
        // A list as JSON Lines is an entry a line.
        let list = lines && name.starts_with("runs");
        if !refused {
            assert_valid(name, &if list { json!([document]) } else { document.clone() });
        }
    }
}

/// Every value within a value, with its place.
pub fn each(value: &Value, place: &str, look: &mut dyn FnMut(&str, &Value)) {
    look(place, value);
    match value {
        Value::Object(map) => map.iter().for_each(|(key, one)| each(one, &format!("{place}/{key}"), look)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, one)| each(one, &format!("{place}/{at}"), look));
        }
        _ => {}
    }
}

/// Every document that differs from a whole one in one place, with what was done there.
fn spoilt(whole: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    each(whole, "", &mut |place, _| places.push(place.to_owned()));
    let odd = json!({ "odd": [[]] });
    let mut all = Vec::new();
    for place in places {
        let Some(value) = whole.pointer(&place) else { continue };
        let change = |what: &str, to: &dyn Fn(&mut Value)| {
            let mut copy = whole.clone();
            to(copy.pointer_mut(&place).unwrap());
            (format!("{what} at {place}"), copy)
        };
        all.push(change("something else", &|value| *value = odd.clone()));
        if value.is_object() {
            all.push(change("one more member", &|value| value["odd"] = odd.clone()));
        }
    }
    all
}

/// Whatever is put somewhere else, or comes to it, is noticed.
pub fn assert_closed(name: &str, whole: &Value) {
    assert_valid(name, whole);
    for (what, copy) in spoilt(whole) {
        assert!(!is_valid(name, &copy), "{name}: {what} is not noticed");
    }
}

/// Which members may be left out of a document, by their places.
pub fn optional(name: &str, whole: &Value) -> Vec<String> {
    let mut places = Vec::new();
    each(whole, "", &mut |place, _| places.push(place.to_owned()));
    places.retain(|place| {
        let Some((parent, member)) = place.rsplit_once('/') else { return false };
        let mut copy = whole.clone();
        let gone =
            copy.pointer_mut(parent).and_then(Value::as_object_mut).is_some_and(|map| map.remove(member).is_some());
        gone && is_valid(name, &copy)
    });
    places
}

/// The lines that a run leaves, its document last; each of them is what was published.
pub fn rendered(outcome: &Outcome, events: &[EventKind]) -> Vec<Value> {
    let out = Shared::default();
    let mut report = Jsonl::new(OutputStream::new(out.clone()));
    for (seq, kind) in (0..).zip(events) {
        let seq = (!kind.is_live()).then_some(seq);
        report.report(&Event { seq, at: Timestamp(seq.unwrap_or(7).cast_signed()), kind: kind.clone() });
    }
    report.finish(&Finished::new(outcome.clone(), totals())).unwrap();
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (document, happened) = lines.split_last().unwrap();
    happened.iter().for_each(|line| assert_valid("event", line));
    assert_valid("event", document);
    assert_valid("outcome", document);
    lines
}

fn totals() -> Totals {
    let usage = |tokens| Usage { input_tokens: tokens, cost_usd: tokens.map(|_| 0.5), ..Usage::default() };
    let cost = |step: &str| json!({ "step": step, "calls": 2, "attempts": 3, "usage": usage(None), "attempts_without_usage": 0 });
    let account = json!({ "participant": "ada", "adapter": "claude", "model_id": "ada-9", "effort": "high",
        "pool": "login", "billing": "login", "served": ["ada-9"], "calls": 4, "attempts": 6, "failed_calls": 0,
        "usage": usage(Some(3)), "attempts_without_usage": 1 });
    serde_json::from_value(json!({ "run_id": "20261121-100500-abcdef", "total_calls": 4, "total_attempts": 6,
        "elapsed_ms": 12, "seed": 7, "resumable": true, "resume_at": Timestamp(9), "participants": [account],
        "steps": [cost("step1"), cost("self-refine")], "warnings": ["a warning"] }))
    .unwrap()
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
