//! Calls as they are asked of adapters, on a machine where everything is set that could be.

use refinery_core::adapter::{
    Billing, Catalog, Host, LoginFile, Manifest, Prepared, Program, Request, choose, prepare,
};
use refinery_core::exchange::{CallSpec, Prompt, Role, Shape, Tuning};
use refinery_core::failure::CallFailure;
use refinery_core::ids::{CallId, ParticipantId, Round};
use refinery_core::invocation::{EnvValue, Piece};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub const SYSTEM: &str = "SYSTEM-MARK: answer in one line.";
pub const QUESTION: &str = "QUESTION-MARK";
pub const TASK: &str = "TASK-MARK";

/// Every variable that any vendor's CLI is known to listen to, and then some.
pub const LOUD: &[&str] = &[
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
pub const PASSED: &[&str] = &[
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

pub const KEYS: &[&str] = &[
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CODEX_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
];

pub fn manifest(name: &str) -> Arc<Manifest> {
    Arc::clone(Catalog::embedded().unwrap().get(name).unwrap())
}

pub fn login(name: &str) -> Vec<LoginFile> {
    let text = match name {
        "claude" => r#"{"claudeAiOauth":{"accessToken":"STORED-SECRET"}}"#,
        "codex" => r#"{"auth_mode":"chatgpt","tokens":{"refresh_token":"STORED-SECRET"}}"#,
        _ => r#"{"refresh_token":"STORED-SECRET"}"#,
    };
    vec![LoginFile { path: "/people/me/login.json".into(), contents: Some(text.to_owned()) }]
}

/// A machine on which everything is set that could be, and these credentials.
pub fn host(name: &str, keys: &[&str], stored: bool) -> Host {
    let mut env: BTreeMap<String, String> =
        LOUD.iter().chain(PASSED).map(|name| ((*name).to_owned(), format!("value-of-{name}"))).collect();
    env.extend(keys.iter().map(|name| ((*name).to_owned(), format!("SECRET-{name}"))));
    let logins = if stored { [(manifest(name).id.clone(), login(name))].into() } else { BTreeMap::new() };
    Host { env, home: Some("/people/me".into()), logins, ..Host::default() }
}

pub fn spec(prompt: Prompt) -> CallSpec {
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

pub fn small() -> CallSpec {
    spec(Prompt::new(vec![QUESTION.into()], vec![TASK.into()]))
}

pub fn shaped() -> CallSpec {
    CallSpec { shape: Some(Shape { name: "n".into(), schema: Arc::new(schema()) }), ..small() }
}

pub fn schema() -> Value {
    json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } })
}

pub fn ask(name: &str, model: Option<&str>, host: &Host, spec: &CallSpec) -> Result<Prepared, CallFailure> {
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
        short: Path::new("/scratch/one"),
        kept: false,
    };
    prepare(&request)
}

/// Every adapter, with each way to pay for it.
pub fn all(spec: &CallSpec) -> Vec<(String, Prepared)> {
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

pub fn input(prepared: &Prepared) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Raw(text) => text.to_string(),
        Piece::JsonEscaped(text) => {
            let quoted = Value::from(text.to_string()).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
    };
    prepared.input.iter().map(piece).collect()
}

pub fn file(prepared: &Prepared, name: &str) -> Option<String> {
    let file = prepared.invocation.files.iter().find(|file| file.path.ends_with(name))?;
    Some(file.parts.iter().map(ToString::to_string).collect())
}

pub fn plain<'a>(prepared: &'a Prepared, name: &str) -> Option<&'a str> {
    match prepared.invocation.env.get(name)? {
        EnvValue::Plain(value) => Some(value),
        EnvValue::Secret { .. } => None,
    }
}

pub fn has(prepared: &Prepared, words: &[&str]) -> bool {
    prepared.invocation.args.windows(words.len()).any(|window| window == words)
}
