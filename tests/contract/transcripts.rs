//! Runs every case against the real CLIs through the layers of a run: each must end in its class. What the
//! CLIs print can be recorded.

use super::cases::{Case, Expected, Reset, all};
use super::driver::{Call, Seen, now};
use super::installed::Cli;
use super::loopback::{Loopback, dead_address};
use super::redact::{NOW, redact};
use super::texts::only;
use refinery_core::adapter::Transport;
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::time::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn every_case_of_claude() {
    run_all(Cli::Claude);
}

#[test]
fn every_case_of_codex() {
    run_all(Cli::Codex);
}

#[test]
fn every_case_of_gemini() {
    run_all(Cli::Gemini);
}

/// Runs the cases, six at a time (those that wait for a clock need no processor; slots bound the rest), and reports all that went wrong together.
fn run_all(cli: Cli) {
    let only = std::env::var("REFINERY_CASE").ok();
    let mut cases = all(cli);
    cases.retain(|case| only.as_deref().is_none_or(|only| only == case.name));
    let (queue, problems) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(case) = next(&queue) {
                    if let Err(problem) = run(cli, &case) {
                        problems.lock().unwrap().push(format!("{cli} {}: {problem}", case.name));
                    }
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "{} cases went wrong\n{}", problems.len(), problems.join("\n"));
}

fn next(queue: &Mutex<std::vec::IntoIter<Case>>) -> Option<Case> {
    queue.lock().unwrap().next()
}

/// How often a clock that ended a CLI before it asked is made three times as long: a busy machine.
const LONGER: u32 = 2;

fn run(cli: Cli, case: &Case) -> Result<(), String> {
    (0..LONGER).find_map(|longer| attempt(cli, case, longer).transpose()).unwrap_or_else(|| {
        let last = attempt(cli, case, LONGER)?;
        last.ok_or_else(|| "it asked nothing before its time was over".to_owned())
    })
}

/// Plays a case; nothing, if it came to no request before the hard limit.
fn attempt(cli: Cli, case: &Case, longer: u32) -> Result<Option<()>, String> {
    let (_dead, server, url) = match &case.script {
        Some(script) => {
            let script = Arc::clone(script);
            let server = Loopback::start(move |request| script(request));
            let url = server.url();
            (None, Some(server), url)
        }
        None => {
            let (socket, url) = dead_address();
            (Some(socket), None, url)
        }
    };
    let mut call = Call::new(cli, url);
    (case.change)(&mut call);
    call.limits.hard *= 3_u32.pow(longer);
    let seen = call.run();
    let asks = server.as_ref().map_or(0, |server| server.asks().len());
    if asks == 0 && case.asks > 0 && seen.ended.ending == "hard_limit" {
        return Ok(None);
    }
    if let Some(server) = &server {
        let answers = server.answers();
        for request in server.asks() {
            only(&request, &answers, &call.system, &call.prompt)?;
        }
    }
    check(case, &call, &seen, asks).map_err(|problem| {
        let tail = |text: &str| text.chars().skip(text.chars().count().saturating_sub(2500)).collect::<String>();
        format!("{problem}\n  {:?}\n  stdout {}\n  stderr {}", seen.ended, tail(&seen.stdout), tail(&seen.stderr))
    })?;
    record(cli, case, &call, &seen);
    Ok(Some(()))
}

fn check(case: &Case, call: &Call, seen: &Seen, asks: usize) -> Result<(), String> {
    let kept = call.transport == Transport::Kept;
    let printed = |words: &str| seen.stdout.contains(words) || seen.stderr.contains(words);
    // A process that is kept has other words, and may be one that does not say why.
    if let Some(words) = case.shows.iter().find(|words| !kept && !printed(words)) {
        return Err(format!("it does not print {words:?}"));
    }
    if asks != case.asks && !(kept && asks == 2 * case.asks) {
        return Err(format!("{asks} requests asked the model, not {}", case.asks));
    }
    if seen.attempts != 1 {
        return Err(format!("{} attempts", seen.attempts));
    }
    // What is beyond the limit: from TERM to KILL, and to the reading of what was printed.
    if seen.elapsed > call.limits.hard + Duration::from_secs(30) {
        return Err(format!("it took {:?}", seen.elapsed));
    }
    let usage = seen.result.as_ref().map_or_else(|failure| failure.usage, |reply| reply.usage);
    // What came to no end says nothing, unless it is more than one. codex tells of its retries, and not of the
    // requests that follow a tool's call.
    let counted = 1 + usage.extra_requests.unwrap_or(0) as usize;
    let told = if call.cli == Cli::Codex { 1 } else { asks.max(1) };
    if counted != told || seen.result.is_ok() && usage.extra_requests.is_none() {
        return Err(format!("{counted} requests are counted, not {asks}: {usage:?} {:?}", seen.result));
    }
    match (&case.expected, &seen.result) {
        (Expected::Text(text), Ok(reply)) if *text == *reply.text => Ok(()),
        (Expected::Failure(FailureClass::Malformed, _), Err(CallFailure { partial: None, .. })) => {
            Err("nothing is left to repair".to_owned())
        }
        (Expected::Failure(class, reset), Err(failure)) if failure.class == *class => resets(*reset, failure),
        (expected, result) => Err(format!("expected {expected:?}, not {result:?}")),
    }
}

/// Whether a failure says when to come back, as far as the vendor does.
fn resets(reset: Reset, failure: &CallFailure) -> Result<(), String> {
    let right = match reset {
        Reset::Unsaid => failure.resets_at.is_none(),
        Reset::At(second) => failure.resets_at == Some(Timestamp(second * 1000)),
        // Vendors round down to the minute, and the answer is some seconds old.
        Reset::After(wait) => failure.resets_at.is_some_and(|at| {
            let late = now().plus(wait).0 - at.0;
            (-1_000..180_000).contains(&late)
        }),
        Reset::Pause(pause) => failure.retry_after == Some(pause),
    };
    if right { Ok(()) } else { Err(format!("{reset:?} is not what {failure:?} says")) }
}

/// Writes the transcript, if a folder for it is named.
fn record(cli: Cli, case: &Case, call: &Call, seen: &Seen) {
    let Some(root) = std::env::var_os("REFINERY_RECORD") else { return };
    let ended = &seen.ended;
    let folder = PathBuf::from(root).join(cli.name()).join(cli.version()).join(case.name);
    std::fs::create_dir_all(&folder).unwrap();
    let stable = |text: &str| redact(text, cli, seen, call, &case.expected);
    std::fs::write(folder.join("stdout"), stable(&seen.stdout)).unwrap();
    std::fs::write(folder.join("stderr"), stable(&seen.stderr)).unwrap();
    let meta = json!({ "exit": { "code": ended.code, "signal": ended.signal, "ending": ended.ending },
        "now": NOW, "shape": call.schema.is_some(), "expected": expected(&case.expected) });
    std::fs::write(folder.join("meta.json"), format!("{meta:#}\n")).unwrap();
}

fn expected(expected: &Expected) -> Value {
    let now: jiff::Timestamp = NOW.parse().unwrap();
    match expected {
        Expected::Text(text) => json!({ "ok": { "text": text } }),
        Expected::Failure(class, Reset::Unsaid | Reset::Pause(_)) => json!({ "failure": class }),
        Expected::Failure(class, Reset::At(second)) => {
            json!({ "failure": class, "resets_at": jiff::Timestamp::from_second(*second).unwrap().to_string() })
        }
        Expected::Failure(class, Reset::After(wait)) => {
            json!({ "failure": class, "resets_at": (now + *wait).to_string() })
        }
    }
}
