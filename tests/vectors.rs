//! The conformance vectors: every file of `fixtures/conformance`, each through the very function, or
//! the whole machine, that runs are made of.

use crate::{vectors_budget, vectors_consensus, vectors_debate, vectors_refine};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The name of a kind, and what makes a vector's result of its input.
pub type Kind = (&'static str, fn(&Value) -> Value);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance")
}

/// Equal, numbers within 1e-9. What an expected error says besides its kind is informative.
fn same(got: &Value, expected: &Value) -> bool {
    match (got, expected) {
        (Value::Number(got), Value::Number(expected)) => {
            (got.as_f64().unwrap() - expected.as_f64().unwrap()).abs() < 1e-9
        }
        (Value::Array(got), Value::Array(expected)) => {
            got.len() == expected.len() && got.iter().zip(expected).all(|(got, expected)| same(got, expected))
        }
        (Value::Object(got), Value::Object(expected)) if expected.contains_key("error") => {
            got.get("error") == expected.get("error")
        }
        (Value::Object(got), Value::Object(expected)) => {
            let keys: BTreeSet<&String> = got.keys().chain(expected.keys()).collect();
            keys.into_iter().all(|key| match (got.get(key), expected.get(key)) {
                (Some(got), Some(expected)) => same(got, expected),
                _ => false,
            })
        }
        _ => got == expected,
    }
}

#[test]
fn every_vector_passes_and_no_file_is_left_out() {
    let kinds = [vectors_budget::ALL, vectors_consensus::ALL, vectors_debate::ALL, vectors_refine::ALL].concat();
    let mut table = format!("\n{:<24}{:>8}{:>8}\n", "kind", "passed", "total");
    let mut failed = Vec::new();
    for (kind, run) in &kinds {
        let text = fs::read_to_string(folder().join(format!("{kind}.json"))).unwrap();
        let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert!(!vectors.is_empty(), "{kind}");
        let mut passed = 0;
        for vector in &vectors {
            let (got, expected) = (run(&vector["input"]), &vector["expected"]);
            if same(&got, expected) {
                passed += 1;
            } else {
                failed.push(format!("{kind} {}: expected {expected}, got {got}", vector["id"]));
            }
        }
        writeln!(table, "{kind:<24}{passed:>8}{:>8}", vectors.len()).unwrap();
    }
    // Past the harness, which shows only what failed.
    std::io::stderr().write_all(table.as_bytes()).unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let run: BTreeSet<String> = kinds.iter().map(|(kind, _)| format!("{kind}.json")).collect();
    let there = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(run, there.collect(), "each file is run, and each kind has a file");
}

#[test]
fn what_is_the_same_is_told_from_what_is_not() {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert!(same(&value("[1, {\"a\": 0.30000000000000004}]"), &value("[1.0, {\"a\": 0.3}]")));
    assert!(same(&value("{\"error\": \"E\"}"), &value("{\"error\": \"E\", \"message\": \"m\"}")));
    for (got, expected) in
        [("1", "1.1"), ("[1]", "[1, 2]"), ("{}", "{\"a\": null}"), ("{\"a\": 1}", "{}"), ("\"1\"", "1")]
    {
        assert!(!same(&value(got), &value(expected)), "{got} {expected}");
    }
    assert!(!same(&value("{\"ok\": true}"), &value("{\"error\": \"E\"}")));
}
