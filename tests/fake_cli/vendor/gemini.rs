//! `gemini` 0.61.0: a prompt on standard input to its end, one pretty JSON document, or the bare
//! answer. System prompt, effort and schema come from the files that its environment names.

use super::argv::{Given, Known};
use super::{Asked, Early, Format, Rendered, Turn, gemini_acp};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{BufRead, Read};
use std::path::Path;

const KNOWN: Known = Known {
    valued: &["-m|--model", "-o|--output-format", "-e|--extensions", "-p|--prompt", "--approval-mode"],
    bare: &["--skip-trust", "--acp", "-v|--version"],
};

/// Bytes of standard input that are read; what follows is lost.
const MAX_INPUT: u64 = 8 * 1024 * 1024;

pub(super) fn parse(argv: &[String]) -> Result<Asked, Early> {
    let given = Given::read(argv, &KNOWN).map_err(|option| {
        let name = option.trim_start_matches('-');
        Early::refused(1, format!("Usage: gemini [options] [command]\n\nUnknown argument: {name}"))
    })?;
    if given.has("--version") {
        return Err(Early::told("0.61.0"));
    }
    let model = given.value("--model").map(str::to_owned);
    let settings = settings()?;
    let trusted = settings["security"]["folderTrust"]["enabled"] == false
        || given.has("--skip-trust")
        || std::env::var("GEMINI_CLI_TRUST_WORKSPACE").is_ok_and(|value| value == "true");
    if !trusted {
        return Err(Early::refused(
            55,
            "Gemini CLI is not running in a trusted directory. To proceed, either use --skip-trust, set the \
             GEMINI_CLI_TRUST_WORKSPACE=true environment variable, or trust this directory in interactive mode.",
        ));
    }
    let config = generation(&settings, &resolved(model.as_deref()));
    let thinking = &config["thinkingConfig"];
    let budget = thinking["thinkingBudget"].as_i64().map(|budget| budget.to_string());
    let schema = &config["responseJsonSchema"];
    Ok(Asked {
        effort: thinking["thinkingLevel"].as_str().map(str::to_owned).or(budget),
        system: system()?,
        schema: Some(schema).filter(|schema| !schema.is_null()).cloned(),
        format: match given.value("--output-format") {
            _ if given.has("--acp") => Format::Events,
            Some("json") => Format::Json,
            _ => Format::Text,
        },
        kept: given.has("--acp"),
        argument: given.value("--prompt").unwrap_or_default().to_owned(),
        model,
        ..Asked::default()
    })
}

fn settings() -> Result<Value, Early> {
    let home = std::env::var_os("GEMINI_CLI_HOME").or_else(|| std::env::var_os("HOME"));
    let Some(path) = home.map(|home| Path::new(&home).join(".gemini/settings.json")) else {
        return Ok(Value::Null);
    };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(Value::Null) };
    serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        Early::refused(52, format!("Error in {path}: {error}. Please fix the configuration file(s) and try again."))
    })
}

fn system() -> Result<Option<String>, Early> {
    let Ok(file) = std::env::var("GEMINI_SYSTEM_MD") else { return Ok(None) };
    std::fs::read_to_string(&file)
        .map(Some)
        .map_err(|_| Early::refused(1, format!("Error: missing system prompt file '{file}'")))
}

/// What an alias stands for.
pub(super) fn resolved(model: Option<&str>) -> String {
    match model {
        None | Some("auto" | "flash") => "gemini-3.8-flash",
        Some("pro" | "gemini-3-pro-preview") => "gemini-3.1-pro-preview",
        Some("flash-lite") => "gemini-3.5-flash-lite",
        Some(other) => other,
    }
    .to_owned()
}

/// The generation settings of a model: overrides match the resolved name only.
fn generation(settings: &Value, model: &str) -> Value {
    let overrides = settings["modelConfigs"]["customOverrides"].as_array();
    let mut merged = json!({});
    for entry in overrides.into_iter().flatten().filter(|entry| entry["match"]["model"] == model) {
        if let Some(config) = entry["modelConfig"]["generateContentConfig"].as_object() {
            for (key, value) in config {
                merged[key] = value.clone();
            }
        }
    }
    merged
}

pub(super) fn prompt(input: &mut dyn BufRead) -> Result<String, Early> {
    let mut bytes = Vec::new();
    let _ = input.take(MAX_INPUT).read_to_end(&mut bytes);
    if bytes.is_empty() {
        return Err(Early::refused(
            42,
            "No input provided via stdin. Input can be provided by piping data into gemini or using the --prompt \
             option.",
        ));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The document on standard output, keys in the order in which the program prints them.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    session_id: &'a str,
    response: &'a str,
    stats: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

pub(super) fn document(turn: &Turn<'_>, text: &str, models: &Value, error: Option<Value>) -> String {
    let stats = json!({"models": models, "tools": {"totalCalls": 0, "totalSuccess": 0, "totalFail": 0,
        "totalDurationMs": 0, "byName": {}}, "files": {"totalLinesAdded": 0, "totalLinesRemoved": 0}});
    let document = Document { session_id: turn.session, response: text, stats, error };
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

pub(super) fn models(turn: &Turn<'_>, text: &str) -> Value {
    let (input, output) = (Turn::tokens(turn.prompt), Turn::tokens(text));
    json!({resolved(turn.asked.model.as_deref()): {
        "api": {"totalRequests": 1, "totalErrors": 0, "totalLatencyMs": turn.millis, "errorsByType": {}},
        "tokens": {"input": input, "prompt": input, "candidates": output, "total": input + output, "cached": 0,
            "thoughts": 0, "tool": 0},
        "roles": {"main": {"totalRequests": 1, "totalErrors": 0, "totalLatencyMs": turn.millis}}}})
}

pub(super) fn answer(turn: &Turn<'_>, text: &str) -> Rendered {
    if turn.asked.kept {
        return gemini_acp::answer(turn, text);
    }
    if turn.asked.format == Format::Text {
        return Rendered { tail: format!("{text}\n"), ..Rendered::default() };
    }
    // The program pads nothing after the document: no line end.
    Rendered { tail: document(turn, text, &models(turn, text), None), ..Rendered::default() }
}
