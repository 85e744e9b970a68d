//! Logins that several calls share: who may refresh them, and what is written near them.

use crate::support::record::{entries, records};
use crate::support::sandbox::{SECRETS, Sandbox, signal};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A sandbox without keys, where claude is logged in until so many minutes from now, or until nobody
/// knows when.
pub fn logged_in(script: &str, minutes: Option<i64>) -> Sandbox {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let expires = minutes.map(|minutes| format!(r#","expiresAt":{}"#, now + minutes * 60_000)).unwrap_or_default();
    let login = format!(r#"{{"claudeAiOauth":{{"accessToken":"a","refreshToken":"r"{expires}}}}}"#);
    let sandbox = SECRETS.iter().fold(Sandbox::new(script), |sandbox, (name, _)| sandbox.without(name));
    sandbox.file("home/.claude/.credentials.json", login)
}

const THREE: [&str; 4] = ["why", "-m", "claude*3", "--retries=0"];
const HANG: &str = "[[rule]]\nactions = ['hang']";

/// How a run of three claudes went: the calls that had begun before the first one ended.
fn begun_first(sandbox: &Sandbox) -> usize {
    let records = records(&sandbox.journal());
    records.iter().take_while(|one| one["record"] != "ended").filter(|one| one["record"] == "begun").count()
}

#[test]
fn with_a_login_near_its_end_the_first_call_goes_alone() {
    for minutes in [Some(-60), Some(5), None] {
        let sandbox = logged_in("", minutes);
        let output = sandbox.run("why -m 'claude*3'");
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert!(output.stderr.contains("stored login"), "{}", output.stderr);
        // One that never comes to words.
        let sandbox = logged_in("[[rule]]\nwhen = { nth = [1] }\nactions = [{ exit = 3 }]", minutes);
        let output = sandbox.run("why -m 'claude*3' --retries 0");
        assert_eq!((output.code, begun_first(&sandbox)), (Some(0), 1), "{minutes:?}: {}", output.stderr);
    }
}

#[test]
fn after_its_first_words_the_others_come() {
    // It begins to answer and goes on for ever; the others begin all the same.
    let half = "[[rule]]\nmanner = { chunks = 50, keep_bytes = 6000 }\n\
        actions = [{ say = { text = 'One thing. Another thing. ', fill_bytes = 20000 } }, 'hang']";
    let sandbox = logged_in(half, Some(-60));
    let child = sandbox.command(THREE).spawn().unwrap();
    sandbox.wait_for_requests(3);
    signal(child.id(), "INT");
    assert_eq!(sandbox.wait(child).code, Some(1));
    assert_eq!(begun_first(&sandbox), 3);
    sandbox.assert_nothing_left();
}

#[test]
fn whoever_leads_in_vain_is_followed_by_another_that_leads() {
    let sandbox = logged_in("[[rule]]\nwhen = { phase = 'propose' }\nactions = [{ exit = 3 }]", None);
    let output = sandbox.run("why -m 'claude*3' --retries 0");
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    let (mut running, mut most) = (0_i32, 0);
    for one in records(&sandbox.journal()) {
        running += i32::from(one["record"] == "begun") - i32::from(one["record"] == "ended");
        most = most.max(running);
    }
    assert_eq!((sandbox.log().len(), most), (3, 1), "one after the other");
}

#[test]
fn nobody_waits_for_a_login_that_lasts_a_token_or_a_key() {
    let token = logged_in(HANG, Some(-60)).var("CLAUDE_CODE_OAUTH_TOKEN", "token");
    let key = Sandbox::new(HANG);
    for sandbox in [logged_in(HANG, Some(60)), token, key] {
        let child = sandbox.command(THREE).spawn().unwrap();
        sandbox.wait_for_requests(3);
        signal(child.id(), "INT");
        assert_eq!(sandbox.wait(child).code, Some(1));
        sandbox.assert_nothing_left();
    }
}

#[test]
fn keys_and_tokens_run_in_homes_of_their_own_and_logins_are_linked() {
    let login = r#"{"auth_mode":"chatgpt","tokens":{"access_token":"a","refresh_token":"r"}}"#;
    let sandbox = logged_in("", Some(60)).file("home/.codex/auth.json", login).var("GEMINI_API_KEY", "key");
    let output = sandbox.run("why -m claude,codex,gemini -o json");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let (tmp, home) = (sandbox.path("tmp").display().to_string(), sandbox.path("home").display().to_string());
    for one in sandbox.log() {
        let own = |name: &str| one["env"][name].as_str().is_some_and(|path: &str| path.starts_with(&tmp));
        match one["vendor"].as_str().unwrap() {
            // It refreshes its file in place by a rename, which a link would not outlive.
            "claude" => assert_eq!(one["env"]["HOME"], home.as_str()),
            "codex" => assert!(own("CODEX_HOME"), "{}", one["env"]),
            _ => assert!(own("HOME") || own("GEMINI_CLI_HOME"), "{}", one["env"]),
        }
    }
    let names = |below: &str| {
        let all = std::fs::read_dir(sandbox.path(below)).unwrap();
        all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names("home/.claude"), names("home/.codex")),
        (vec![".credentials.json".into()], vec!["auth.json".into()])
    );
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let pools: Vec<_> = document["participants"].as_array().unwrap().iter().map(|one| &one["billing"]).collect();
    assert_eq!(pools, ["login", "login", "api_key"]);
}

#[test]
fn two_runs_at_once_do_not_refresh_one_login_against_each_other() {
    // Nobody ever comes to words, so that every call of both runs leads, each for a while.
    let sandbox = logged_in("latency = { median_ms = 40 }\n[[rule]]\nactions = [{ exit = 3 }]", Some(-60));
    let both = [0, 1].map(|_| sandbox.command(THREE).spawn().unwrap());
    for child in both {
        assert_eq!(sandbox.wait(child).code, Some(3));
    }
    sandbox.assert_nothing_left();
    let mut calls: Vec<(i64, i64)> = Vec::new();
    for journal in sandbox.journals() {
        let entries = entries(&journal);
        let times = |what: &str| -> Vec<i64> {
            let those = entries.iter().filter(|one| one["record"]["record"] == what);
            those.map(|one| one["at"].as_i64().unwrap()).collect()
        };
        let (begun, ended) = (times("begun"), times("ended"));
        calls.extend(begun.into_iter().zip(ended));
    }
    calls.sort_unstable();
    assert_eq!((sandbox.journals().len(), calls.len()), (2, 6));
    // Two processes read the clock to a millisecond, each on its own.
    let apart = calls.windows(2).all(|pair| pair[1].0 + 2 >= pair[0].1);
    assert!(apart, "{calls:?}");
}

#[test]
fn a_lock_that_a_stopped_run_holds_is_told_and_not_waited_for_for_ever() {
    let sandbox = logged_in("", Some(-60));
    let path = sandbox.path("home/.local/state/refinery/locks/claude");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let held = std::fs::File::create(&path).unwrap();
    held.lock().unwrap();
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("waiting for another run that refreshes the same login"), "{}", output.stderr);
    assert!(output.stderr.contains("another run has held it for 15 s"), "{}", output.stderr);
}

#[test]
fn a_named_pipe_or_a_link_in_the_place_of_the_lock_stops_nothing() {
    for make in ["mkfifo claude", "ln -s /dev/null claude"] {
        let sandbox = logged_in("", Some(-60));
        let folder = sandbox.path("home/.local/state/refinery/locks");
        std::fs::create_dir_all(&folder).unwrap();
        assert!(std::process::Command::new("sh").args(["-c", make]).current_dir(&folder).status().unwrap().success());
        let output = sandbox.run("why -m claude");
        assert_eq!(output.code, Some(0), "{make}: {}", output.stderr);
        assert!(output.stderr.contains("claude cannot be locked"), "{make}: {}", output.stderr);
    }
}
