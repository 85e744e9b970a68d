//! The conformance vectors: every file of `fixtures/conformance`, each through the very function, or
//! the whole machine, that runs are made of.

use crate::support::folder::TestFolder;
use crate::{vectors_budget, vectors_consensus, vectors_debate, vectors_refine};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::panic::catch_unwind;
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

/// A file of vectors: its kind, and what it holds, or why it cannot be read.
type VectorFile = (String, Result<Vec<Value>, String>);

/// Every `KIND.json` of a folder, by name.
fn files(folder: &Path) -> Vec<VectorFile> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    paths.sort();
    let read = |path: &Path| serde_json::from_slice(&fs::read(path).unwrap()).map_err(|error| error.to_string());
    paths.iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(path))).collect()
}

/// How many vectors of each file pass, as a table, and what is wrong with the others.
fn judge(files: &[VectorFile], kinds: &[Kind]) -> (String, Vec<String>) {
    let mut table = format!("\n{:<24}{:>8}{:>8}\n", "kind", "passed", "total");
    let mut failed = Vec::new();
    for (kind, vectors) in files {
        let known = kinds.iter().find(|(known, _)| known == kind);
        let (passed, total) = match (vectors, known) {
            (Err(error), _) => {
                failed.push(format!("{kind}.json: {error}"));
                (0, 0)
            }
            (Ok(vectors), None) => {
                failed.push(format!("{kind}: unknown kind: nothing in tests/vectors_*.rs runs {kind}.json"));
                (0, vectors.len())
            }
            (Ok(vectors), Some((_, run))) => {
                let before = failed.len();
                let why = |vector: &Value| Some(format!("{kind} {}: {}", vector["id"], problem(*run, vector)?));
                failed.extend(vectors.iter().filter_map(why));
                (vectors.len() - (failed.len() - before), vectors.len())
            }
        };
        writeln!(table, "{kind:<24}{passed:>8}{total:>8}").unwrap();
    }
    (table, failed)
}

/// Why a vector does not pass. One that panics costs nobody else.
fn problem(run: fn(&Value) -> Value, vector: &Value) -> Option<String> {
    let expected = &vector["expected"];
    match catch_unwind(|| run(&vector["input"])) {
        Ok(got) => (!same(&got, expected)).then(|| format!("expected {expected}, got {got}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Some(format!("expected {expected}, panicked: {text}"))
        }
    }
}

fn all_kinds() -> Vec<Kind> {
    [vectors_budget::ALL, vectors_consensus::ALL, vectors_debate::ALL, vectors_refine::ALL].concat()
}

#[test]
fn every_vector_passes() {
    let (table, failed) = judge(&files(&folder()), &all_kinds());
    // Past the harness, which shows only what failed.
    std::io::stderr().write_all(table.as_bytes()).unwrap();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn every_kind_has_vectors() {
    let there = files(&folder());
    for (kind, _) in all_kinds() {
        let vectors = there.iter().find(|(name, _)| name == kind).and_then(|(_, vectors)| vectors.as_ref().ok());
        assert!(vectors.is_some_and(|vectors| !vectors.is_empty()), "{kind}");
    }
}

#[test]
fn what_fails_is_named_and_costs_nothing_else() {
    let folder = TestFolder::new("vectors-");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "double.json",
        r#"[{"id": "a", "input": 1, "expected": 2}, {"id": "b", "input": "x", "expected": 2},
        {"id": "c", "input": 2, "expected": 5}, {"id": "d", "input": 4, "expected": 8}]"#,
    );
    write("broken.json", "[");
    write("unheard.json", r#"[{"id": "e", "input": 1, "expected": 1}]"#);
    write("README.md", "no vectors");
    let kinds: [Kind; 2] = [("double", |input| Value::from(2 * input.as_i64().unwrap())), ("broken", Value::clone)];
    let (table, failed) = judge(&files(folder.path()), &kinds);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[2..], [["broken", "0", "0"], ["double", "2", "4"], ["unheard", "0", "1"]]);
    let [broken, panicked, wrong, unknown] = &failed[..] else { panic!("{failed:?}") };
    assert!(broken.starts_with("broken.json: EOF"), "{broken}");
    assert!(panicked.starts_with("double \"b\": expected 2, panicked: called `Option::unwrap()`"), "{panicked}");
    assert_eq!(wrong, "double \"c\": expected 5, got 4");
    assert!(unknown.starts_with("unheard: unknown kind"), "{unknown}");
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
