//! Logins that no file shows, and credentials of a `.env`.

use crate::support::program::CommandOutput;
use crate::support::sandbox::{SECRETS, Sandbox, document};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const CLAUDE_LOGIN: (&str, &str) = (
    "home/.claude/.credentials.json",
    r#"{"claudeAiOauth":{"accessToken":"a","refreshToken":"r","expiresAt":4102444800000,"subscriptionType":"max"}}"#,
);
const CODEX_KEY: (&str, &str) = ("home/.codex/auth.json", r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-stored"}"#);

/// A sandbox where nothing can pay.
fn bare(script: &str) -> Sandbox {
    SECRETS.iter().fold(Sandbox::new(script), |sandbox, (name, _)| sandbox.without(name))
}

/// Puts a script in front of a program: its lines run first, with the program's arguments.
fn in_front(sandbox: &Sandbox, program: &str, lines: &str) {
    let (path, other) = (sandbox.path("bin").join(program), sandbox.path("bin").join(format!("{program}-other")));
    fs::rename(&path, &other).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{lines}\nexec {} \"$@\"\n", other.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn only(output: &CommandOutput) -> Value {
    document(output)["adapters"][0].clone()
}

#[test]
fn a_login_that_the_cli_reports_is_one_although_no_file_shows_it() {
    // The fake's `auth status` says `loggedIn: true`.
    let sandbox = bare("");
    let output = sandbox.run("doctor -m claude -o json");
    let found = only(&output);
    assert_eq!((output.code, &found["works"], &found["logged_in"]), (Some(0), &true.into(), &true.into()), "{found}");
    assert_eq!(found["pays"], "stored login (reported by the CLI)");
    // A run starts no program to find out: the first call shows it.
    let output = sandbox.run("why -m claude -o json");
    assert_eq!((output.code, &document(&output)["participants"][0]["billing"]), (Some(0), &"login".into()));
    assert!(output.stderr.contains("stored login (in no file; the first call decides)"), "{}", output.stderr);
    assert!(sandbox.log().iter().all(|one| one["env"].get("ANTHROPIC_API_KEY").is_none()));
    // And a key that is set goes before it.
    let output = sandbox.var("ANTHROPIC_API_KEY", "x").run("why -m claude -o json");
    assert_eq!(document(&output)["participants"][0]["billing"], "api_key", "{}", output.stderr);
}

#[test]
fn a_login_that_the_cli_denies_is_none() {
    for answer in ["echo '{\"loggedIn\":false}'; exit 1", "echo '{\"loggedIn\":false}'; exit 0", "exit 1"] {
        let sandbox = bare("");
        in_front(&sandbox, "claude", &format!("[ \"$1\" = auth ] && {{ {answer}; }}"));
        let output = sandbox.run("doctor -m claude -o json");
        let found = only(&output);
        assert_eq!(
            (output.code, &found["works"], &found["logged_in"]),
            (Some(4), &false.into(), &false.into()),
            "{found}"
        );
        assert_eq!(found["problems"][0], "claude: no login and no credential was found", "{answer}");
        assert!(found["hints"][0].as_str().unwrap().contains("claude auth login"), "{found}");
    }
    let sandbox = bare("[[rule]]\nactions = [{ fail = { kind = 'not-logged-in' } }]");
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("not_logged_in") && output.stderr.contains("log in"), "{}", output.stderr);
    assert_eq!(sandbox.log().len(), 1, "one call decides");
}

#[test]
fn a_run_that_a_keyring_paid_for_is_resumed_with_it() {
    let sandbox = bare("");
    assert_eq!(sandbox.run("why -m claude,claude-sonnet --budget-calls 2").code, Some(5));
    let output = sandbox.run("resume 2 --budget-calls 100");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

#[test]
fn a_keyring_that_a_private_home_hides_is_said_with_the_way_out() {
    let sandbox = bare("");
    let output = sandbox.run("doctor -m codex -o json");
    let found = only(&output);
    assert_eq!((output.code, &found["works"], &found["logged_in"]), (Some(4), &false.into(), &true.into()), "{found}");
    assert!(found["problems"][0].as_str().unwrap().contains("private home"), "{found}");
    assert!(found["hints"][0].as_str().unwrap().contains("cli_auth_credentials_store"), "{found}");
    let output = sandbox.run("why -m codex");
    assert_eq!((output.code, sandbox.log().len()), (Some(4), 0), "{}", output.stderr);
    assert!(
        output.stderr.contains("if the login is in a keyring, set cli_auth_credentials_store"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_dotenv_displaces_no_login_in_silence() {
    for (who, login, line, words) in [
        (
            "claude",
            Some(CLAUDE_LOGIN),
            "CLAUDE_CODE_OAUTH_TOKEN=x",
            "subscription (CLAUDE_CODE_OAUTH_TOKEN from ./.env, not the stored login)",
        ),
        (
            "codex",
            Some(CODEX_KEY),
            "export\tOPENAI_API_KEY=x\t# mine",
            "OpenAI API key (OPENAI_API_KEY from ./.env, not the stored login)",
        ),
        ("claude", None, "ANTHROPIC_API_KEY=x # mine", "API key (ANTHROPIC_API_KEY from ./.env)"),
        ("claude", Some(CLAUDE_LOGIN), "ANTHROPIC_API_KEY=x", "stored login (max)"),
        ("claude", Some(CLAUDE_LOGIN), "CLAUDE_CODE_OAUTH_TOKEN= # none yet", "stored login (max)"),
        ("claude", Some(CLAUDE_LOGIN), "CLAUDE_CODE_OAUTH_TOKEN=\t# none yet", "stored login (max)"),
        ("claude", Some(CLAUDE_LOGIN), "CLAUDE_CODE_OAUTH_TOKEN=#none yet", "stored login (max)"),
        ("claude", Some(CLAUDE_LOGIN), "CLAUDE_CODE_OAUTH_TOKEN=\"\" # none yet", "stored login (max)"),
    ] {
        let sandbox = bare("").file("work/.env", format!("{line}\n"));
        let sandbox = login.into_iter().fold(sandbox, |sandbox, (path, text)| sandbox.file(path, text));
        let found = only(&sandbox.run(&format!("doctor -m {who} -o json")));
        assert_eq!(found["pays"], words, "{line}");
        let output = sandbox.run(&format!("why -m {who}"));
        assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
        assert!(output.stderr.lines().next().unwrap().contains(words), "{line}: {}", output.stderr);
        let seen = sandbox.log()[0]["env"].as_object().unwrap().keys().any(|name| name.ends_with("_TOKEN"));
        assert_eq!(seen, words.contains("TOKEN"), "{line}");
    }
    // What the environment itself says is from there.
    let sandbox = bare("").file("work/.env", "ANTHROPIC_API_KEY=x\n").var("ANTHROPIC_API_KEY", "y");
    assert_eq!(only(&sandbox.run("doctor -m claude -o json"))["pays"], "API key (ANTHROPIC_API_KEY)");
}

#[test]
fn a_dotenv_that_is_a_pipe_is_named_and_not_waited_for() {
    let sandbox = Sandbox::new("");
    assert!(Command::new("mkfifo").arg(sandbox.path("work/.env")).status().unwrap().success());
    let output = sandbox.run("why -m claude");
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("warning: .env is ignored: it is not a regular file"), "{}", output.stderr);
}
