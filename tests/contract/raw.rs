//! Drives a CLI by hand, as the vendor's facts recommend, until the adapters do it.

use super::driver::{Call, Pays, Seen};
use super::installed::Cli;
use refinery_core::invocation::{Ending, Exit};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Makes the call, and ends the whole process group whatever happens.
pub fn run(call: &Call) -> Seen {
    let scratch = tempfile::Builder::new().prefix("refinery-contract-").tempdir().unwrap();
    let path = scratch.path();
    for folder in ["home/.gemini", "home/.claude", "home/.codex", "cwd", "tmp"] {
        fs::create_dir_all(path.join(folder)).unwrap();
    }
    fs::write(path.join("system.md"), &call.system).unwrap();
    let mut command = Command::new(call.cli.program());
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", path.join("home"))
        .env("TMPDIR", path.join("tmp"))
        .env("TZ", "UTC")
        .current_dir(path.join("cwd"))
        .process_group(0);
    let input = match call.cli {
        Cli::Claude => claude(call, path, &mut command),
        Cli::Codex => codex(call, path, &mut command),
        Cli::Gemini => gemini(call, path, &mut command),
    };
    command.args(&call.args);
    if call.cli == Cli::Codex {
        command.arg("-");
    }
    let mut seen = supervise(call, command, input, path);
    seen.scratch = path.to_string_lossy().into_owned();
    seen
}

fn claude(call: &Call, path: &Path, command: &mut Command) -> String {
    command
        .args(["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"])
        .args(["--include-partial-messages", "--system-prompt-file"])
        .arg(path.join("system.md"))
        .args(["--tools", "", "--setting-sources", "", "--strict-mcp-config", "--disable-slash-commands"])
        .args(["--no-session-persistence", "--model", call.model, "--effort", call.effort])
        .env("ANTHROPIC_BASE_URL", &call.url);
    if let Some(schema) = &call.schema {
        command.arg("--json-schema").arg(schema.to_string());
    }
    for name in [
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "CLAUDE_CODE_DISABLE_TERMINAL_TITLE",
        "CLAUDE_CODE_DISABLE_ATTACHMENTS",
        "CLAUDE_CODE_DISABLE_CLAUDE_MDS",
        "CLAUDE_CODE_DISABLE_AUTO_MEMORY",
        "DISABLE_AUTOUPDATER",
    ] {
        command.env(name, "1");
    }
    command
        .env("CLAUDE_CODE_MAX_RETRIES", "0")
        .env("API_TIMEOUT_MS", "120000")
        .env("CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE", "10000000");
    match call.pays {
        Pays::Key => {
            command.env("ANTHROPIC_API_KEY", "loopback-key");
        }
        Pays::Token => {
            command.env("CLAUDE_CODE_OAUTH_TOKEN", "loopback-token");
        }
        Pays::Login => {
            let login = json!({ "claudeAiOauth": { "accessToken": "loopback-access", "refreshToken": "loopback-refresh",
                "expiresAt": 4_102_444_800_000_i64, "scopes": ["user:inference"], "subscriptionType": "max",
                "rateLimitTier": "default" } });
            fs::write(path.join("home/.claude/.credentials.json"), login.to_string()).unwrap();
        }
        Pays::Nobody => {}
    }
    let prefix = if call.prompt.starts_with('/') && !call.bare { "\n" } else { "" };
    let message = json!({ "role": "user", "content": format!("{prefix}{}", call.prompt) });
    format!("{}\n", json!({ "type": "user", "message": message }))
}

fn codex(call: &Call, path: &Path, command: &mut Command) -> String {
    let home = path.join("home/.codex");
    let set = |command: &mut Command, setting: String| {
        command.arg("-c").arg(setting);
    };
    command
        .args(["exec", "--json", "--ephemeral", "--ignore-user-config", "--ignore-rules", "--skip-git-repo-check"])
        .args(["-s", "read-only", "--color", "never", "-m", call.model, "-C"])
        .arg(path.join("cwd"))
        .env("CODEX_HOME", &home);
    let provider = format!(
        "model_providers.x={{name=\"OpenAI\",base_url=\"{}/v1\",requires_openai_auth=true,wire_api=\"responses\",\
         supports_websockets=false,request_max_retries=0,stream_max_retries=0,stream_idle_timeout_ms=120000}}",
        call.url
    );
    set(command, provider);
    set(command, format!("model_instructions_file={:?}", path.join("system.md")));
    set(command, format!("model_reasoning_effort={:?}", call.effort));
    set(command, format!("chatgpt_base_url=\"{}/backend-api/\"", call.url));
    for setting in [
        "model_provider=\"x\"",
        "web_search=\"disabled\"",
        "include_permissions_instructions=false",
        "include_environment_context=false",
        "include_apps_instructions=false",
        "include_collaboration_mode_instructions=false",
        "skills.bundled.enabled=false",
        "skills.include_instructions=false",
        "project_doc_max_bytes=0",
        "tools.experimental_request_user_input.enabled=false",
        "agents.enabled=false",
        "analytics.enabled=false",
        "history.persistence=\"none\"",
    ] {
        set(command, setting.to_owned());
    }
    for feature in [
        "unbounded_connection_retries",
        "shell_tool",
        "unified_exec",
        "multi_agent",
        "goals",
        "apps",
        "plugins",
        "remote_plugin",
        "hooks",
        "image_generation",
        "view_image",
        "tool_suggest",
        "sleep_tool",
        "skill_search",
        "browser_use",
        "computer_use",
        "in_app_browser",
        "shell_snapshot",
        "api_key_model_discovery",
    ] {
        set(command, format!("features.{feature}=false"));
    }
    if let Some(schema) = &call.schema {
        fs::write(path.join("schema.json"), schema.to_string()).unwrap();
        command.arg("--output-schema").arg(path.join("schema.json"));
    }
    match call.pays {
        Pays::Key => {
            command.env("CODEX_API_KEY", "loopback-key");
        }
        Pays::Login => fs::write(home.join("auth.json"), chatgpt_login().to_string()).unwrap(),
        Pays::Token | Pays::Nobody => {}
    }
    call.prompt.clone()
}

/// A stored ChatGPT login with tokens that have the right shape and mean nothing.
pub fn chatgpt_login() -> serde_json::Value {
    // {"alg":"none"} . {"exp":4102444800,"email":"nobody@example.com","https://api.openai.com/auth":{…}} . sig
    let claims = json!({ "exp": 4_102_444_800_i64, "email": "nobody@example.com",
        "https://api.openai.com/auth": { "chatgpt_account_id": "loopback-account", "chatgpt_plan_type": "plus" } });
    let token = format!("{}.{}.c2ln", base64url(r#"{"alg":"none"}"#), base64url(&claims.to_string()));
    json!({ "auth_mode": "chatgpt", "OPENAI_API_KEY": null, "last_refresh": "2099-01-01T00:00:00Z",
        "tokens": { "id_token": token, "access_token": token, "refresh_token": "loopback-refresh", "account_id": "loopback-account" } })
}

fn base64url(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * index)) as usize & 63]));
        }
    }
    out
}

fn gemini(call: &Call, path: &Path, command: &mut Command) -> String {
    let mut generation = json!({ "thinkingConfig": { "thinkingBudget": 0, "includeThoughts": false } });
    if let Some(schema) = &call.schema {
        generation["responseMimeType"] = json!("application/json");
        generation["responseJsonSchema"] = schema.clone();
    }
    let auth = if call.pays == Pays::Token { "oauth-personal" } else { "gemini-api-key" };
    let settings = json!({
        "security": { "auth": { "selectedType": auth }, "folderTrust": { "enabled": false } },
        "tools": { "core": [], "useRipgrep": false },
        "admin": { "mcp": { "enabled": false }, "extensions": { "enabled": false }, "skills": { "enabled": false } },
        "skills": { "enabled": false }, "hooksConfig": { "enabled": false }, "experimental": { "enableAgents": false },
        "useWriteTodos": false,
        "context": { "fileName": "NO-SUCH-CONTEXT-FILE.md", "includeDirectoryTree": false, "discoveryMaxDirs": 0 },
        "privacy": { "usageStatisticsEnabled": false }, "telemetry": { "enabled": false },
        "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false, "topicUpdateNarration": false,
            "maxAttempts": 1, "retryFetchErrors": false },
        "model": { "skipNextSpeakerCheck": true, "disableLoopDetection": true, "maxSessionTurns": 1 },
        "ui": { "showCompatibilityWarnings": false, "showHomeDirectoryWarning": false },
        "advanced": { "autoConfigureMemory": false, "ignoreLocalEnv": true },
        "modelConfigs": { "customOverrides": [{ "match": { "model": call.model },
            "modelConfig": { "generateContentConfig": generation } }] },
    });
    fs::write(path.join("home/.gemini/settings.json"), settings.to_string()).unwrap();
    command
        .args(["-m", call.model, "-o", "json", "-e", "none"])
        .env("GEMINI_CLI_HOME", path.join("home"))
        .env("GEMINI_CLI_NO_RELAUNCH", "1")
        .env("GEMINI_SYSTEM_MD", path.join("system.md"))
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1");
    match call.pays {
        Pays::Key => {
            command.env("GEMINI_API_KEY", "loopback-key").env("GOOGLE_GEMINI_BASE_URL", &call.url);
        }
        Pays::Token => {
            command
                .env("GOOGLE_GENAI_USE_GCA", "true")
                .env("GOOGLE_CLOUD_ACCESS_TOKEN", "loopback-token")
                .env("CODE_ASSIST_ENDPOINT", &call.url);
        }
        Pays::Login | Pays::Nobody => {
            command.env("GOOGLE_GEMINI_BASE_URL", &call.url);
        }
    }
    let prefix = if call.bare { "" } else { "\n" };
    format!("{prefix}{}", call.prompt)
}

enum Word {
    Line(bool, Vec<u8>),
    End,
}

/// Runs the command: claude on pipes with its input held open until the result, the others to their end,
/// gemini into files.
fn supervise(call: &Call, mut command: Command, input: String, path: &Path) -> Seen {
    let to_files = call.cli == Cli::Gemini;
    if to_files {
        command.stdout(File::create(path.join("out")).unwrap()).stderr(File::create(path.join("err")).unwrap());
    } else {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let group = Pid::from_child(&child);
    let mut stdin = child.stdin.take().unwrap();
    let (hold, held) = channel::<()>();
    let holds = call.cli == Cli::Claude;
    let writer = std::thread::spawn(move || {
        let written = stdin.write_all(input.as_bytes()).and_then(|()| stdin.flush()).is_ok();
        if holds {
            let _ = held.recv();
        }
        written
    });
    let (tell, told) = channel();
    let readers: Vec<_> = if to_files {
        Vec::new()
    } else {
        let pipes: [(bool, Box<dyn Read + Send>); 2] =
            [(true, Box::new(child.stdout.take().unwrap())), (false, Box::new(child.stderr.take().unwrap()))];
        pipes
            .map(|(out, pipe)| (out, pipe, tell.clone()))
            .into_iter()
            .map(|(out, pipe, tell)| {
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(pipe);
                    let mut line = Vec::new();
                    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                        let _ = tell.send(Word::Line(out, std::mem::take(&mut line)));
                    }
                    let _ = tell.send(Word::End);
                })
            })
            .collect()
    };
    drop(tell);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut ending = Ending::Left;
    let mut hold = Some(hold);
    let mut last = None;
    loop {
        let quiet = last.map_or(call.limits.first_byte, |_| call.limits.idle);
        let silence = quiet.map(|quiet| quiet.saturating_sub(last.unwrap_or(begun).elapsed()));
        let rest = call.limits.hard.saturating_sub(begun.elapsed());
        let wait = silence.map_or(rest, |silence| silence.min(rest)).min(Duration::from_millis(50));
        match told.recv_timeout(wait) {
            Ok(Word::Line(true, line)) => {
                last = Some(Instant::now());
                let result = holds && line.starts_with(b"{\"type\":\"result\"");
                out.extend(line);
                if result {
                    ending = Ending::Done;
                    hold = None;
                }
            }
            Ok(Word::Line(false, line)) => {
                last = Some(Instant::now());
                err.extend(line);
            }
            Ok(Word::End) => {}
            Err(RecvTimeoutError::Disconnected) if !to_files => break,
            Err(_) => {
                if to_files && child.try_wait().unwrap().is_some() {
                    break;
                }
                let limit = if rest.is_zero() {
                    Ending::HardLimit
                } else if silence.is_some_and(|silence| silence.is_zero()) {
                    if last.is_some() { Ending::IdleLimit } else { Ending::FirstByteLimit }
                } else {
                    if to_files {
                        std::thread::sleep(wait);
                    }
                    continue;
                };
                ending = limit;
                break;
            }
        }
    }
    drop(hold);
    let killed = !matches!(ending, Ending::Left | Ending::Done);
    let status = if killed {
        let _ = kill_process_group(group, Signal::TERM);
        let patience = Instant::now();
        loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if patience.elapsed() > Duration::from_secs(2) => {
                    let _ = kill_process_group(group, Signal::KILL);
                    break child.wait().unwrap();
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    } else {
        child.wait().unwrap()
    };
    let _ = kill_process_group(group, Signal::KILL);
    for word in told {
        match word {
            Word::Line(true, line) => out.extend(line),
            Word::Line(false, line) => err.extend(line),
            Word::End => {}
        }
    }
    for reader in readers {
        reader.join().unwrap();
    }
    let prompt_written = writer.join().unwrap();
    if to_files {
        out = fs::read(path.join("out")).unwrap();
        err = fs::read(path.join("err")).unwrap();
    }
    Seen {
        exit: Exit {
            ending,
            code: status.code(),
            signal: status.signal(),
            leaked: false,
            stdout_bytes: out.len() as u64,
            stderr_bytes: err.len() as u64,
            prompt_written,
            elapsed: begun.elapsed(),
        },
        stdout: String::from_utf8_lossy(&out).into_owned(),
        stderr: String::from_utf8_lossy(&err).into_owned(),
        scratch: String::new(),
    }
}
