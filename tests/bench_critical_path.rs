//! The critical path that the bench computes.

#[path = "../benches/critical_path.rs"]
mod critical_path;

use critical_path::Played;
use std::time::Duration;

/// A line of the fakes' log, the latency in milliseconds.
fn call(author: &str, phase: &str, marks: &[&str], latency: u64) -> String {
    let micros = latency * 1000;
    serde_json::json!({"author": author, "phase": phase, "marks": marks, "latency_us": micros}).to_string()
}

fn two_rounds() -> Vec<String> {
    vec![
        call("a", "propose", &[], 100),
        call("b", "propose", &[], 300),
        call("b", "evaluate", &["a.1"], 50),
        call("a", "evaluate", &["b.1"], 40),
        // a is refined at 150, b at 340.
        call("a", "refine", &["a.1"], 500),
        call("b", "refine", &["b.1"], 200),
        call("b", "evaluate", &["a.2"], 10),
        call("a", "evaluate", &["b.2"], 70),
    ]
}

fn path(calls: &[String], stability: u64) -> Result<Duration, String> {
    Played::read(&calls.join("\n")).and_then(|played| played.critical_path(stability))
}

#[test]
fn a_refinement_waits_for_its_own_reviews_while_the_round_cannot_be_the_last() {
    assert_eq!(path(&two_rounds(), 2), Ok(Duration::from_millis(100 + 50 + 500 + 10)));
    assert_eq!(Played::read(&two_rounds().join("\n")).unwrap().calls(), 8);
}

#[test]
fn it_waits_for_the_whole_round_otherwise() {
    assert_eq!(path(&two_rounds(), 1), Ok(Duration::from_millis(340 + 500 + 10)));
}

#[test]
fn one_round_ends_with_its_last_review() {
    assert_eq!(path(&two_rounds()[..4], 2), Ok(Duration::from_millis(340)));
}

#[test]
fn what_is_missing_or_doubled_is_told() {
    let calls = two_rounds();
    assert!(path(&calls[..7], 2).unwrap_err().contains("b.2 has 0 reviews of 1"));
    let without_refinement: Vec<String> = calls.iter().filter(|line| !line.contains("refine")).cloned().collect();
    assert!(path(&without_refinement, 2).unwrap_err().contains("was not refined"));
    assert!(path(&[&calls[..], &calls[..1]].concat(), 2).unwrap_err().contains("made twice"));
    assert!(path(&[], 2).is_err());
}
