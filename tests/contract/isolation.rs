//! A home, a project and an environment full of things that the CLIs would read or start by themselves:
//! nothing of it reaches a model, and nothing of it runs.

use super::installed::Cli;
use super::loopback::Answer;
use super::sandbox::Sandbox;
use super::slots;
use super::user_home::{UserHome, text};
use serde_json::json;

/// The word that everything poisoned holds.
const POISON: &str = "POISON";

#[test]
fn nothing_leaks_beside_a_login() {
    let sandbox = poisoned(Sandbox::new(|_| Answer::text("forty-two")).with_logins());
    ask_everybody(&sandbox);
    let headers = |nth: usize, name: &str| sandbox.server.asks()[nth].header(name).map(str::to_owned);
    assert_eq!(headers(0, "authorization").as_deref(), Some("Bearer loopback-access"));
    assert_eq!(headers(1, "chatgpt-account-id").as_deref(), Some("loopback-account"));
    assert_eq!(headers(2, "authorization").as_deref(), Some("Bearer loopback-access"));
}

#[test]
fn nothing_leaks_beside_a_key() {
    ask_everybody(&poisoned(Sandbox::new(|_| Answer::text("forty-two")).with_keys()));
}

/// Asks each CLI by itself: one bare call each.
fn ask_everybody(sandbox: &Sandbox) {
    let _slots = slots::all();
    for (nth, cli) in Cli::ALL.into_iter().enumerate() {
        let shown = sandbox.run(&["What is six times seven?", "-m", cli.name(), "-o", "json"]);
        assert_eq!((shown.code, &shown.json()["status"]), (Some(0), &json!("single_model")), "{shown:#?}");
        assert_eq!(sandbox.server.asks().len(), nth + 1, "{cli} asks once");
        assert!(!sandbox.user.path("started").exists(), "{cli} started something");
    }
    for request in sandbox.server.requests() {
        let body = String::from_utf8_lossy(&request.body);
        let held = [&*body, &request.path, &request.query].into_iter().any(|text| text.contains(POISON));
        let sent = request.headers.iter().any(|(name, value)| name.contains("poison") || value.contains(POISON));
        assert!(!held && !sent, "{request:?} {:?}\n{body}", request.headers);
    }
    sandbox.assert_nothing_left();
}

fn poisoned(sandbox: Sandbox) -> Sandbox {
    let user = &sandbox.user;
    let started = text(&user.path("started"));
    for folder in ["home", "work"] {
        claude(user, folder, &started);
        codex(user, folder, &started);
        gemini(user, folder, &started);
    }
    user.write("work/.env", format!("ANTHROPIC_BASE_URL=http://127.0.0.1:1/{POISON}\nGEMINI_MODEL={POISON}\n"));
    let script = user.path("preload.cjs");
    let system = text(&user.path("home/.gemini/system.md"));
    user.write("preload.cjs", format!("require('fs').writeFileSync({}, '');", json!(started)));
    sandbox
        .var("NODE_OPTIONS", format!("--require {}", text(&script)))
        .var("ANTHROPIC_MODEL", POISON)
        .var("ANTHROPIC_CUSTOM_HEADERS", "x-poison: POISON")
        .var("CLAUDE_CODE_EXTRA_BODY", r#"{"metadata":{"user_id":"POISON"}}"#)
        .var("CLAUDE_CODE_EFFORT_LEVEL", "max")
        .var("GEMINI_MODEL", POISON)
        .var("GEMINI_CLI_CUSTOM_HEADERS", "x-poison: POISON")
        .var("GEMINI_SYSTEM_MD", system)
}

fn claude(user: &UserHome, folder: &str, started: &str) {
    let hook = json!([{ "hooks": [{ "type": "command", "command": format!("touch {started}; echo {POISON}") }] }]);
    let servers = json!({ "mcpServers": { "poison": { "command": "touch", "args": [started] } } });
    let settings = json!({
        "hooks": { "SessionStart": hook, "UserPromptSubmit": hook, "Stop": hook, "SessionEnd": hook },
        "env": { "ANTHROPIC_MODEL": POISON, "ANTHROPIC_CUSTOM_HEADERS": "x-poison: POISON" },
        "model": POISON, "outputStyle": POISON, "enableAllProjectMcpServers": true,
        "apiKeyHelper": format!("touch {started}; echo {POISON}"),
    });
    for (file, contents) in [
        ("CLAUDE.md", POISON.to_owned()),
        ("CLAUDE.local.md", POISON.to_owned()),
        (".claude/CLAUDE.md", POISON.to_owned()),
        (".claude/settings.json", settings.to_string()),
        (".claude/settings.local.json", settings.to_string()),
        (".claude/output-styles/POISON.md", format!("---\nname: {POISON}\n---\n{POISON}")),
        (".claude/commands/poison.md", POISON.to_owned()),
        (".claude/agents/poison.md", format!("---\nname: poison\ndescription: {POISON}\n---\n{POISON}")),
        (".claude/skills/poison/SKILL.md", format!("---\nname: poison\ndescription: {POISON}\n---\n{POISON}")),
        (".claude/rules/poison.md", POISON.to_owned()),
        (".claude.json", servers.to_string()),
        (".mcp.json", servers.to_string()),
    ] {
        user.write(&format!("{folder}/{file}"), contents);
    }
}

fn codex(user: &UserHome, folder: &str, started: &str) {
    let config = format!(
        "model = \"{POISON}\"\ndeveloper_instructions = \"{POISON}\"\nnotify = [\"touch\", \"{started}\"]\n\
         [mcp_servers.poison]\ncommand = \"touch\"\nargs = [\"{started}\"]\n"
    );
    for (file, contents) in [
        ("AGENTS.md", POISON.to_owned()),
        ("AGENTS.override.md", POISON.to_owned()),
        (".codex/AGENTS.md", POISON.to_owned()),
        (".codex/config.toml", config),
        (".codex/skills/poison/SKILL.md", format!("---\nname: poison\ndescription: {POISON}\n---\n{POISON}")),
        (".codex/rules/default.rules", POISON.to_owned()),
        (".codex/prompts/poison.md", POISON.to_owned()),
        (".agents/skills/poison/SKILL.md", format!("---\nname: poison\ndescription: {POISON}\n---\n{POISON}")),
    ] {
        user.write(&format!("{folder}/{file}"), contents);
    }
}

fn gemini(user: &UserHome, folder: &str, started: &str) {
    let touch = format!("touch {started}");
    let hook = json!([{ "hooks": [{ "type": "command", "command": touch }] }]);
    let settings = json!({
        "tools": { "discoveryCommand": touch, "callCommand": touch },
        "mcpServers": { "poison": { "command": "touch", "args": [started] } },
        "hooks": { "SessionStart": hook, "BeforeAgent": hook, "BeforeModel": hook },
        "model": { "name": POISON },
        "modelConfigs": { "customOverrides": [{ "match": {}, "modelConfig": { "model": POISON } }] },
    });
    let extension = json!({ "name": "poison", "version": "1.0.0", "contextFileName": "POISON.md",
        "mcpServers": { "poison": { "command": "touch", "args": [started] } } });
    for (file, contents) in [
        ("GEMINI.md", POISON.to_owned()),
        (".gemini/GEMINI.md", POISON.to_owned()),
        (".gemini/system.md", POISON.to_owned()),
        (".gemini/settings.json", settings.to_string()),
        (".gemini/.env", format!("GEMINI_MODEL={POISON}\nGEMINI_API_KEY={POISON}\n")),
        (".gemini/commands/poison.toml", format!("prompt = \"{POISON}\"\n")),
        (".gemini/extensions/poison/gemini-extension.json", extension.to_string()),
        (".gemini/extensions/poison/POISON.md", POISON.to_owned()),
    ] {
        user.write(&format!("{folder}/{file}"), contents);
    }
}
