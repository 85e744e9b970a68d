//! The whole program with the three real CLIs: a consensus run, its pasted lines, and its ends.

use super::installed::Cli;
use super::loopback::{Answer, Request, Vendor};
use super::sandbox::{CommandOutput, KEYS, SECRET, Sandbox};
use super::slots;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Command;

const ALL: &str = "claude,codex,gemini";

/// Each vendor has a view; everybody finds claude's best.
pub fn opinions(request: &Request) -> Answer {
    let prompt = request.prompt();
    match request.schema() {
        Some(_) => {
            let score = if prompt.contains("It is blue") { 9 } else { 6 };
            Answer::structured(
                json!({ "strengths": ["short"], "weaknesses": ["no reasons"], "suggestions": ["say why"],
                "overall_assessment": "It answers.", "rationale": "It is so.", "score": score }),
            )
        }
        None => Answer::text(match request.asks {
            Some(Vendor::Anthropic) => "It is blue, as far as I can see.",
            Some(Vendor::OpenAi) => "It is green, as far as I can see.",
            _ => "It is red, as far as I can see.",
        }),
    }
}

#[test]
fn three_real_clis_agree() {
    let _slots = slots::all();
    let sandbox = Sandbox::new(opinions).with_keys();
    // As large as files may be.
    let file = "0123456789abcdef, é.\n".repeat(45_454) + "at noon";
    sandbox.user.write("work/notes.txt", &file);
    let shown = sandbox.run(&["Which colour is it?", "-f", "notes.txt", "-m", ALL, "-o", "json"]);
    let document = shown.json();
    let at = |pointer: &str| document.pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!((shown.code, at("/status")), (Some(0), json!("converged")), "{shown:#?}");
    assert_eq!(at("/winner/participant"), "claude");
    assert_eq!(at("/winner/answer"), "It is blue, as far as I can see.");
    assert_eq!(at("/winner/mean_score"), 9.0);
    assert_eq!(at("/final_round"), 2, "the same answer leads twice");
    assert_eq!(at("/metadata/warnings"), json!([]));
    let names: Vec<_> = document["participants"].as_array().unwrap().iter().map(|one| &one["participant"]).collect();
    assert_eq!(names, ["claude", "codex", "gemini"]);

    // Three proposals, six reviews, three refinements, and reviews of these until nothing can change any
    // more: each call is one attempt, and each attempt one request.
    let asks = sandbox.server.asks();
    assert!((3 + 6 + 3 + 4..=3 + 6 + 3 + 6).contains(&asks.len()), "{asks:?}");
    assert_eq!(at("/metadata/total_calls"), at("/metadata/total_attempts"));
    // What was still asked when the run closed may have been ended before its request.
    let attempts = at("/metadata/total_attempts").as_u64().unwrap() as usize;
    assert!((asks.len()..=18).contains(&attempts), "{attempts} attempts: {asks:?}");
    for vendor in [Vendor::Anthropic, Vendor::OpenAi, Vendor::Gemini] {
        let own: Vec<_> = asks.iter().filter(|ask| ask.asks == Some(vendor)).collect();
        let bare = own.iter().filter(|ask| ask.schema().is_none()).count();
        assert_eq!(bare, 2, "{vendor:?} proposes and refines");
        let whole = |ask: &Request| ask.prompt().contains("Which colour is it?") && ask.prompt().contains(&file);
        assert!(own.iter().all(|ask| whole(ask)), "{vendor:?}");
        // The header ends with a sum over the first message: claude's notice that it forgot is a part of that.
        let without_sum = |system: String| match system.split_once("; cc_entrypoint") {
            Some((header, rest)) => header[..header.rfind('.').unwrap()].to_owned() + rest,
            None => system,
        };
        let systems: Vec<_> = own.iter().map(|ask| without_sum(ask.system())).collect();
        assert!(systems.windows(2).all(|two| two[0] == two[1]), "one system prompt per participant: {systems:?}");
    }
    shown.assert_secrets_kept();
    sandbox.assert_nothing_left();
}

#[test]
fn a_line_of_debug_makes_the_call_again() {
    let _slots = slots::all();
    for cli in Cli::ALL {
        let sandbox = Sandbox::new(|_| Answer::text("forty-two")).with_keys();
        let shown = sandbox.run(&["What is six times seven?", "-m", cli.name(), "--debug"]);
        assert_eq!((shown.code, shown.stdout.trim()), (Some(0), "forty-two"), "{shown:#?}");
        shown.assert_secrets_kept();
        let line = shown.stderr.lines().find(|line| line.starts_with("cd ")).unwrap();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).env_clear().envs(KEYS.map(|name| (name, SECRET)));
        let again = CommandOutput::of(&shell.output().unwrap());
        assert!(again.stdout.contains("forty-two"), "{cli}: {line}\n{again:#?}");
        assert_eq!(sandbox.server.asks().len(), 2, "{cli}");
        let asks = sandbox.server.asks();
        assert_eq!(asks[0].user_texts(), asks[1].user_texts(), "{cli}");
        assert!(holding(&sandbox.user.home(), SECRET).is_empty(), "{cli}: {:?}", holding(&sandbox.user.home(), SECRET));
    }
}

/// Files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(holding(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_killed_program_leaves_nothing() {
    let _slots = slots::all();
    let sandbox = Sandbox::new(|_| Answer::Silence).with_keys();
    let mut child = sandbox.command(&["Which colour is it?", "-m", ALL]).spawn().unwrap();
    // All three are there, and wait for an answer.
    sandbox.server.wait_for_asks(3);
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.assert_nothing_left();
}

#[test]
fn an_interrupted_program_gives_the_best_so_far() {
    let _slots = slots::all();
    let sandbox = Sandbox::new(|request| match request.asks {
        Some(Vendor::Anthropic) if request.schema().is_none() => opinions(request),
        _ => Answer::Silence,
    })
    .with_keys();
    let mut child = sandbox.command(&["Which colour is it?", "-m", ALL, "-o", "jsonl"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let proposed = lines.by_ref().find(|line| line.contains("\"event\":\"proposed\""));
    assert!(proposed.is_some_and(|line| line.contains("\"claude\"")));
    sandbox.server.wait_for_asks(3);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let last: Value = serde_json::from_str(&lines.last().unwrap()).unwrap();
    let code = child.wait().unwrap().code();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((code, &last["status"]), (Some(1), &json!("cancelled")), "{last:#}\n{stderr}");
    assert_eq!(last["winner"]["answer"], "It is blue, as far as I can see.", "{last:#}");
    assert!(!stderr.contains(SECRET));
    sandbox.assert_nothing_left();
}
