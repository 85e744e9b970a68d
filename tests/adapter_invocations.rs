//! What the embedded adapters make of a call: argv, environment, input, files.

use refinery_core::adapter::{
    Billing, Catalog, Host, LoginFile, Manifest, Prepared, Program, Request, choose, prepare,
};
use refinery_core::exchange::{CallSpec, Effort, Prompt, Role, Shape, Tuning};
use refinery_core::failure::{CallFailure, FailureClass};
use refinery_core::ids::{CallId, ParticipantId, Round};
use refinery_core::invocation::{Capture, EnvValue, Piece, StdinClose};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const SYSTEM: &str = "SYSTEM-MARK: answer in one line.";
const QUESTION: &str = "QUESTION-MARK";
const TASK: &str = "TASK-MARK";

/// Every variable that any vendor's CLI is known to listen to, and then some.
const LOUD: &[&str] = &[
    "ANTHROPIC_MODEL",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "CLAUDECODE",
    "CLAUDE_CODE_SIMPLE",
    "CLAUDE_CODE_EFFORT_LEVEL",
    "CODEX_HOME",
    "CODEX_ACCESS_TOKEN",
    "CODEX_SQLITE_HOME",
    "GEMINI_MODEL",
    "GEMINI_CLI_HOME",
    "GEMINI_SANDBOX",
    "GEMINI_SYSTEM_MD",
    "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
    "CI",
    "DEBUG",
    "SANDBOX",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_GCA",
    "GOOGLE_CLOUD_ACCESS_TOKEN",
    "NODE_OPTIONS",
    "LD_PRELOAD",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "SSH_AUTH_SOCK",
    "AWS_SECRET_ACCESS_KEY",
    "GITHUB_TOKEN",
];

/// What may come through, beside a credential.
const PASSED: &[&str] = &[
    "PATH",
    "LANG",
    "LC_ALL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "CODEX_CA_CERTIFICATE",
    "ANTHROPIC_BASE_URL",
    "GOOGLE_GEMINI_BASE_URL",
    "OLLAMA_HOST",
    "LLM_USER_PATH",
    "CLAUDE_CONFIG_DIR",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_PROJECT_ID",
    "CODE_ASSIST_ENDPOINT",
];

const KEYS: &[&str] = &[
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CODEX_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
];

fn manifest(name: &str) -> Arc<Manifest> {
    Arc::clone(Catalog::embedded().unwrap().get(name).unwrap())
}

fn login(name: &str) -> Vec<LoginFile> {
    let text = match name {
        "claude" => r#"{"claudeAiOauth":{"accessToken":"STORED-SECRET"}}"#,
        "codex" => r#"{"auth_mode":"chatgpt","tokens":{"refresh_token":"STORED-SECRET"}}"#,
        _ => r#"{"refresh_token":"STORED-SECRET"}"#,
    };
    vec![LoginFile { path: "/people/me/login.json".into(), contents: Some(text.to_owned()) }]
}

/// A machine on which everything is set that could be, and these credentials.
fn host(name: &str, keys: &[&str], stored: bool) -> Host {
    let mut env: BTreeMap<String, String> =
        LOUD.iter().chain(PASSED).map(|name| ((*name).to_owned(), format!("value-of-{name}"))).collect();
    env.extend(keys.iter().map(|name| ((*name).to_owned(), format!("SECRET-{name}"))));
    let logins = if stored { [(manifest(name).id.clone(), login(name))].into() } else { BTreeMap::new() };
    Host { env, home: Some("/people/me".into()), logins }
}

fn spec(prompt: Prompt) -> CallSpec {
    CallSpec {
        id: CallId::new("r1/propose/it"),
        to: ParticipantId::new("it"),
        role: Role::Propose,
        round: Round::FIRST,
        system: SYSTEM.into(),
        prompt,
        shape: None,
        tuning: Tuning::default(),
    }
}

fn small() -> CallSpec {
    spec(Prompt::new(vec![QUESTION.into()], vec![TASK.into()]))
}

fn shaped() -> CallSpec {
    CallSpec { shape: Some(Shape { name: "n".into(), schema: Arc::new(schema()) }), ..small() }
}

fn schema() -> Value {
    json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } })
}

fn ask(name: &str, model: Option<&str>, host: &Host, spec: &CallSpec) -> Result<Prepared, CallFailure> {
    let manifest = manifest(name);
    let pool = choose(&manifest, host, Billing::Auto).unwrap();
    let model = manifest.resolve_model(model);
    let request = Request {
        manifest: &manifest,
        program: &Program { path: "/opt/bin/it".into(), prefix: vec!["first".to_owned()], version: None },
        pool: &pool,
        host,
        effort: model.effort,
        model: &model,
        spec,
        scratch: Path::new("/scratch/one"),
    };
    prepare(&request)
}

/// Every adapter, with each way to pay for it.
fn all(spec: &CallSpec) -> Vec<(String, Prepared)> {
    let ways: [(&str, &[&str], bool); 14] = [
        ("claude", &["CLAUDE_CODE_OAUTH_TOKEN"], false),
        ("claude", &["ANTHROPIC_API_KEY"], false),
        ("claude", KEYS, false),
        ("claude", &["ANTHROPIC_API_KEY"], true),
        ("codex", &["OPENAI_API_KEY"], false),
        ("codex", &["CODEX_API_KEY"], false),
        ("codex", KEYS, false),
        ("codex", KEYS, true),
        ("gemini", &["GOOGLE_API_KEY"], false),
        ("gemini", KEYS, false),
        ("gemini", KEYS, true),
        ("agy", KEYS, false),
        ("llm", KEYS, false),
        ("ollama", KEYS, false),
    ];
    ways.into_iter()
        .map(|(name, keys, stored)| {
            (format!("{name} {keys:?} {stored}"), ask(name, None, &host(name, keys, stored), spec).unwrap())
        })
        .collect()
}

fn input(prepared: &Prepared) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Raw(text) => text.to_string(),
        Piece::JsonEscaped(text) => {
            let quoted = Value::from(text.to_string()).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
    };
    prepared.input.iter().map(piece).collect()
}

fn file(prepared: &Prepared, name: &str) -> Option<String> {
    let file = prepared.invocation.files.iter().find(|file| file.path.ends_with(name))?;
    Some(file.parts.iter().map(ToString::to_string).collect())
}

fn plain<'a>(prepared: &'a Prepared, name: &str) -> Option<&'a str> {
    match prepared.invocation.env.get(name)? {
        EnvValue::Plain(value) => Some(value),
        EnvValue::Secret { .. } => None,
    }
}

fn has(prepared: &Prepared, words: &[&str]) -> bool {
    prepared.invocation.args.windows(words.len()).any(|window| window == words)
}

#[test]
fn no_secret_and_no_prompt_is_in_an_argument() {
    for (way, prepared) in all(&shaped()) {
        assert_eq!(prepared.invocation.args[0], "first", "{way}");
        for arg in &prepared.invocation.args {
            for mark in ["SECRET", QUESTION, TASK, "SYSTEM-MARK", "{model}", "{effort}", "{s"] {
                assert!(!arg.contains(mark), "{way}: {arg}");
            }
        }
        let text = input(&prepared);
        assert!(text.contains(QUESTION) && text.find(QUESTION) < text.find(TASK), "{way}: {text}");
        let aside = file(&prepared, "system.md").unwrap_or_default();
        assert_eq!(text.matches("SYSTEM-MARK").count() + aside.matches("SYSTEM-MARK").count(), 1, "{way}");
        assert!(!format!("{:?}", prepared.invocation).contains("SECRET-"), "{way}");
    }
}

#[test]
fn one_credential_at_most_and_nothing_that_was_not_named() {
    for (way, prepared) in all(&small()) {
        let secrets: Vec<_> = prepared
            .invocation
            .env
            .iter()
            .filter_map(|(name, value)| match value {
                EnvValue::Secret { from, value } => Some((name.as_str(), from.as_str(), value.expose().to_owned())),
                EnvValue::Plain(_) => None,
            })
            .collect();
        let keyed = way.starts_with("claude") && !way.ends_with("true")
            || way.ends_with("false") && { way.starts_with("codex") || way.starts_with("gemini") };
        assert_eq!(secrets.len(), usize::from(keyed), "{way}: {:?}", prepared.invocation.env);
        let ours: BTreeSet<_> = secrets.iter().map(|(_, _, value)| value.clone()).collect();
        for (name, value) in &prepared.invocation.env {
            let EnvValue::Plain(value) = value else { continue };
            assert!(!value.contains("SECRET") && !ours.contains(value), "{way}: {name}={value}");
            if let Some(of) = value.strip_prefix("value-of-") {
                assert!(of == name && PASSED.contains(&of), "{way}: {name}={value}");
            }
        }
        assert_eq!(plain(&prepared, "PATH"), Some("value-of-PATH"), "{way}");
        assert!(prepared.invocation.cwd.starts_with("/scratch/one"), "{way}");
    }
}

#[test]
fn each_of_the_six_names_reaches_the_name_that_its_cli_reads() {
    for (name, ours, theirs) in [
        ("claude", "ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("claude", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        ("codex", "CODEX_API_KEY", "CODEX_API_KEY"),
        ("codex", "OPENAI_API_KEY", "CODEX_API_KEY"),
        ("gemini", "GEMINI_API_KEY", "GEMINI_API_KEY"),
        ("gemini", "GOOGLE_API_KEY", "GEMINI_API_KEY"),
    ] {
        let prepared = ask(name, None, &host(name, &[ours], false), &small()).unwrap();
        let Some(EnvValue::Secret { from, value }) = prepared.invocation.env.get(theirs) else { panic!("{ours}") };
        assert_eq!((from.as_str(), value.expose()), (ours, format!("SECRET-{ours}").as_str()));
    }
}

/// Keys and tokens run in a private home; a stored login is used where it is, or borrowed by a link.
#[test]
fn homes_are_private_but_for_a_login_that_must_be_used_in_place() {
    let home = |name: &str, keys: &[&str], stored| {
        let prepared = ask(name, None, &host(name, keys, stored), &small()).unwrap();
        let links: Vec<_> = prepared
            .invocation
            .links
            .iter()
            .map(|link| (link.path.display().to_string(), link.target.display().to_string()))
            .collect();
        (plain(&prepared, "HOME").unwrap().to_owned(), plain(&prepared, "CLAUDE_CONFIG_DIR").is_some(), links)
    };
    let private = || "/scratch/one/home".to_owned();
    let link = |path: &str| vec![(format!("/scratch/one/{path}"), "/people/me/login.json".to_owned())];
    assert_eq!(home("claude", &["ANTHROPIC_API_KEY"], false), (private(), false, vec![]));
    assert_eq!(home("claude", &["CLAUDE_CODE_OAUTH_TOKEN"], true), (private(), false, vec![]));
    assert_eq!(home("claude", &[], true), ("/people/me".to_owned(), true, vec![]));
    assert_eq!(home("codex", &["CODEX_API_KEY"], false), (private(), false, vec![]));
    assert_eq!(home("codex", &[], true), (private(), false, link("home/.codex/auth.json")));
    assert_eq!(home("gemini", &["GEMINI_API_KEY"], false), (private(), false, vec![]));
    assert_eq!(home("gemini", &[], true), (private(), false, link("home/.gemini/oauth_creds.json")));
}

#[test]
fn the_shape_goes_where_each_vendor_takes_it() {
    let asked = |name: &str, keys: &[&str]| {
        let host = host(name, keys, false);
        (ask(name, None, &host, &small()).unwrap(), ask(name, None, &host, &shaped()).unwrap())
    };
    let (bare, claude) = asked("claude", &["ANTHROPIC_API_KEY"]);
    assert!(has(&claude, &["--json-schema", &schema().to_string()]));
    assert!(!bare.invocation.args.iter().any(|arg| arg == "--json-schema"));
    let (bare, codex) = asked("codex", &["CODEX_API_KEY"]);
    assert!(has(&codex, &["--output-schema", "/scratch/one/schema.json"]));
    assert_eq!(file(&codex, "schema.json"), Some(schema().to_string()));
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
        ["codex takes no temperature", "codex takes no reply length"]
    );
    assert_eq!(warnings("claude", None, &["ANTHROPIC_API_KEY"]), Vec::<String>::new());
    assert_eq!(
        warnings("claude", Some("haiku"), &["ANTHROPIC_API_KEY"]),
        ["claude takes no effort `low` for claude-haiku"]
    );
    assert_eq!(
        warnings("gemini", Some("2.5-flash"), &["GEMINI_API_KEY"]),
        ["gemini takes no effort `low` for gemini-2.5-flash"]
    );
    let claude = ask("claude", None, &host("claude", &["ANTHROPIC_API_KEY"], false), &spec).unwrap();
    assert_eq!(plain(&claude, "CLAUDE_CODE_EXTRA_BODY"), Some(r#"{"temperature":0.5}"#));
    assert_eq!(plain(&claude, "CLAUDE_CODE_MAX_OUTPUT_TOKENS"), Some("700"));
    assert!(has(&claude, &["--thinking", "disabled"]) && has(&claude, &["--effort", "low"]));
    // Nobody asked for an effort: the default is for models that take one.
    let quiet = ask("claude", Some("haiku"), &host("claude", &["ANTHROPIC_API_KEY"], false), &small()).unwrap();
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
fn prompts_that_no_cli_takes_are_refused() {
    let refused = |name: &str, keys: &[&str], spec: &CallSpec| {
        ask(name, None, &host(name, keys, false), spec).map(|_| ()).unwrap_err().class
    };
    let long = spec(Prompt::new(vec!["x".repeat(3_500_001).into()], vec![]));
    assert_eq!(refused("gemini", &["GEMINI_API_KEY"], &long), FailureClass::ContextTooLong);
    for (name, key) in [("claude", "ANTHROPIC_API_KEY"), ("codex", "CODEX_API_KEY"), ("gemini", "GEMINI_API_KEY")] {
        let blank = spec(Prompt::new(vec!["\n ".into()], vec!["".into()]));
        assert_eq!(refused(name, &[key], &blank), FailureClass::BadRequest);
    }
    let replaced = CallSpec { system: "You have ${AvailableTools}.".into(), ..small() };
    assert_eq!(refused("gemini", &["GEMINI_API_KEY"], &replaced), FailureClass::BadRequest);
    let mut wide = shaped();
    let long = json!({ "type": "object", "description": "x".repeat(131_072) });
    wide.shape = Some(Shape { name: "n".into(), schema: Arc::new(long) });
    assert_eq!(refused("claude", &["ANTHROPIC_API_KEY"], &wide), FailureClass::BadRequest);
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

#[test]
fn a_proxys_password_is_a_secret() {
    let mut host = host("claude", &["ANTHROPIC_API_KEY"], false);
    host.env.insert("HTTPS_PROXY".to_owned(), "http://me:pw@proxy:3128".to_owned());
    let prepared = ask("claude", None, &host, &small()).unwrap();
    assert!(!format!("{:?}", prepared.invocation).contains("pw@"));
    let Some(EnvValue::Secret { from, value }) = prepared.invocation.env.get("HTTPS_PROXY") else { panic!() };
    assert_eq!((from.as_str(), value.expose()), ("HTTPS_PROXY", "http://me:pw@proxy:3128"));
}

#[test]
fn models_have_one_name_everywhere() {
    for (name, word, argument, id) in [
        ("claude", None, Some("opus"), "claude-opus"),
        ("claude", Some("sonnet"), Some("sonnet"), "claude-sonnet"),
        ("claude", Some("opus-4-8"), Some("claude-opus-4-8"), "claude-opus-4-8"),
        ("codex", None, Some("gpt-6.1-sol"), "codex-gpt-6.1-sol"),
        ("codex", Some("o3"), Some("o3"), "codex-o3"),
        ("gemini", None, Some("gemini-3.1-pro-preview"), "gemini-3.1-pro-preview"),
        ("gemini", Some("flash"), Some("gemini-3.8-flash"), "gemini-3.8-flash"),
        ("gemini", Some("2.5-flash"), Some("gemini-2.5-flash"), "gemini-2.5-flash"),
        ("gemini", Some("3-pro-preview"), Some("gemini-3.1-pro-preview"), "gemini-3.1-pro-preview"),
        ("ollama", Some("llama3.2:3b"), Some("llama3.2:3b"), "ollama-llama3.2:3b"),
        ("llm", None, None, "llm"),
    ] {
        let model = manifest(name).resolve_model(word);
        assert_eq!((model.argument.as_deref(), model.model_id.as_str()), (argument, id), "{name} {word:?}");
    }
}
