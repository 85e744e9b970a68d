//! What a run does when models fail: what is tried again, who is dropped, and how it is told.

use crate::support::failure_kind::FailureKind;
use crate::support::sandbox::{Sandbox, document};
use serde_json::{Value, json};

fn rules(rules: &[&str]) -> String {
    rules.iter().map(|rule| format!("[[rule]]\n{rule}\n")).collect()
}

fn account<'a>(document: &'a Value, who: &str) -> &'a Value {
    let accounts = document["participants"].as_array().unwrap();
    accounts.iter().find(|one| one["participant"] == who).unwrap()
}

/// Who was dropped, and why.
fn dropped(document: &Value) -> Vec<(String, String)> {
    let all = document["metadata"]["models_dropped"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter().map(|one| (text(&one["participant"]), text(&one["reason"]))).collect()
}

fn names(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(who, why)| ((*who).to_owned(), (*why).to_owned())).collect()
}

#[test]
fn what_can_pass_is_tried_again_and_counted() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude', phase = 'propose', nth = [1] }\nactions = [{ print = { text = 'half' } }, { exit = 3 }]",
    ]));
    let output = sandbox.run("why -m claude,codex -o json -v");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()));
    let claude = account(&document, "claude");
    assert_eq!((&claude["calls"], &claude["attempts"], &claude["failed_calls"]), (&4.into(), &5.into(), &0.into()));
    assert_eq!(document["metadata"]["total_attempts"], 9);
    assert!(output.stderr.contains("r1/propose/claude: failed: crashed; retrying in 0 s"), "{}", output.stderr);
    assert!(dropped(&document).is_empty());
}

#[test]
fn without_retries_there_is_one_attempt() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude', phase = 'propose' }\nactions = [{ fail = { kind = 'overloaded' } }]",
    ]));
    let output = sandbox.run("why -m claude,codex,gemini -o json --retries 0");
    let document = document(&output);
    let claude = account(&document, "claude");
    assert_eq!(claude["attempts"], claude["calls"]);
    assert!(!output.stderr.contains("retrying in"), "{}", output.stderr);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()));
    assert_eq!(dropped(&document), names(&[("claude", "overloaded")]));
    // It still reviews the others, and was asked again in the next round.
    assert_eq!(document["rounds"][0]["scores"]["claude"].as_object().unwrap().len(), 2);
    assert!(sandbox.log().iter().filter(|one| one["vendor"] == "claude" && one["phase"] == "propose").count() >= 2);
}

#[test]
fn who_fails_to_propose_may_come_back() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude', phase = 'propose', nth = [1] }\nactions = [{ fail = { kind = 'overloaded' } }]",
    ]));
    let document = document(&sandbox.run("why -m claude,codex,gemini -o json --retries 0 --seed 1"));
    assert_eq!(document["status"], "converged");
    assert!(dropped(&document).is_empty(), "{:?}", dropped(&document));
    assert!(document["rounds"][0]["means"].get("claude").is_none());
    assert!(document["rounds"][1]["means"]["claude"].is_f64());
    assert_eq!(account(&document, "claude")["failed_calls"], 1);
}

#[test]
fn a_vendors_pause_is_kept_and_limits_are_obeyed() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'codex', nth = [1] }\nactions = [{ fail = { kind = 'rate-limit', retry_after_s = 1 } }]",
    ]));
    let output = sandbox.run("why -m claude,codex -o jsonl --retries 1 --seed 1");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let events: Vec<Value> = output.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let retrying: Vec<_> = events.iter().filter(|event| event["event"] == "retrying").collect();
    assert_eq!(retrying.len(), 1);
    assert_eq!(retrying[0]["failure"], "rate_limited");
}

#[test]
fn a_child_that_hangs_is_ended_and_the_run_goes_on() {
    // Deaf to TERM, and with a child of its own in another session that is deaf too. The limit is one
    // that only a CLI which streams can meet, so that the others may be as slow as the machine is.
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude', nth = [1] }\nactions = [{ deaf = ['TERM'] }, { grandchild = { seconds = 120, own_session = true, deaf = true } }, 'hang']",
        "when = { vendor = 'claude' }\nactions = ['hang']",
    ]))
    .var("REFINERY_FIRST_BYTE_TIMEOUT", "1");
    let output = sandbox.run("why -m claude,codex,gemini -o json --retries 0 -r 2");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert_eq!(dropped(&document), names(&[("claude", "idle")]));
    assert!(output.stderr.contains("no sign of life after"), "{}", output.stderr);
    let answers: Vec<_> = document["all_answers"].as_array().unwrap().iter().map(|one| &one["participant"]).collect();
    assert_eq!(answers.len(), 2, "{answers:?}");
}

#[test]
fn silence_in_an_answer_is_noticed_where_a_cli_streams() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude', phase = 'propose' }\nmanner = { chunks = 4, keep_bytes = 900 }\nactions = [{ draft = {} }, 'hang']",
    ]));
    let output = sandbox.run("why -m claude,codex,gemini -o json --idle-timeout 1 --timeout 100 --retries 0 -r 2");
    let document = document(&output);
    assert_eq!(dropped(&document), names(&[("claude", "idle")]), "{}", output.stderr);
}

#[test]
fn fewer_than_two_answers_end_the_run_with_the_best_so_far() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude' }\nactions = [{ fail = { kind = 'unauthorized' } }]",
        "when = { vendor = 'codex' }\nactions = [{ fail = { kind = 'refusal', message = 'I cannot help with that.' } }]",
    ]));
    let output = sandbox.run("why -m claude,codex,gemini");
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    assert!(output.stdout.starts_with("This is draft "), "{}", output.stdout);
    assert!(output.stderr.contains("fewer than two models answered: best answer so far"));
    let document = document(&sandbox.run("why -m claude,codex,gemini -o json"));
    assert_eq!(document["status"], "insufficient_models");
    assert_eq!(document["winner"]["participant"], "gemini");
    assert_eq!(document["error"]["code"], "insufficient_models");
    let gone = dropped(&document);
    assert_eq!(gone[0], ("claude".to_owned(), "bad_credential".to_owned()));
    assert_eq!(gone[1].0, "codex");
}

#[test]
fn nobody_answers() {
    let sandbox = Sandbox::new(&rules(&["actions = [{ fail = { kind = 'not-logged-in' } }]"]));
    let output = sandbox.run("why -m claude,gemini -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["winner"]), (Some(3), &Value::Null));
    assert_eq!(document["metadata"]["total_calls"], 2, "nobody is asked twice in vain");
    assert!(output.stderr.contains("log in with the vendor's CLI"), "{}", output.stderr);
    let alone = sandbox.run("why -m claude");
    assert_eq!((alone.code, alone.stdout.as_str()), (Some(1), ""), "{}", alone.stderr);
    assert!(alone.stderr.contains("Status:   failed"), "{}", alone.stderr);
}

#[test]
fn a_malformed_review_is_asked_for_once_more() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'gemini', phase = 'evaluate', lacks = ['could not be used'] }\nactions = [{ say = { text = 'Rather good, I would say.' } }]",
    ]));
    let document = document(&sandbox.run("why -m claude,gemini -o json"));
    assert_eq!(document["status"], "converged");
    let counted: Vec<_> =
        document["rounds"].as_array().unwrap().iter().map(|one| (&one["repairs"], &one["reviews_dropped"])).collect();
    assert_eq!(counted, [(&json!(1), &json!(0)), (&json!(1), &json!(0))]);
    assert_eq!(document["metadata"]["total_calls"], 10, "a repair is a call");
    let repairs: Vec<_> =
        sandbox.log().into_iter().filter(|one| one["prompt"].as_str().unwrap().contains("could not be used")).collect();
    assert_eq!(repairs.len(), 2);
    assert!(repairs[0]["prompt"].as_str().unwrap().contains("Rather good, I would say."));
}

#[test]
fn a_review_that_stays_malformed_is_dropped_and_counted() {
    for words in ["Rather good.", "{ \"score\": 11 }", "{ \"score\": null }"] {
        let sandbox = Sandbox::new(&rules(&[&format!(
            "when = {{ vendor = 'gemini', phase = 'evaluate' }}\nactions = [{{ say = {{ text = '''{words}''' }} }}]"
        )]));
        let output = sandbox.run("why -m claude,codex,gemini -o json");
        let document = document(&output);
        assert_eq!(document["status"], "converged", "{words}: {}", output.stderr);
        let round = &document["rounds"][0];
        assert_eq!((&round["repairs"], &round["reviews_dropped"]), (&2.into(), &2.into()), "{words}");
        assert!(round["scores"].get("gemini").is_none_or(|given| given.as_object().unwrap().is_empty()));
        let told = output.stderr.lines().filter(|line| line.contains("failed: gemini gave no review of ")).count();
        assert_eq!(told, 1, "{}", output.stderr);
        assert!(output.stderr.contains(" in round 1: malformed"), "{}", output.stderr);
        assert!(dropped(&document).is_empty(), "{words}: it has an answer, and stays");
    }
}

#[test]
fn a_usage_limit_closes_a_lane_and_the_others_go_on() {
    let sandbox = Sandbox::new(&rules(&[
        "when = { vendor = 'claude', phase = 'evaluate' }\nactions = [{ fail = { kind = 'usage-limit', resets_in_s = 7200 } }]",
    ]));
    let output = sandbox.run("why -m claude,codex,gemini -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert_eq!(dropped(&document), names(&[("claude", "usage_limit")]));
    let asked = sandbox.log().iter().filter(|one| one["vendor"] == "claude").count();
    // Its answer, two reviews at once, and a refinement that may have begun before they failed.
    assert!(asked <= 4, "{asked}: nobody knocks at a closed door");
    assert!(output.stderr.contains("`--on-limit wait` waits for the reset"), "{}", output.stderr);
}

#[test]
fn who_is_missing_stops_the_run_unless_that_is_allowed() {
    let sandbox = Sandbox::new("").without_program("codex").without("GEMINI_API_KEY");
    let output = sandbox.run("why -m claude,codex,gemini");
    assert_eq!((output.code, output.stdout.as_str(), sandbox.log().len()), (Some(4), "", 0));
    assert!(output.stderr.contains("npm install -g @openai/codex"), "{}", output.stderr);
    assert!(output.stderr.contains("GEMINI_API_KEY"), "{}", output.stderr);
    let output = sandbox.run("why -m 'claude,codex,gemini,claude/sonnet' --allow-missing -o json");
    let document = document(&output);
    assert_eq!((output.code, &document["status"]), (Some(0), &"converged".into()), "{}", output.stderr);
    assert_eq!(document["participants"].as_array().unwrap().len(), 2);
    let warnings = document["metadata"]["warnings"].to_string();
    assert!(warnings.contains("codex") && warnings.contains("gemini"), "{warnings}");
}

#[test]
fn every_trouble_of_every_vendor_ends_in_a_class() {
    for trouble in FailureKind::ALL {
        let kind = trouble.name();
        let sandbox = Sandbox::new(&rules(&[&format!("actions = [{{ fail = {{ kind = '{kind}' }} }}]")]));
        let output = sandbox.run("why -m claude,codex,gemini -o json --retries 0 --on-limit drop");
        let document = document(&output);
        if kind == "schema-missed" {
            assert!(output.code.is_some_and(|code| [0, 2].contains(&code)), "{kind}: {}", output.stderr);
            continue;
        }
        assert_eq!((output.code, &document["status"]), (Some(3), &"insufficient_models".into()), "{kind}");
        let reasons: Vec<_> = dropped(&document).into_iter().map(|(_, reason)| reason).collect();
        // Nothing tells a cut answer of gemini's from a whole one.
        let blind = usize::from(kind == "cut");
        assert_eq!(reasons.len(), 3 - blind, "{kind}: {reasons:?}");
        assert!(!reasons.iter().any(|reason| reason == "internal"), "{kind}: {reasons:?}");
    }
}
