//! The embedded adapters against the real CLIs: prepared, supervised and read as in a run.

use super::installed::Cli;
use super::loopback::{Answer, Fault, Loopback, Request, dead_address};
use super::person::{Person, Question};
use refinery_core::adapter::Catalog;
use refinery_core::call::AttemptError;
use refinery_core::exchange::{Effort, Tuning};
use refinery_core::failure::FailureClass;
use serde_json::json;
use std::sync::Arc;

/// The credential names of each CLI, and the header that each pays with.
const NAMES: [(Cli, &str, &str); 6] = [
    (Cli::Claude, "ANTHROPIC_API_KEY", "x-api-key"),
    (Cli::Claude, "CLAUDE_CODE_OAUTH_TOKEN", "authorization"),
    (Cli::Codex, "CODEX_API_KEY", "authorization"),
    (Cli::Codex, "OPENAI_API_KEY", "authorization"),
    (Cli::Gemini, "GEMINI_API_KEY", "x-goog-api-key"),
    (Cli::Gemini, "GOOGLE_API_KEY", "x-goog-api-key"),
];

/// Somebody with these credentials, whose vendors are all at one address.
fn person(url: &str, credentials: &[&str]) -> Person {
    let base = format!("{url}/v1");
    let mut env = vec![("ANTHROPIC_BASE_URL", url), ("OPENAI_BASE_URL", &base), ("GOOGLE_GEMINI_BASE_URL", url)];
    env.extend(credentials.iter().map(|name| (*name, "loopback-key")));
    Person::new(&env)
}

/// A key for each CLI.
const KEYS: [&str; 3] = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY"];

/// Asks a model that says "forty-two"; the only request that asked it comes back.
fn ask(cli: Cli, question: &Question) -> Request {
    let server = Loopback::start(|request| match request.schema() {
        Some(_) => Answer::structured(json!({ "n": 42 })),
        None => Answer::text("forty-two"),
    });
    let reply = person(&server.url(), &KEYS).ask(cli, question).unwrap();
    let expected = if question.schema.is_some() { "{\"n\":42}" } else { "forty-two" };
    assert_eq!(reply.text.trim(), expected, "{cli}");
    only(cli, &server)
}

fn only(cli: Cli, server: &Loopback) -> Request {
    let mut asks = server.asks();
    assert_eq!(asks.len(), 1, "{cli}: {asks:?}");
    asks.remove(0)
}

#[test]
fn each_credential_name_pays_by_itself() {
    for (cli, name, header) in NAMES {
        let server = Loopback::start(|_| Answer::text("forty-two"));
        person(&server.url(), &[name]).ask(cli, &Question::new("What is six times seven?")).unwrap();
        let request = only(cli, &server);
        let sent: Vec<_> = ["x-api-key", "x-goog-api-key", "authorization"]
            .into_iter()
            .filter_map(|header| Some((header, request.header(header)?.trim_start_matches("Bearer "))))
            .collect();
        assert_eq!(sent, [(header, "loopback-key")], "{cli} {name}");
    }
}

#[test]
fn everything_asked_for_arrives() {
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["n"],
        "properties": { "n": { "type": "integer" } } });
    for (cli, model, effort) in [
        (Cli::Claude, "claude-opus-4-8", "low"),
        (Cli::Codex, "gpt-6.1-sol", "low"),
        (Cli::Gemini, "gemini-3.1-pro-preview", "LOW"),
    ] {
        let request = ask(
            cli,
            &Question {
                effort: Some(Effort::Low),
                system: "Mind the \"gap\", ${HOME} and ünïcödë.\nSecond line.".to_owned(),
                varying: vec!["\nShow \\ your work.".to_owned()],
                schema: Some(schema.clone()),
                ..Question::new("What is six times seven?")
            },
        );
        assert_eq!((request.model(), request.effort().as_deref()), (model, Some(effort)), "{cli}");
        let system = request.system();
        assert!(system.contains("Mind the \"gap\", ${HOME} and ünïcödë.\nSecond line."), "{cli}: {system}");
        assert_eq!(request.schema(), Some(&schema), "{cli}");
        assert_eq!(request.prompt().trim(), "What is six times seven?\nShow \\ your work.", "{cli}");
    }
}

#[test]
fn temperature_and_length_arrive_where_they_can() {
    let tuning = Tuning { temperature: Some(0.25), reply_tokens: Some(700), ..Tuning::default() };
    let claude = ask(Cli::Claude, &Question { tuning, ..Question::new("What is six times seven?") });
    assert_eq!((&claude.json["temperature"], &claude.json["max_tokens"]), (&json!(0.25), &json!(700)));
    assert_eq!(claude.json["thinking"], json!({ "type": "disabled" }));
    let gemini = ask(Cli::Gemini, &Question { tuning, ..Question::new("What is six times seven?") });
    let generation = &gemini.json["generationConfig"];
    assert_eq!((&generation["temperature"], &generation["maxOutputTokens"]), (&json!(0.25), &json!(700)));
}

/// A model that is named is the one that is asked, also an old one.
#[test]
fn no_model_is_changed_in_silence() {
    for (cli, word, model) in [
        (Cli::Claude, "opus-4-1", "claude-opus-4-1"),
        (Cli::Claude, "haiku", "claude-haiku-4-5-20251001"),
        (Cli::Codex, "o3", "o3"),
        (Cli::Gemini, "flash", "gemini-3.8-flash"),
    ] {
        let request = ask(cli, &Question { model: Some(word), ..Question::new("What is six times seven?") });
        assert_eq!(request.model(), model);
    }
}

/// Words that name a file or a folder for gemini are only words.
#[test]
fn at_signs_are_only_words() {
    let prompt = "See @./ and @.. and @./x, @cwd, @../cwd...empty, \"@.\", bob@example.com and @/etc/hostname.";
    for cli in Cli::ALL {
        let request = ask(cli, &Question::new(prompt));
        let texts = request.user_texts();
        assert!(texts.len() == 1 && texts[0].trim() == prompt, "{cli}: {texts:?}");
    }
}

/// Beyond what codex takes as a prompt, question and files travel beside the system prompt.
#[test]
fn two_megabytes_reach_codex() {
    let question = "0123456789abcdef é\n".repeat(100_000);
    let request =
        ask(Cli::Codex, &Question { varying: vec!["Now answer.".to_owned()], ..Question::new(question.clone()) });
    assert_eq!(request.prompt(), "Now answer.");
    assert!(request.system().contains(&question), "{} bytes", request.system().len());
}

/// Everything that a person can put into a home folder, beside a login that must be used in place.
#[test]
fn a_poisoned_home_leaks_nothing() {
    let server = Loopback::start(|_| Answer::text("forty-two"));
    let person = poisoned(person(&server.url(), &["GEMINI_API_KEY"]));
    let manifests = Catalog::embedded().unwrap();
    for cli in Cli::ALL {
        let manifest = match cli {
            Cli::Codex => redirected(&server.url()),
            _ => Arc::clone(manifests.get(cli.name()).unwrap()),
        };
        person.ask_through(&manifest, cli, &Question::new("What is six times seven?")).unwrap();
    }
    let asks = server.asks();
    assert_eq!(asks.len(), 3, "{asks:?}");
    assert_eq!(asks[0].header("authorization"), Some("Bearer loopback-access"));
    assert_eq!(asks[1].header("chatgpt-account-id"), Some("loopback-account"));
    for request in server.requests() {
        assert!(!String::from_utf8_lossy(&request.body).contains("POISON"), "{request:?}");
    }
    assert!(!person.path("started").exists(), "a hook, a server or a notifier ran");
}

/// codex with a login talks to two addresses of its own; here both are the loopback.
fn redirected(url: &str) -> Arc<refinery_core::adapter::Manifest> {
    let text = include_str!("../../adapters/codex.toml");
    let at = "[\"-c\", 'model_provider=\"refinery\"'],";
    assert!(text.contains(at));
    let to = format!(
        "{at}[\"-c\", 'model_providers.refinery.base_url=\"{url}/v1\"', \"-c\", 'chatgpt_base_url=\"{url}/backend-api/\"'],"
    );
    let mut catalog = Catalog::default();
    catalog.add("codex.toml", &text.replace(at, &to)).unwrap();
    Arc::clone(catalog.get("codex").unwrap())
}

fn poisoned(person: Person) -> Person {
    let started = person.path("started").display().to_string();
    let touch = format!("touch {started}");
    let hook = json!([{ "hooks": [{ "type": "command", "command": touch }] }]);
    let claude = json!({ "hooks": { "SessionStart": hook, "UserPromptSubmit": hook, "Stop": hook },
        "env": { "ANTHROPIC_MODEL": "POISON" }, "model": "POISON", "outputStyle": "POISON" });
    let servers = json!({ "mcpServers": { "p": { "command": "touch", "args": [started] } } });
    let login = json!({ "claudeAiOauth": { "accessToken": "loopback-access", "refreshToken": "loopback-refresh",
        "expiresAt": 4_102_444_800_000_i64, "scopes": ["user:inference"], "subscriptionType": "max" } });
    let gemini =
        json!({ "tools": { "discoveryCommand": touch, "callCommand": touch }, "mcpServers": servers["mcpServers"] });
    let codex = format!(
        "model = \"POISON\"\ndeveloper_instructions = \"POISON\"\nnotify = [\"touch\", \"{started}\"]\n\
         [mcp_servers.p]\ncommand = \"touch\"\nargs = [\"{started}\"]\n"
    );
    person
        .with_file(".claude/CLAUDE.md", "POISON")
        .with_file("CLAUDE.md", "POISON")
        .with_file("AGENTS.md", "POISON")
        .with_file(".claude/settings.json", claude.to_string())
        .with_file(".claude/.credentials.json", login.to_string())
        .with_file(".claude.json", servers.to_string())
        .with_file(".gemini/GEMINI.md", "POISON")
        .with_file(".gemini/.env", "GEMINI_MODEL=POISON\nGEMINI_API_KEY=POISON\n")
        .with_file(".gemini/settings.json", gemini.to_string())
        .with_file(".codex/AGENTS.md", "POISON")
        .with_file(".codex/config.toml", codex)
        .with_file(".codex/auth.json", super::raw::chatgpt_login().to_string())
}

#[test]
fn failures_come_back_in_their_class() {
    let refused = |fault: Fault| {
        let server = Loopback::start(move |_| fault.into());
        Cli::ALL.map(|cli| class(person(&server.url(), &KEYS).ask(cli, &Question::new("What?"))))
    };
    assert_eq!(refused(Fault::BadCredential), [FailureClass::BadCredential; 3]);
    assert_eq!(refused(Fault::Unavailable), [FailureClass::Overloaded; 3]);
    assert_eq!(refused(Fault::BadModel), [FailureClass::BadModel; 3]);
    let (_held, url) = dead_address();
    let dead = Cli::ALL.map(|cli| class(person(&url, &KEYS).ask(cli, &Question::new("What?"))));
    assert_eq!(dead, [FailureClass::Network; 3]);
}

fn class(result: Result<refinery_core::exchange::Reply, AttemptError>) -> FailureClass {
    match result {
        Err(AttemptError::Failed(failure)) => {
            assert!(!failure.message.contains("loopback-key"), "{failure}");
            failure.class
        }
        other => panic!("{other:?}"),
    }
}
