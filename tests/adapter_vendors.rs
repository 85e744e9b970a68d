//! What each vendor's adapter makes of a call, by the vendor's facts.

use super::support::calls::*;
use refinery_core::adapter::Prepared;
use refinery_core::exchange::{Effort, Prompt, Tuning};
use refinery_core::failure::FailureClass;
use refinery_core::invocation::{Capture, StdinClose};
use serde_json::{Value, json};
/// Keys and tokens run in a private home; a stored login is used where it is, or borrowed by a link.
#[test]
fn the_shape_goes_where_each_vendor_takes_it() {
    let asked = |name: &str, keys: &[&str]| {
        let host = host(name, keys, false);
        (ask(name, None, &host, &small()).unwrap(), ask(name, None, &host, &shaped()).unwrap())
    };
    let text = || shaped().shape.unwrap().to_json();
    let (bare, claude) = asked("claude", &["ANTHROPIC_API_KEY"]);
    assert!(has(&claude, &["--json-schema", &text()]));
    assert!(!bare.invocation.args.iter().any(|arg| arg == "--json-schema"));
    let (bare, codex) = asked("codex", &["CODEX_API_KEY"]);
    assert!(has(&codex, &["--output-schema", "/scratch/one/schema.json"]));
    assert_eq!(file(&codex, "schema.json"), Some(text()));
    assert!(!has(&bare, &["--output-schema"]) && file(&bare, "schema.json").is_none());
    let (bare, gemini) = asked("gemini", &["GEMINI_API_KEY"]);
    let generation = |prepared: &Prepared| {
        let settings: Value = serde_json::from_str(&file(prepared, "settings.json").unwrap()).unwrap();
        let over = settings["modelConfigs"]["customOverrides"][0].clone();
        assert_eq!(over["match"]["model"], "gemini-3.1-pro-preview");
        over["modelConfig"]["generateContentConfig"].clone()
    };
    assert_eq!(generation(&gemini)["responseMimeType"], "application/json");
    assert_eq!(generation(&gemini)["responseJsonSchema"], schema());
    assert_eq!(generation(&bare), json!({ "thinkingConfig": { "includeThoughts": false } }));
}

#[test]
fn gemini_is_told_everything_in_its_settings() {
    let mut spec = small();
    spec.tuning = Tuning { effort: Some(Effort::Low), temperature: Some(0.5), reply_tokens: Some(700) };
    let prepared = ask("gemini", Some("flash"), &host("gemini", &["GOOGLE_API_KEY"], false), &spec).unwrap();
    let settings: Value = serde_json::from_str(&file(&prepared, "settings.json").unwrap()).unwrap();
    assert_eq!(settings["security"]["auth"]["selectedType"], "gemini-api-key");
    assert_eq!(settings["general"]["maxAttempts"], 1);
    assert_eq!(
        settings["modelConfigs"]["customOverrides"],
        json!([{ "match": { "model": "gemini-3.8-flash" }, "modelConfig": { "generateContentConfig": {
            "temperature": 0.5, "maxOutputTokens": 700,
            "thinkingConfig": { "includeThoughts": false, "thinkingLevel": "LOW" } } } }])
    );
    assert!(has(&prepared, &["-m", "gemini-3.8-flash"]));
    assert_eq!(prepared.warnings, Vec::<String>::new());
    let login = ask("gemini", None, &host("gemini", &[], true), &small()).unwrap();
    let settings: Value = serde_json::from_str(&file(&login, "settings.json").unwrap()).unwrap();
    assert_eq!(settings["security"]["auth"]["selectedType"], "oauth-personal");
}

#[test]
fn what_a_cli_cannot_take_is_said() {
    let mut spec = small();
    spec.tuning = Tuning { effort: Some(Effort::Low), temperature: Some(0.5), reply_tokens: Some(700) };
    let warnings =
        |name: &str, model, keys: &[&str]| ask(name, model, &host(name, keys, false), &spec).unwrap().warnings;
    assert_eq!(
        warnings("codex", None, &["CODEX_API_KEY"]),
        ["its CLI takes no temperature for codex-gpt-6.1-sol", "its CLI takes no reply length"]
    );
    let claude = |model| warnings("claude", model, &["ANTHROPIC_API_KEY"]);
    for model in ["opus-4-8", "sonnet-5"] {
        assert_eq!(claude(Some(model)), Vec::<String>::new());
    }
    assert_eq!(claude(Some("haiku-4-5")), ["its CLI takes no effort `low` for claude-haiku-4-5"]);
    // Today's models think, and then the API takes no temperature.
    for (model, id) in [
        (None, "claude-opus"),
        (Some("haiku"), "claude-haiku"),
        (Some("sonnet-5-5"), "claude-sonnet-5-5"),
        (Some("fable-5-2"), "claude-fable-5-2"),
    ] {
        assert_eq!(claude(model), [format!("its CLI takes no temperature for {id}")]);
    }
    assert_eq!(
        warnings("gemini", Some("2.5-flash"), &["GEMINI_API_KEY"]),
        ["its CLI takes no effort `low` for gemini-2.5-flash"]
    );
    let today = ask("claude", None, &host("claude", &["ANTHROPIC_API_KEY"], false), &spec).unwrap();
    assert!(plain(&today, "CLAUDE_CODE_EXTRA_BODY").is_none() && !has(&today, &["--thinking"]));
    let claude = ask("claude", Some("opus-4-8"), &host("claude", &["ANTHROPIC_API_KEY"], false), &spec).unwrap();
    assert_eq!(plain(&claude, "CLAUDE_CODE_EXTRA_BODY"), Some(r#"{"temperature":0.5}"#));
    assert_eq!(plain(&claude, "CLAUDE_CODE_MAX_OUTPUT_TOKENS"), Some("700"));
    assert!(has(&claude, &["--thinking", "disabled"]) && has(&claude, &["--effort", "low"]));
    // Nobody asked for an effort: the default is for models that take one.
    let quiet = ask("claude", Some("haiku-4-5"), &host("claude", &["ANTHROPIC_API_KEY"], false), &small()).unwrap();
    assert!(quiet.warnings.is_empty() && !has(&quiet, &["--effort"]));
    assert_eq!(plain(&quiet, "CLAUDE_CODE_EXTRA_BODY"), None);
}

#[test]
fn claude_gets_one_json_line_and_no_command() {
    let line = |text: &str| {
        let spec = spec(Prompt::new(vec![text.into()], vec![" and\n\"more\"\u{1}".into()]));
        let prepared = ask("claude", None, &host("claude", &["ANTHROPIC_API_KEY"], false), &spec).unwrap();
        assert_eq!(prepared.invocation.stdin, StdinClose::AtDone);
        let text = input(&prepared);
        assert_eq!(text.matches('\n').count(), 1);
        let message: Value = serde_json::from_str(&text).unwrap();
        message["message"]["content"].as_str().unwrap().to_owned()
    };
    assert_eq!(line("what"), "what and\n\"more\"\u{1}");
    assert_eq!(line("/help"), "\n/help and\n\"more\"\u{1}");
    assert_eq!(line(""), " and\n\"more\"\u{1}");
}

#[test]
fn gemini_prints_to_files_and_is_never_given_a_command() {
    let spec = spec(Prompt::new(vec!["/init".into()], vec![]));
    let prepared = ask("gemini", None, &host("gemini", &["GEMINI_API_KEY"], false), &spec).unwrap();
    assert_eq!(input(&prepared), "\n/init");
    assert_eq!(prepared.invocation.stdin, StdinClose::AfterPrompt);
    assert_eq!(prepared.invocation.stdout, Capture::File("/scratch/one/stdout".into()));
    assert_eq!(prepared.invocation.stderr, Capture::File("/scratch/one/stderr".into()));
    assert!(!prepared.streams);
}

#[test]
fn codex_takes_a_long_question_beside_the_system_prompt() {
    let host = host("codex", &["CODEX_API_KEY"], false);
    let with = |question: String, task: String| {
        ask("codex", None, &host, &spec(Prompt::new(vec![question.into()], vec![task.into()])))
    };
    // Characters count, not bytes.
    let fits = with("é".repeat(1_048_570), "123456".to_owned()).unwrap();
    assert_eq!((input(&fits).chars().count(), file(&fits, "system.md").unwrap().len()), (1_048_576, SYSTEM.len()));
    let question = "é".repeat(1_048_571);
    let over = with(question.clone(), "123456".to_owned()).unwrap();
    assert_eq!(input(&over), "123456");
    let system = file(&over, "system.md").unwrap();
    assert!(system.starts_with(SYSTEM) && system.contains(&question) && system.contains("data"));
    let alone = with(question, String::new()).unwrap();
    assert!(!input(&alone).trim().is_empty());
    for (question, task) in [(10, 1_048_577), (1_000_000, 1_000_001)] {
        let refused = with("x".repeat(question), "x".repeat(task)).map(|_| ()).unwrap_err();
        assert_eq!(refused.class, FailureClass::ContextTooLong);
        assert!(refused.message.contains("it: the prompt has"), "{refused}");
    }
}

#[test]
fn codex_goes_where_keys_go_but_its_plan_does_not() {
    let base = |keys: &[&str], stored, url: &str| {
        let mut host = host("codex", keys, stored);
        host.env.insert("OPENAI_BASE_URL".to_owned(), url.to_owned());
        ask("codex", None, &host, &small())
    };
    let setting = "model_providers.refinery.base_url=\"http://127.0.0.1:1/v1\"";
    let url = "http://127.0.0.1:1/v1";
    assert!(has(&base(&["OPENAI_API_KEY"], false, url).unwrap(), &["-c", setting]));
    assert!(!has(&base(&[], true, url).unwrap(), &[setting]));
    let refused = base(&["OPENAI_API_KEY"], false, "http://me:pw@h/v1").map(|_| ()).unwrap_err();
    assert_eq!(refused.class, FailureClass::Misconfigured);
    assert!(!refused.message.contains("pw@"), "{refused}");
}
