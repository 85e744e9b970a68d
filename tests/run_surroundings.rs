//! A run in a poor place: few descriptors, nowhere to write, CLIs of another make.

use crate::support::fakes::install_as;
use crate::support::sandbox::{Sandbox, document};

/// Puts the fake of no vendor in particular on the PATH.
fn plain(sandbox: &Sandbox, name: &str) {
    install_as(&sandbox.path("bin"), name, "plain", &sandbox.path("script.toml")).unwrap();
}

#[test]
fn clis_of_another_make_take_part() {
    let sandbox = Sandbox::new("");
    plain(&sandbox, "ollama");
    plain(&sandbox, "llm");
    let output = sandbox.run("why -m 'ollama/llama3.2:3b,llm/gpt-4o-mini,claude' -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    for round in document["rounds"].as_array().unwrap() {
        assert_eq!((&round["reviews_dropped"], &round["repairs"]), (&0.into(), &0.into()), "{round}");
    }
    assert_eq!(document["participants"][0]["billing"], "none");
    let log = sandbox.log();
    let ollama = log.iter().find(|one| one["model"] == "llama3.2:3b").unwrap();
    assert!(ollama["prompt"].as_str().unwrap().contains("Several participants work on the same request."));
    assert!(output.stderr.contains("ollama: this adapter is not verified with the real CLI"));
}

#[test]
fn a_manifest_of_ones_own_takes_part() {
    let manifest = "
        name = 'mine'
        verified = false
        concurrency = 2
        vendor_words = ['mine']
        [program]
        names = ['my-ai']
        [models]
        default = 'big'
        [[pool]]
        name = 'key'
        kind = 'api_key'
        variable = 'MY_KEY'
        [invocation]
        args = [['-m', '{model}']]
        pass = ['PATH']
        [stdin]
        system_first = true
        [output]
        codec = 'plain'
    ";
    let sandbox = Sandbox::new("").file("work/mine.toml", manifest).var("MY_KEY", "WATCHWORD");
    plain(&sandbox, "my-ai");
    let output = sandbox.run("why -m 'mine,claude' --adapter mine.toml");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("mine (mine-big; key (MY_KEY))"), "{}", output.stderr);
    assert!(!sandbox.log().iter().any(|one| one["vendor"] == "claude" && one["env"].get("MY_KEY").is_some()));
}

#[test]
fn few_descriptors_make_it_slower_and_not_wrong() {
    let sandbox = Sandbox::new("");
    let output = sandbox.run_after("ulimit -n 24", "why -m claude,codex,gemini -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert_eq!(document["metadata"]["total_attempts"], 18, "what never ran is no attempt: {}", document["metadata"]);
}

#[test]
fn nowhere_to_write_is_told_before_any_call() {
    let sandbox = Sandbox::new("").var("TMPDIR", "/nonexistent/folder");
    let output = sandbox.run("why -m claude,codex");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), 0), "{}", output.stderr);
    assert!(
        output.stderr.contains("in /nonexistent/folder: ") && output.stderr.contains("set TMPDIR"),
        "{}",
        output.stderr
    );
    let sandbox = Sandbox::new("").file("work/taken", "a file, not a folder");
    let output = sandbox.run("why -m claude --debug --state-dir taken");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), 0), "{}", output.stderr);
    assert!(output.stderr.contains("--state-dir"), "{}", output.stderr);
}

#[test]
fn long_answers_come_whole_and_are_quoted_in_part() {
    let long = "
        [[rule]]
        when = { vendor = 'claude', phase = 'propose' }
        actions = [{ say = { text = 'This is draft 31ec57d9.1, é. ', fill_bytes = 400000 } }]
        [[rule]]
        when = { vendor = 'claude', phase = 'refine' }
        actions = [{ say = { text = 'This is draft 31ec57d9.2, é. ', fill_bytes = 400000 } }]
        [[rule]]
        when = { phase = 'evaluate', contains = ['31ec57d9'] }
        actions = [{ opinion = { scores = [9, 9.5] } }]
    ";
    let sandbox = Sandbox::new(long);
    let output = sandbox.run("why -m claude,codex -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["winner"]["participant"]), (Some(0), &"claude".into()), "{}", output.stderr);
    assert!(document["winner"]["answer"].as_str().unwrap().len() >= 400_000);
    let cuts = document["metadata"]["quotes_cut"].as_array().unwrap();
    assert!(cuts.iter().any(|cut| cut["call"] == "r1/evaluate/codex>claude"), "{cuts:?}");
    let log = sandbox.log();
    let review = log.iter().find(|one| one["vendor"] == "codex" && one["phase"] == "evaluate").unwrap();
    assert!(review["prompt_bytes"].as_u64().unwrap() < 250_000, "{}", review["prompt_bytes"]);
}

#[test]
fn two_million_bytes_of_answer_come_whole_from_each_cli() {
    let sandbox = Sandbox::new(
        "[[rule]]\nmanner = { chunks = 500 }\nactions = [{ say = { text = \"Line of words, é.\\n\", fill_bytes = 2000000 } }]",
    );
    let whole = "Line of words, é.\n".repeat(2_000_000_usize.div_ceil("Line of words, é.\n".len()));
    for vendor in ["claude", "codex", "gemini"] {
        let output = sandbox.run(&format!("why -m {vendor}"));
        assert_eq!(output.code, Some(0), "{vendor}: {}", output.stderr);
        assert!(
            output.stdout.trim_end() == whole.trim_end(),
            "{vendor}: {} bytes of {}",
            output.stdout.len(),
            whole.len()
        );
    }
}

#[test]
fn what_is_left_behind_is_ended_and_told_and_the_answer_counts() {
    let sandbox = Sandbox::new(
        "[[rule]]\nwhen = { vendor = 'codex', phase = 'propose' }\nactions = [{ grandchild = { seconds = 120 } }, { draft = {} }]",
    );
    let output = sandbox.run("why -m claude,codex");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("warning: codex: its CLI left processes behind"), "{}", output.stderr);
}
