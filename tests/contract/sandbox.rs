//! The real `refinery` program on a person's machine, with the real CLIs and the loopback.

use super::installed::Cli;
use super::loopback::{Answer, Loopback, Request};
use super::user_home::{UserHome, chatgpt_on_loopback, node, text};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The keys of somebody who pays per use, by the names that people know.
pub const KEYS: [&str; 3] = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY"];

/// What every key holds.
pub const SECRET: &str = "loopback-secret-5f1c";

/// A person, and all vendors at one address.
pub struct Sandbox {
    /// Whose machine it is.
    pub user: UserHome,
    /// The vendors.
    pub server: Loopback,
    env: Vec<(String, String)>,
    args: Vec<String>,
}

impl Sandbox {
    /// Somebody without any credential.
    pub fn new(script: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self { user: UserHome::new(), server: Loopback::start(script), env: Vec::new(), args: Vec::new() }
    }

    /// Sets a variable.
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    /// Gives them a key for each vendor.
    pub fn with_keys(self) -> Self {
        KEYS.into_iter().fold(self, |sandbox, name| sandbox.var(name, SECRET))
    }

    /// Logs them in everywhere, and keeps what the logins do on the loopback: by the configuration, and by a
    /// manifest of their own.
    pub fn with_logins(mut self) -> Self {
        for cli in Cli::ALL {
            self.user.log_in(cli);
        }
        let quoted = |text: &str| Value::from(text).to_string();
        let url = self.server.url();
        let (program, prefix) = self.user.google_on_loopback(&url);
        let prefix: Vec<_> = prefix.iter().map(|arg| quoted(arg)).collect();
        self.user.write(
            "home/.config/refinery/config.toml",
            format!(
                "[adapters.gemini]\nprogram = {}\nprogram_args = [{}]\n",
                quoted(&text(&program)),
                prefix.join(", ")
            ),
        );
        let codex = include_str!("../../adapters/codex.toml");
        let at = "[\"-c\", 'model_provider=\"refinery\"'],";
        assert!(codex.contains(at));
        let group: Vec<_> = chatgpt_on_loopback(&url).iter().map(|arg| quoted(arg)).collect();
        self.user.write("codex.toml", codex.replace(at, &format!("{at} [{}],", group.join(", "))));
        self.args.extend(["--adapter".to_owned(), text(&self.user.path("codex.toml"))]);
        self.var("GOOGLE_CLOUD_PROJECT", "loopback-project")
    }

    /// The program, in their working directory and environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let bin = Cli::Claude.program().parent().unwrap().to_owned();
        let node = node().parent().unwrap().to_owned();
        let path = std::env::join_paths([bin, node, "/usr/bin".into(), "/bin".into()]).unwrap();
        let url = self.server.url();
        let mut command = Command::new(env!("CARGO_BIN_EXE_refinery"));
        command
            .args(args)
            .args(&self.args)
            .current_dir(self.user.path("work"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.user.home())
            .env("TMPDIR", self.user.path("tmp"))
            .env("ANTHROPIC_BASE_URL", &url)
            .env("OPENAI_BASE_URL", format!("{url}/v1"))
            .env("GOOGLE_GEMINI_BASE_URL", &url)
            .env("CODE_ASSIST_ENDPOINT", &url)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> CommandOutput {
        CommandOutput::of(&self.command(args).output().unwrap())
    }

    /// Waits until nothing runs any more that this stage started, and checks that nothing lies about.
    ///
    /// # Panics
    /// Something runs, or a scratch folder lies there, after half a minute.
    pub fn assert_nothing_left(&self) {
        let root = text(&self.user.path(""));
        let patience = Instant::now();
        loop {
            // The watchdog, which carries nothing of ours, removes folders after it has ended everybody.
            let tmp = std::fs::read_dir(self.user.path("tmp")).unwrap();
            let left: Vec<_> = tmp.map(|entry| text(&entry.unwrap().path())).chain(running_with(&root)).collect();
            if left.is_empty() {
                return;
            }
            assert!(patience.elapsed() < Duration::from_secs(30), "still there: {left:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What the program showed.
#[derive(Debug)]
pub struct CommandOutput {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub code: Option<i32>,
}

impl CommandOutput {
    /// Reads a finished program.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { stdout: text(&output.stdout), stderr: text(&output.stderr), code: output.status.code() }
    }

    /// Standard output as one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The document of a run, which is the last that it writes; every line before it is an event.
    ///
    /// # Panics
    /// Something is not what was published for it.
    pub fn document(&self) -> Value {
        let mut lines = self.events();
        let document = lines.pop().unwrap_or_else(|| panic!("nothing was written: {self:#?}"));
        assert_valid("outcome", &document);
        lines.iter().for_each(|line| assert_valid("event", line));
        document
    }

    /// Everything that it wrote for programs: events, if these were asked for, and the document.
    pub fn events(&self) -> Vec<Value> {
        let read: Result<_, _> = serde_json::Deserializer::from_str(&self.stdout).into_iter().collect();
        read.unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Checks that no secret was shown.
    pub fn assert_secrets_kept(&self) {
        assert!(!self.stdout.contains(SECRET) && !self.stderr.contains(SECRET), "{self:#?}");
    }
}

/// Holds something that was written for programs against its published schema.
fn assert_valid(name: &str, document: &Value) {
    let schema = refinery_core::cli::inspect::schema::of(name).unwrap();
    let faults = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> =
        faults.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{name}: {faults:#?}\n{document:#}");
}

/// Command lines of all processes that carry a path in their environment or arguments, or work below it:
/// everything that a stage starts does.
fn running_with(path: &str) -> Vec<String> {
    // Linux says it in files, other systems by ps.
    let Ok(entries) = std::fs::read_dir("/proc/self").and_then(|_| std::fs::read_dir("/proc")) else {
        let listed = Command::new("ps").args(["axeww", "-o", "command="]).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        return listed.lines().filter(|line| line.contains(path)).map(str::to_owned).collect();
    };
    let holds = |file: &Path| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).contains(path);
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|process| {
            let below = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(path));
            below || holds(&process.join("environ")) || holds(&process.join("cmdline"))
        })
        .map(|process| {
            let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).replace('\0', " ")
        })
        .collect()
}
