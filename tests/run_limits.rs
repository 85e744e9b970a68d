//! What is asked of the CLIs: how many at once, how hard, in pairs or batches.

use crate::support::sandbox::{Sandbox, document};
use serde_json::Value;

/// The most requests that were under way at one moment, by what the fakes wrote down: each was
/// at work from then on for at least its latency.
fn most_at_once(log: &[Value], of: impl Fn(&Value) -> bool) -> usize {
    let span = |one: &Value| {
        let from = one["at_ms"].as_i64().unwrap();
        (from, from + one["latency_us"].as_i64().unwrap() / 1000)
    };
    let spans: Vec<_> = log.iter().filter(|one| of(one)).map(span).collect();
    let at = |moment: i64| spans.iter().filter(|(from, to)| *from <= moment && moment < *to).count();
    spans.iter().map(|(from, _)| at(*from)).max().unwrap_or(0)
}

const SLOW: &str = "latency = { median_ms = 60 }";

#[test]
fn one_adapter_is_asked_no_more_at_once_than_it_may() {
    let sandbox = Sandbox::new(SLOW);
    let output = sandbox.run("why -m 'claude*2,codex' --max-concurrent claude=1 -r 1 --stability-rounds 1 -t 1");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(sandbox.log().len(), 9);
    assert_eq!(most_at_once(&sandbox.log(), |one| one["vendor"] == "claude"), 1);
}

#[test]
fn all_adapters_together_are_asked_no_more_at_once_than_said() {
    for limit in [1, 2] {
        let sandbox = Sandbox::new(SLOW);
        let line = format!("why -m claude,codex,gemini --max-concurrent {limit} -r 1 --stability-rounds 1 -t 1");
        let output = sandbox.run(&line);
        assert_eq!((output.code, sandbox.log().len()), (Some(0), 9), "{}", output.stderr);
        assert!(most_at_once(&sandbox.log(), |_| true) <= limit);
    }
}

#[test]
fn waiting_for_a_place_does_not_count_as_time() {
    // Five proposals, one after the other, of a second each: the last one waits for as long as an
    // attempt may take.
    let sandbox = Sandbox::new(
        "[[rule]]\nwhen = { phase = 'propose' }\nlatency = { median_ms = 1000 }\nactions = [{ draft = {} }]",
    );
    let line = "why -m 'claude*5' -r 1 --stability-rounds 1 -t 1 --max-concurrent 1 --timeout 4 --retries 0 -o json";
    let document = document(&sandbox.run(line));
    assert_eq!(document["all_answers"].as_array().unwrap().len(), 5, "{document}");
}

#[test]
fn the_effort_reaches_the_cli() {
    let efforts = |line: &str| {
        let sandbox = Sandbox::new("");
        let output = sandbox.run(line);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let mut efforts: Vec<_> =
            sandbox.log().iter().map(|one| format!("{}:{}", one["vendor"], one["effort"]).replace('"', "")).collect();
        efforts.sort();
        efforts.dedup();
        efforts.join(" ")
    };
    assert_eq!(efforts("why -m claude,codex -r 1 --stability-rounds 1 -t 1"), "claude:high codex:xhigh");
    assert_eq!(
        efforts("why -m claude,codex@low -r 1 --stability-rounds 1 -t 1 --effort medium"),
        "claude:medium codex:low"
    );
    assert_eq!(efforts("why -m claude@minimal"), "claude:low");
}

#[test]
fn the_model_reaches_the_cli() {
    let sandbox = Sandbox::new("");
    for models in ["claude-sonnet", "codex-o3", "gemini-2.5-flash", "claude/claude-opus-4-8", "codex/gpt-5.5@low"] {
        assert_eq!(sandbox.run(&format!("why -m {models}")).code, Some(0), "{models}");
    }
    let models: Vec<_> = sandbox.log().iter().map(|one| one["model"].as_str().unwrap().to_owned()).collect();
    assert_eq!(models, ["sonnet", "o3", "gemini-2.5-flash", "claude-opus-4-8", "gpt-5.5"]);
}

#[test]
fn a_batch_is_one_review_call_for_each_reviewer() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run("why -m claude,codex,gemini --review batch -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    // Three answers, three reviews, three refinements, three reviews.
    assert_eq!(document["metadata"]["total_calls"], 12);
    for round in document["rounds"].as_array().unwrap() {
        let given: usize = round["scores"].as_object().unwrap().values().map(|of| of.as_object().unwrap().len()).sum();
        assert_eq!((given, &round["reviews_dropped"]), (6, &0.into()));
    }
    let review = sandbox.log().into_iter().find(|one| one["phase"] == "evaluate").unwrap();
    assert!(review["prompt"].as_str().unwrap().contains("under a label that says nothing about who wrote it"));
}

#[test]
fn temperature_and_reply_length_go_where_a_cli_takes_them() {
    let sandbox = Sandbox::new("");
    let output = sandbox
        .run("why -m claude-opus-4-8,codex,gemini --temperature 0.5 --reply-tokens 900 -r 1 --stability-rounds 1 -t 1");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let log = sandbox.log();
    let of = |vendor: &str| log.iter().find(|one| one["vendor"] == vendor).unwrap();
    assert_eq!(of("claude")["env"]["CLAUDE_CODE_MAX_OUTPUT_TOKENS"], Value::Null, "a value that looks like a token");
    assert!(of("claude")["env"].as_object().unwrap().contains_key("CLAUDE_CODE_MAX_OUTPUT_TOKENS"));
    assert!(of("claude")["argv"].to_string().contains("disabled"));
    assert!(output.stderr.contains("codex: its CLI takes no temperature"), "{}", output.stderr);
    let plain = Sandbox::new("");
    plain.run("why -m claude");
    assert!(!plain.log()[0]["env"].as_object().unwrap().contains_key("CLAUDE_CODE_MAX_OUTPUT_TOKENS"));
}
