//! What each fake was asked, one JSON object a line, for whoever wants to know afterwards.

use super::call::Phase;
use super::clock;
use super::marker::{self, Mark};
use super::request::Request;
use super::script;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::time::Duration;

/// One line.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    at_ms: i64,
    pid: u32,
    vendor: &'a str,
    who: &'a str,
    /// The first half of its own marks.
    author: String,
    model: Option<&'a str>,
    effort: Option<&'a str>,
    schema: bool,
    call: &'a str,
    phase: Phase,
    /// How many prompts its conversation holds, with this one.
    history: u32,
    /// The marked drafts in the prompt.
    marks: Vec<Mark>,
    rule: &'a str,
    latency_us: u64,
    argv: &'a [String],
    /// The environment; of names that smell of a credential, no value.
    env: BTreeMap<String, Option<String>>,
    cwd: String,
    prompt_bytes: Option<usize>,
    prompt_chars: Option<usize>,
    prompt_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
}

/// Writes a request down.
///
/// # Errors
/// The file cannot be written.
pub fn request(
    log: &script::Log,
    request: &Request,
    argv: &[String],
    rule: &str,
    latency: Duration,
    history: u32,
) -> io::Result<()> {
    let prompt = request.prompt.as_deref();
    let entry = Entry {
        at_ms: clock::now_ms(),
        pid: std::process::id(),
        vendor: request.vendor.as_str(),
        who: &request.who,
        author: marker::author(&request.who),
        model: request.asked.model.as_deref(),
        effort: request.asked.effort.as_deref(),
        schema: request.asked.schema.is_some(),
        call: &request.call.id,
        phase: request.call.phase,
        history,
        marks: request.marks(),
        rule,
        latency_us: u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
        argv,
        env: environment(),
        cwd: std::env::current_dir().unwrap_or_default().display().to_string(),
        prompt_bytes: prompt.map(str::len),
        prompt_chars: prompt.map(|prompt| prompt.chars().count()),
        prompt_sha256: prompt.map(digest),
        prompt: prompt.filter(|_| log.prompts),
        system: request.asked.system.as_deref().filter(|_| log.prompts),
    };
    append(log, &serde_json::to_string(&entry)?)
}

/// Writes down which process was left behind.
///
/// # Errors
/// The file cannot be written.
pub fn grandchild(log: &script::Log, pid: u32) -> io::Result<()> {
    append(log, &serde_json::json!({"at_ms": clock::now_ms(), "grandchild": pid}).to_string())
}

/// One write to a file opened for appending: lines of several processes do not mix.
fn append(log: &script::Log, line: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(&log.file)?.write_all(format!("{line}\n").as_bytes())
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn environment() -> BTreeMap<String, Option<String>> {
    std::env::vars_os()
        .map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let secret = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL"].iter().any(|word| name.contains(word));
            let value = (!secret).then(|| value.to_string_lossy().into_owned());
            (name, value)
        })
        .collect()
}
