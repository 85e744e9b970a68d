//! Marked secrets in every place where a credential can be; then every byte that was written is
//! searched for the marks.

use crate::support::program::CommandOutput;
use crate::support::sandbox::{SECRETS, Sandbox, signal};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// In no vendor's shape, so that only who knows the secret can take it out.
const MARK: &str = "MARKED-SECRET";

/// Variables that hold a credential, or might.
const VARIABLES: [&str; 12] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "OPENAI_API_KEY",
    "CODEX_API_KEY",
    "CODEX_ACCESS_TOKEN",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GOOGLE_CLOUD_ACCESS_TOKEN",
    "GITHUB_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "SOME_PASSWORD",
];

const LOGINS: [(&str, &str); 3] = [
    (
        "home/.claude/.credentials.json",
        r#"{"claudeAiOauth":{"accessToken":"MARKED-SECRET-access","refreshToken":"MARKED-SECRET-refresh","expiresAt":4102444800000,"scopes":["user:inference"],"subscriptionType":"max"}}"#,
    ),
    (
        "home/.codex/auth.json",
        r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"MARKED-SECRET-id","access_token":"MARKED-SECRET-access","refresh_token":"MARKED-SECRET-refresh","account_id":"MARKED-SECRET-account"},"last_refresh":"2099-01-01T00:00:00Z"}"#,
    ),
    (
        "home/.gemini/oauth_creds.json",
        r#"{"access_token":"MARKED-SECRET-access","refresh_token":"MARKED-SECRET-refresh","expiry_date":4102444800000}"#,
    ),
];

/// Everything that a child is given in confidence: its key, and its own vendor's login.
const SEEN: &str = "$(/usr/bin/env | /bin/grep MARKED | /usr/bin/tr '\\n\"' '  ') $(case $vendor in \
    claude) /bin/cat $HOME/.claude/.credentials.json ;; \
    codex) /bin/cat ${CODEX_HOME:-$HOME/.codex}/auth.json ;; \
    gemini) /bin/cat $HOME/.gemini/oauth_creds.json ;; esac 2>/dev/null | /usr/bin/tr '\\n\"' '  ')";

fn keys(script: &str) -> Sandbox {
    VARIABLES.iter().fold(Sandbox::new(script), |sandbox, name| sandbox.var(name, &format!("{MARK}-{name}")))
}

fn logins(script: &str) -> Sandbox {
    let sandbox = SECRETS.iter().fold(Sandbox::new(script), |sandbox, (name, _)| sandbox.without(name));
    LOGINS.iter().fold(sandbox, |sandbox, (path, text)| sandbox.file(path, text))
}

/// Puts CLIs on the PATH that tell everything they know, in this way.
fn gossip(sandbox: &Sandbox, tell: &str) {
    for vendor in ["claude", "codex", "gemini"] {
        let path = sandbox.path("bin").join(vendor);
        let script = format!("#!/bin/sh\nvendor={vendor}\nseen=\"{SEEN}\"\n{tell}\n");
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Answers in each vendor's own format.
const ANSWER: &str = r#"
case $vendor in
claude)
  read -r line
  echo '{"type":"system","subtype":"init","session_id":"s","model":"claude-opus-4-8"}'
  echo "{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"I know $seen\"}}}"
  echo "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"I know $seen\"}]}}"
  echo "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"I know $seen\",\"usage\":{}}" ;;
codex)
  /bin/cat >/dev/null
  echo '{"type":"thread.started","thread_id":"t"}'
  echo '{"type":"turn.started"}'
  echo "{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"agent_message\",\"text\":\"I know $seen\"}}"
  echo '{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}' ;;
gemini)
  /bin/cat >/dev/null
  echo "{\"session_id\":\"s\",\"response\":\"I know $seen\",\"stats\":{\"models\":{\"m\":{\"api\":{\"totalRequests\":1},\"tokens\":{\"input\":4,\"prompt\":7,\"candidates\":3,\"total\":12}}}}}" ;;
esac
echo "on the side: $seen" >&2
"#;

/// Fails, in words of its own, on both streams.
const CRASH: &str = "echo \"error: $seen is wrong\"; echo \"error: $seen is wrong\" >&2; exit 3";

/// Fails as the vendor reports failures.
const REPORT: &str = r#"
/bin/cat >/dev/null &
echo "{\"type\":\"error\",\"message\":\"Incorrect API key provided: $seen\"}"
echo "{\"type\":\"turn.failed\",\"error\":{\"message\":\"Incorrect API key provided: $seen\"}}"
echo "{\"type\":\"result\",\"subtype\":\"error_during_execution\",\"is_error\":true,\"result\":\"401 $seen\",\"api_error_status\":401}"
echo "{\"error\":{\"type\":\"Error\",\"message\":\"401 $seen\",\"code\":401}}" >&2
exit 1"#;

/// Half an answer, then silence.
const HALF: &str = r#"
echo "{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"I know $seen\"}}}"
echo "{\"type\":\"item.completed\",\"item\":{\"id\":\"i\",\"type\":\"agent_message\",\"text\":\"I know $seen\"}}"
kill -KILL $$"#;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => all.extend(files(&entry.path())),
            kind if kind.is_file() => all.push(entry.path()),
            // A link to a login is none of ours to look behind.
            _ => {}
        }
    }
    all
}

fn assert_clean_text(what: &str, text: &str) {
    if let Some(at) = text.find(MARK) {
        let from = text[..at].char_indices().rev().nth(120).map_or(0, |(at, _)| at);
        panic!("{what}: {}", &text[from..(at + 60).min(text.len())]);
    }
}

fn assert_clean(sandbox: &Sandbox, line: &str, output: &CommandOutput) {
    assert_clean_text(&format!("{line}: standard output"), &output.stdout);
    assert_clean_text(&format!("{line}: standard error"), &output.stderr);
    let ours: Vec<_> = LOGINS.iter().map(|(path, _)| sandbox.path(path)).chain([sandbox.path("work/.env")]).collect();
    for path in files(&sandbox.path("")).into_iter().filter(|path| !ours.contains(path)) {
        let bytes = fs::read(&path).unwrap();
        assert_clean_text(&format!("{line}: {}", path.display()), &String::from_utf8_lossy(&bytes));
    }
}

/// Everything that can be asked of the program.
const LINES: [&str; 12] = [
    "why -m claude,codex,gemini -v --retries 1",
    "why -m claude,codex,gemini --debug -o json --retries 0",
    "why -m claude,codex -o jsonl --retries 0",
    "why -m claude --debug -v --retries 0",
    "why -m claude,codex --dry-run -o json",
    "doctor",
    "doctor -o json",
    "adapters",
    "config show",
    "runs -o json",
    "why -m claude,codex --billing api --retries 0",
    "why -m claude,codex --billing subscription --retries 0",
];

fn play_everything(sandbox: &Sandbox) {
    for line in LINES {
        let output = sandbox.run(line);
        assert_clean(sandbox, line, &output);
    }
    for journal in sandbox.journals() {
        let name = journal.file_stem().unwrap().to_str().unwrap();
        for what in ["runs show", "replay -v", "resume -v --budget-calls 50"] {
            let line = format!("{what} {name} -o jsonl");
            assert_clean(sandbox, &line, &sandbox.run(&line));
        }
    }
}

#[test]
fn keys_that_are_told_by_nobody_are_written_nowhere() {
    let sandbox = keys("");
    play_everything(&sandbox);
    // Each child has its one credential, and no other.
    let log = sandbox.log();
    assert!(log.len() > 50);
    for one in &log {
        let held: Vec<_> = one["env"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| VARIABLES.contains(&name.as_str()))
            .map(String::as_str)
            .collect();
        assert_eq!(held.len(), 1, "{}: {held:?}", one["vendor"]);
        assert!(!one["argv"].to_string().contains(MARK));
    }
}

#[test]
fn logins_are_written_nowhere() {
    let sandbox = logins("");
    play_everything(&sandbox);
    assert!(sandbox.log().len() > 8);
    for (path, text) in LOGINS {
        assert_eq!(fs::read_to_string(sandbox.path(path)).unwrap(), text, "nothing of ours writes there");
    }
    let names = |folder: &str| fs::read_dir(sandbox.path(folder)).unwrap().count();
    assert_eq!((names("home/.claude"), names("home/.codex"), names("home/.gemini")), (1, 1, 1));
}

#[test]
fn clis_that_repeat_their_keys_are_not_repeated() {
    for tell in [ANSWER, CRASH, REPORT, HALF] {
        let sandbox = keys("");
        gossip(&sandbox, tell);
        play_everything(&sandbox);
    }
}

#[test]
fn clis_that_repeat_their_logins_are_not_repeated() {
    for tell in [ANSWER, CRASH, REPORT, HALF] {
        let sandbox = logins("");
        gossip(&sandbox, tell);
        play_everything(&sandbox);
    }
}

#[test]
fn the_gossips_answers_do_arrive() {
    let sandbox = logins("");
    gossip(&sandbox, ANSWER);
    for vendor in ["claude", "codex"] {
        let output = sandbox.run(&format!("why -m {vendor}"));
        assert_eq!(output.code, Some(0), "{vendor}: {}", output.stderr);
        assert!(output.stdout.contains("[secret]"), "{vendor}: {}", output.stdout);
    }
    // Else the two tests above would search answers that never were.
    let sandbox = keys("");
    gossip(&sandbox, ANSWER);
    for vendor in ["claude", "codex", "gemini"] {
        let output = sandbox.run(&format!("why -m {vendor}"));
        assert_eq!(output.code, Some(0), "{vendor}: {}", output.stderr);
        assert!(output.stdout.contains("I know ") && output.stdout.contains("[secret]"), "{vendor}: {}", output.stdout);
    }
    gossip(&sandbox, CRASH);
    let output = sandbox.run("why -m claude,codex -v --retries 0");
    assert!(output.stderr.contains("[secret]"), "{}", output.stderr);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn no_command_line_of_ours_holds_a_secret() {
    let sandbox = keys("[[rule]]\nactions = ['hang']");
    let child = sandbox.command(["why", "-m", "claude,codex,gemini"]).spawn().unwrap();
    sandbox.wait_for_requests(3);
    let mut seen = 0;
    for (pid, _) in sandbox.processes() {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert_clean_text("a command line", &String::from_utf8_lossy(&words));
        seen += usize::from(!words.is_empty());
    }
    assert!(seen >= 4, "the program and three children: {seen}");
    signal(child.id(), "INT");
    let output = sandbox.wait(child);
    assert_clean(&sandbox, "a run that is stopped", &output);
    sandbox.assert_nothing_left();
}

#[test]
fn a_key_from_a_file_is_a_secret_too() {
    let sandbox = Sandbox::new("").without("OPENAI_API_KEY").file("work/.env", format!("OPENAI_API_KEY={MARK}-file\n"));
    gossip(&sandbox, ANSWER);
    play_everything(&sandbox);
}

/// Answers in claude's format with its key in pieces of these lengths, thinks of it in pieces, and goes on.
fn in_pieces(first: usize, second: usize) -> String {
    format!(
        r#"
read -r line
k=${{ANTHROPIC_API_KEY:-$CLAUDE_CODE_OAUTH_TOKEN}}
cut() {{ printf %s "$k" | /usr/bin/cut -c "$1"; }}
a=$(cut 1-{first}); b=$(cut $(({first} + 1))-$(({first} + {second}))); c=$(cut $(({first} + {second} + 1))-)
echo '{{"type":"system","subtype":"init","session_id":"s","model":"claude-opus-4-8"}}'
for kind in thinking text; do
  for piece in "I know $a" "$b" "$c, and MARKED-S"; do
    echo "{{\"type\":\"stream_event\",\"event\":{{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"${{kind}}_delta\",\"$kind\":\"$piece\"}}}}}}"
  done
done
echo "{{\"type\":\"assistant\",\"message\":{{\"id\":\"m\",\"model\":\"claude-opus-4-8\",\"content\":[{{\"type\":\"text\",\"text\":\"I know $k\"}}]}}}}"
echo "{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"result\":\"I know $k\",\"usage\":{{}}}}"
"#
    )
}

#[test]
fn a_key_that_comes_in_pieces_stands_nowhere() {
    // Every split is put to the test in `call/secrets.rs`; here those of one kind each.
    for (first, second) in [(8, 9), (1, 1), (20, 10), (30, 0)] {
        let sandbox = keys("");
        gossip(&sandbox, &in_pieces(first, second));
        for line in ["why -m claude -o jsonl --retries 0", "why -m claude --debug -o jsonl --retries 0"] {
            let output = sandbox.run(line);
            assert_eq!(output.code, Some(0), "{line}: {}", output.stderr);
            assert_clean(&sandbox, line, &output);
            let events = output.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            let tokens: String = events.filter_map(|event| Some(event["text"].as_str()?.to_owned())).collect();
            assert!(tokens.contains("I know [secret], and MARKED-S"), "{tokens}");
            assert_clean_text("the tokens", &tokens);
        }
        let mut kept = 0;
        for path in files(&sandbox.path("home")).into_iter().filter(|path| path.ends_with("stdout")) {
            let text = fs::read_to_string(&path).unwrap();
            let of = |kind: &str| -> String {
                let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
                lines.filter_map(|line| Some(line["event"]["delta"][kind].as_str()?.to_owned())).collect()
            };
            for kind in ["thinking", "text"] {
                assert_eq!(of(kind), "I know [secret], and MARKED-S", "{kind}");
                kept += 1;
            }
        }
        assert_eq!(kept, 2, "the folder of the second run");
    }
}

#[test]
fn no_line_of_a_key_in_dotenv_is_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nMARKED-SECRET+a=b\nMARKEDSECRET==\n-----END PRIVATE KEY-----";
    for value in [format!("\"{key}\""), format!("'{key}'"), key.to_owned(), format!("\"{key}"), format!("\"{key}\"x")] {
        for name in ["SIGNING_KEY", "ANTHROPIC_API_KEY"] {
            let sandbox = keys("").file("work/.env", format!("{name}={value}\nOPENAI_API_KEY=x\n"));
            let sandbox = if name == "SIGNING_KEY" { sandbox } else { sandbox.without(name) };
            for line in ["doctor", "why -m codex -o jsonl --retries 0", "why -m claude --debug --retries 0"] {
                let output = sandbox.run(line);
                assert_clean(&sandbox, line, &output);
                for path in files(&sandbox.path("")).into_iter().filter(|path| !path.ends_with("work/.env")) {
                    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                    assert!(!text.contains("MARKEDSECRET"), "{}", path.display());
                }
                assert!(!format!("{}{}", output.stdout, output.stderr).contains("MARKEDSECRET"), "{}", output.stderr);
            }
        }
    }
}
