//! What each CLI shows of itself: its options, and of one plain call its requests, its own words to the model, the
//! shape of its output, and the files that it leaves. `fixtures/drift/NAME.txt` holds that of the version that was
//! tested; what is gone or new is printed, and fails. `REFINERY_ACCEPT_DRIFT=1` writes the files anew.

use super::driver::{Call, Pays};
use super::installed::Cli;
use super::loopback::{Answer, Loopback};
use super::texts::{all, is_known};
use regex_lite::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn claude_shows_what_it_showed() {
    compare(Cli::Claude);
}

#[test]
fn codex_shows_what_it_showed() {
    compare(Cli::Codex);
}

#[test]
fn gemini_shows_what_it_showed() {
    compare(Cli::Gemini);
}

fn compare(cli: Cli) {
    let mut now = BTreeSet::from([format!("version {}", cli.version())]);
    options(cli, &mut now);
    for (name, pays) in [("key", None), ("login", Some(Pays::Login))] {
        let mut seen = BTreeSet::new();
        one_call(cli, pays, &mut seen);
        now.extend(seen.into_iter().map(|line| format!("{name} {line}")));
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/drift/{cli}.txt"));
    if std::env::var_os("REFINERY_ACCEPT_DRIFT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, now.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        return;
    }
    let text = fs::read_to_string(&path).unwrap();
    let then: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let gone = then.difference(&now).map(|line| format!("- {line}\n"));
    let come = now.difference(&then).map(|line| format!("+ {line}\n"));
    let changes: String = gone.chain(come).collect();
    assert!(changes.is_empty(), "{cli} is not what was recorded (- gone, + new):\n{changes}");
}

/// Every flag that its help names.
fn options(cli: Cli, seen: &mut BTreeSet<String>) {
    let home = super::folder::TestFolder::new("refinery-contract-");
    let mut command = Command::new(cli.program());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    command.envs(["HOME", "TMPDIR", "CODEX_HOME", "GEMINI_CLI_HOME"].map(|name| (name, home.path())));
    let words: &[&str] = if cli == Cli::Codex { &["exec", "--help"] } else { &["--help"] };
    let output = command.args(words).output().unwrap();
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let flag = Regex::new(r"--[a-z][a-z0-9-]+").unwrap();
    seen.extend(flag.find_iter(&help).map(|flag| format!("option {}", flag.as_str())));
}

fn one_call(cli: Cli, pays: Option<Pays>, seen: &mut BTreeSet<String>) {
    let server = Loopback::start(|_| Answer::text("forty-two"));
    let mut call = Call::new(cli, server.url());
    call.pays = pays.unwrap_or(call.pays);
    let made = call.run();
    if let Err(failure) = &made.result {
        seen.insert(format!("failed {failure}"));
    }
    for request in server.requests() {
        seen.insert(format!("request {} {}", request.method, masked(&request.path)));
    }
    for request in server.asks() {
        seen.extend(request.headers.iter().map(|(name, _)| format!("header {name}")));
        flatten("body", &request.json, seen);
        let own = |text: &str| text.trim() == call.system || text.trim() == call.prompt;
        for said in all(&request).into_iter().filter(|said| !own(&said.text)) {
            // Of a text that is known, the rest depends on the machine and the day.
            let known = is_known(&request, &said);
            let text = if known { said.text.lines().next().unwrap_or_default() } else { &said.text };
            seen.insert(format!("says as {}: {}", said.role, masked(&text.replace('\n', "\\n"))));
        }
    }
    let whole = serde_json::from_str(&made.stdout).into_iter();
    let lines = made.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for printed in whole.chain(lines) {
        let kind = printed["type"].as_str().unwrap_or_default().to_owned();
        flatten(&format!("prints {kind}"), &printed, seen);
    }
    files(&call.user.path(""), Path::new(""), seen);
}

/// The paths of all values.
fn flatten(path: &str, value: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| flatten(&format!("{path}.{}", masked(key)), value, seen));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().for_each(|item| flatten(&format!("{path}[]"), item, seen));
        }
        _ => {
            seen.insert(path.to_owned());
        }
    }
}

/// The files below a folder.
fn files(root: &Path, below: &Path, seen: &mut BTreeSet<String>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            files(root, &path, seen);
        } else if !["-wal", "-shm"].iter().any(|end| path.to_string_lossy().ends_with(end)) {
            // Those two come and go with the moment at which a database was closed.
            seen.insert(format!("leaves {}", masked(&path.to_string_lossy())));
        }
    }
}

/// Without what differs from run to run: numbers, drawn names, folders of the test.
fn masked(text: &str) -> String {
    let drawn = Regex::new(r"refinery-contract-\w+|probe-\w+|r1_answer_it[._]1\.\w+|[0-9a-f-]{12,}|[0-9]+").unwrap();
    drawn.replace_all(text, "#").into_owned()
}
