//! The fake speaks the vendors' formats, as they were measured.

use crate::support::fake_cli::{CLAUDE, CODEX, FakeCli, GEMINI, user_line};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};

const SAY: &str = "
log = { file = 'log.jsonl', prompts = true }
[[rule]]
when = { schema = false }
actions = [{ say = { text = 'Grüße. From {{who}}.' } }]
[[rule]]
actions = [{ review = { score = 7.5, strengths = ['short'], rationale = 'r' } }]
";

fn schema() -> Value {
    json!({"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]})
}

#[test]
fn claude_streams_events_and_ends_with_a_result() {
    let fake = FakeCli::new(SAY);
    let played = fake.ask("claude", CLAUDE, "hello");
    let events = played.events();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"system"));
    assert_eq!(kinds[kinds.len() - 2..], ["assistant", "result"]);
    assert_eq!(events[0]["subtype"], "init");
    assert_eq!(events[0]["model"], "claude-opus-4-8");
    let streamed: String = events.iter().filter_map(|event| event["event"]["delta"]["text"].as_str()).collect();
    assert_eq!(streamed, "Grüße. From claude/opus.");
    let result = events.last().unwrap();
    assert_eq!(result["result"], "Grüße. From claude/opus.");
    assert_eq!((&result["subtype"], &result["is_error"]), (&json!("success"), &json!(false)));
    assert_eq!((&result["num_turns"], &result["stop_reason"]), (&json!(1), &json!("end_turn")));
    assert!(result["usage"]["output_tokens"].as_u64() > Some(0));
    assert!(result["total_cost_usd"].as_f64() > Some(0.0));
    assert!(result["modelUsage"]["claude-opus-4-8"]["costUSD"].is_f64());
    assert!(result.get("structured_output").is_none());
    assert_eq!((played.code, played.stderr.as_str()), (Some(0), ""));
}

#[test]
fn claude_answers_a_schema_with_structured_output() {
    let fake = FakeCli::new(SAY);
    let schema = schema().to_string();
    let played = fake.ask("claude", &[CLAUDE, &["--json-schema", &schema]].concat(), "review this");
    let events = played.events();
    let result = events.last().unwrap();
    assert_eq!(result["structured_output"]["score"], 7.5);
    assert_eq!(result["structured_output"]["strengths"], json!(["short"]));
    assert_eq!((&result["num_turns"], &result["stop_reason"]), (&json!(2), &json!("tool_use")));
    let inner: Value = serde_json::from_str(result["result"].as_str().unwrap()).unwrap();
    assert_eq!(inner, result["structured_output"]);
    assert!(events.iter().any(|event| event["message"]["content"][0]["name"] == "StructuredOutput"));
}

#[test]
fn claude_stays_for_the_next_line_until_its_input_ends() {
    let fake = FakeCli::new(SAY);
    let mut child = fake.spawn("claude", CLAUDE);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        stdin.write_all(user_line("again").as_bytes()).unwrap();
        assert!(lines.any(|line| line.unwrap().contains("\"type\":\"result\"")));
        assert!(child.try_wait().unwrap().is_none(), "it left although its input is open");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(fake.log().len(), 2);
}

#[test]
fn claude_takes_a_leading_slash_for_a_command() {
    let fake = FakeCli::new(SAY);
    let result = fake.ask("claude", CLAUDE, "/help me").events().pop().unwrap();
    assert_eq!((&result["num_turns"], &result["is_error"]), (&json!(0), &json!(false)));
    assert_eq!(result["result"], "Unknown command: /help");
    let result = fake.ask("claude", CLAUDE, "\n/help me").events().pop().unwrap();
    assert_eq!(result["num_turns"], 1);
}

#[test]
fn claude_prints_text_or_one_document_too() {
    let fake = FakeCli::new(SAY);
    assert_eq!(fake.ask("claude", &["-p"], "hello").text(), "Grüße. From claude.\n");
    let played = fake.ask("claude", &["-p", "--output-format", "json"], "hello");
    assert_eq!(played.events().len(), 1);
    assert_eq!(played.events()[0]["type"], "result");
}

#[test]
fn codex_prints_thread_turn_and_item_events() {
    let fake = FakeCli::new(SAY);
    let played = fake.ask("codex", CODEX, "hello");
    let events = played.events();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds, ["thread.started", "turn.started", "item.completed", "turn.completed"]);
    assert_eq!(events[2]["item"]["type"], "agent_message");
    assert_eq!(events[2]["item"]["text"], "Grüße. From codex/gpt-5.5.");
    assert!(events[3]["usage"]["input_tokens"].as_u64() > Some(0));
    assert_eq!((played.code, played.stderr.as_str()), (Some(0), ""));
    let plain: Vec<&str> = CODEX.iter().copied().filter(|word| *word != "--json").collect();
    assert_eq!(fake.ask("codex", &plain, "hello").text(), "Grüße. From codex/gpt-5.5.\n");
}

#[test]
fn codex_reads_the_files_that_its_arguments_name() {
    let fake = FakeCli::new(SAY);
    let (schema_file, system_file) = (fake.path().join("schema.json"), fake.path().join("system.md"));
    std::fs::write(&schema_file, schema().to_string()).unwrap();
    std::fs::write(&system_file, "Be brief.").unwrap();
    let setting = format!("model_instructions_file=\"{}\"", system_file.display());
    let argv = [CODEX, &["-c", &setting, "--output-schema", schema_file.to_str().unwrap()]].concat();
    let events = fake.ask_call("r1/evaluate/a>b", "codex", &argv, "review this").events();
    let review: Value = serde_json::from_str(events[2]["item"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(review["score"], 7.5);
    let seen = &fake.log()[0];
    assert_eq!((&seen["system"], &seen["effort"]), (&json!("Be brief."), &json!("low")));
    assert_eq!((&seen["model"], &seen["phase"]), (&json!("gpt-5.5"), &json!("evaluate")));
}

#[test]
fn gemini_prints_one_pretty_document() {
    let fake = FakeCli::new(SAY);
    let played = fake.ask("gemini", GEMINI, "hello");
    let text = played.text();
    assert!(text.starts_with("{\n  \"session_id\"") && text.ends_with('}'), "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["response"], "Grüße. From gemini/gemini-2.5-flash.");
    assert!(document["stats"]["models"]["gemini-2.5-flash"]["tokens"]["candidates"].as_u64() > Some(0));
    assert!(document.get("error").is_none());
    assert_eq!(played.code, Some(0));
}

#[test]
fn gemini_finds_schema_and_effort_in_its_settings() {
    let fake = FakeCli::new(SAY);
    std::fs::create_dir(fake.path().join(".gemini")).unwrap();
    let settings = json!({"modelConfigs": {"customOverrides": [
        {"match": {"model": "gemini-3.1-pro-preview"}, "modelConfig": {"generateContentConfig": {
            "responseMimeType": "application/json", "responseJsonSchema": schema(),
            "thinkingConfig": {"thinkingLevel": "LOW"}}}}]}});
    std::fs::write(fake.path().join(".gemini/settings.json"), settings.to_string()).unwrap();
    let played = fake.ask("gemini", &["-m", "pro", "-o", "json"], "review this");
    let document: Value = serde_json::from_slice(&played.stdout).unwrap();
    let review: Value = serde_json::from_str(document["response"].as_str().unwrap()).unwrap();
    assert_eq!(review["score"], 7.5);
    assert_eq!(fake.log()[0]["effort"], "LOW");
    // An override of the alias does nothing, as in the real program.
    let played = fake.ask("gemini", &["-m", "flash", "-o", "json"], "hello");
    let document: Value = serde_json::from_slice(&played.stdout).unwrap();
    assert_eq!(document["response"], "Grüße. From gemini/flash.");
}

#[test]
fn gemini_loses_what_does_not_fit_into_a_pipe() {
    let fake = FakeCli::new("[[rule]]\nactions = [{ say = { text = 'loud ', fill_bytes = 100000 } }]");
    let played = fake.ask("gemini", GEMINI, "hello");
    assert_eq!((played.stdout.len(), played.code), (65_536, Some(0)));
}

#[test]
fn plain_prints_the_answer() {
    let fake = FakeCli::new(SAY);
    assert_eq!(fake.ask("plain", &["run", "llama3.2:3b"], "hello").text(), "Grüße. From plain/llama3.2:3b.\n");
    assert_eq!(fake.ask("plain", &["-m", "x"], "hello").text(), "Grüße. From plain/x.\n");
}

#[test]
fn arguments_that_the_real_program_does_not_know_end_it() {
    let fake = FakeCli::new(SAY);
    let refused = |vendor: &str, argv: &[&str]| {
        let played = fake.ask(vendor, argv, "hello");
        assert_eq!(played.stdout, b"");
        (played.code.unwrap(), played.stderr)
    };
    let (code, said) = refused("claude", &["-p", "--temperature", "1"]);
    assert_eq!((code, said.as_str()), (1, "error: unknown option '--temperature'\n"));
    let (code, said) = refused("claude", &["-p", "--output-format", "stream-json"]);
    assert!(code == 1 && said.contains("requires --verbose"), "{said}");
    let (code, said) = refused("codex", &["exec", "--skip-git-repo-check", "--no-such", "-"]);
    assert!(code == 2 && said.contains("unexpected argument '--no-such'"), "{said}");
    let (code, said) = refused("codex", &["exec", "-"]);
    assert!(code == 1 && said.contains("Not inside a trusted directory"), "{said}");
    let (code, said) = refused("gemini", &["--effort", "high"]);
    assert!(code == 1 && said.contains("Unknown argument: effort"), "{said}");
    assert!(fake.log().is_empty(), "a model was asked all the same");
}

#[test]
fn prompts_that_the_real_program_does_not_take_end_it() {
    let fake = FakeCli::new(SAY);
    let played = fake.ask("codex", CODEX, "");
    assert_eq!((played.code, played.stderr.as_str()), (Some(1), "No prompt provided via stdin.\n"));
    let played = fake.ask("codex", CODEX, &"é".repeat(1_048_577));
    assert!(played.stderr.contains("Input exceeds the maximum length of 1048576 characters"), "{}", played.stderr);
    assert_eq!(played.events()[0]["type"], "thread.started");
    let played = fake.ask("gemini", GEMINI, "");
    assert_eq!(played.code, Some(42));
    let played = fake.ask("claude", &["-p"], "");
    assert!(played.stderr.contains("Input must be provided"), "{}", played.stderr);
}

#[test]
fn versions_and_logins_are_told() {
    let fake = FakeCli::new(SAY);
    assert_eq!(fake.ask("claude", &["--version"], "").text(), "2.1.197 (Claude Code)\n");
    assert_eq!(fake.ask("codex", &["--version"], "").text(), "codex-cli 0.169.0\n");
    assert_eq!(fake.ask("gemini", &["--version"], "").text(), "0.61.0\n");
    assert_eq!(fake.ask("codex", &["login", "status"], "").stderr, "Logged in using ChatGPT\n");
    assert_eq!(fake.ask("claude", &["auth", "status"], "").events()[0]["loggedIn"], true);
}
