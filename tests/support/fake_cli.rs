//! Runs the fake as a real subprocess, in an empty environment, with a script of its own.

use super::fakes::FAKE_CLI;
use super::folder::TestFolder;
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Arguments as the adapters give them.
pub const CLAUDE: &[&str] = &[
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--tools",
    "",
    "--setting-sources",
    "",
    "--strict-mcp-config",
    "--disable-slash-commands",
    "--no-session-persistence",
    "--model",
    "opus",
    "--effort",
    "high",
    "--include-partial-messages",
];
pub const CODEX: &[&str] = &[
    "exec",
    "--json",
    "--ephemeral",
    "--ignore-user-config",
    "--ignore-rules",
    "--skip-git-repo-check",
    "-s",
    "read-only",
    "--color",
    "never",
    "-m",
    "gpt-5.5",
    "-c",
    "model_reasoning_effort=\"low\"",
    "-",
];
pub const GEMINI: &[&str] = &["-m", "gemini-2.5-flash", "-o", "json", "-e", "none"];

/// A folder with a script in it.
pub struct FakeCli {
    pub folder: TestFolder,
}

/// What a fake did.
pub struct CliOutput {
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
}

impl CliOutput {
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// Standard output as JSON lines.
    pub fn events(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl FakeCli {
    pub fn new(script: &str) -> Self {
        let fake = Self { folder: TestFolder::new("fake-") };
        std::fs::write(fake.script(), script).unwrap();
        fake
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn script(&self) -> PathBuf {
        self.path().join("script.toml")
    }

    /// The lines of the script's log.
    pub fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path().join("log.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a fake with three pipes.
    pub fn spawn(&self, vendor: &str, argv: &[&str]) -> Child {
        self.start(None, vendor, argv)
    }

    fn start(&self, call: Option<&str>, vendor: &str, argv: &[&str]) -> Child {
        Command::new(FAKE_CLI)
            .args(["--as", vendor, "--script"])
            .arg(self.script())
            .arg("--")
            .args(argv)
            .env_clear()
            .env("GEMINI_CLI_TRUST_WORKSPACE", "true")
            .env("GEMINI_CLI_HOME", self.path())
            .envs(call.map(|call| ("REFINERY_CALL", call)))
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Asks once, in the vendor's own way, and waits for the end. `claude` is asked in one line, and
    /// its input is closed only when the `result` line is there.
    pub fn ask(&self, vendor: &str, argv: &[&str], prompt: &str) -> CliOutput {
        Self::exchange(self.spawn(vendor, argv), argv, prompt)
    }

    /// The same for the call of that id.
    pub fn ask_call(&self, call: &str, vendor: &str, argv: &[&str], prompt: &str) -> CliOutput {
        Self::exchange(self.start(Some(call), vendor, argv), argv, prompt)
    }

    fn exchange(mut child: Child, argv: &[&str], prompt: &str) -> CliOutput {
        let mut stdin = child.stdin.take().unwrap();
        let stays = argv.windows(2).any(|pair| pair == ["--input-format", "stream-json"]);
        let input = if stays { user_line(prompt) } else { prompt.to_owned() };
        let writer = std::thread::spawn(move || {
            // A child that does not read is one of the things that are tested.
            let _ = stdin.write_all(input.as_bytes());
            stays.then_some(stdin)
        });
        let mut err = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            err.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let mut out = child.stdout.take().unwrap();
        let mut stdout = Vec::new();
        if stays {
            read_until_result(&mut out, &mut stdout);
        }
        drop(writer.join().unwrap());
        out.read_to_end(&mut stdout).unwrap();
        let status = child.wait().unwrap();
        CliOutput { stdout, stderr: errors.join().unwrap(), code: status.code(), signal: status.signal() }
    }
}

/// One line of stream-json input.
pub fn user_line(prompt: &str) -> String {
    let message = serde_json::json!({"type": "user", "message": {"role": "user", "content": prompt}});
    format!("{message}\n")
}

/// Reads up to and with the first whole line that is a `result` event, or to the end.
fn read_until_result(out: &mut impl Read, bytes: &mut Vec<u8>) {
    let mut block = [0; 8192];
    loop {
        let size = out.read(&mut block).unwrap();
        bytes.extend_from_slice(&block[..size]);
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text = String::from_utf8_lossy(&bytes[..whole]);
        if size == 0 || text.lines().any(|line| line.contains("\"type\":\"result\"")) {
            return;
        }
    }
}
