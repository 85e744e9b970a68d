//! The real binary in a home of its own: command lines in, one readable block out.

use super::folder::TestFolder;
use super::schemas;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A home, a working directory and a PATH that hold nothing but what a test puts there.
pub struct Desk {
    root: TestFolder,
    env: Vec<(String, String)>,
}

const DRAWN: [(&str, &str); 4] = [
    (r#""run_id": "[0-9a-z-]+""#, r#""run_id": "20261121-100500-abcdef""#),
    (r#""created_at": \d+"#, r#""created_at": 1795255500000"#),
    (r#""nonce_root": "[0-9a-f]{32}""#, r#""nonce_root": "00000000000000000000000000000000""#),
    (r#""seed": \d+"#, r#""seed": 7"#),
];

/// What a command line brought.
pub struct CommandOutput {
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Desk {
    pub fn new() -> Self {
        let root = TestFolder::new("desk-");
        for folder in ["home/.config/refinery/adapters", "work", "bin"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self { root, env: Vec::new() }
    }

    /// A path below the desk: `home/…`, `work/…`, `bin/…`.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Puts a file there.
    pub fn file(self, below: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    /// Puts a program on the PATH; it says its version, and fails if it is run for anything else.
    pub fn program(self, name: &str) -> Self {
        let path = format!("bin/{name}");
        let desk = self.file(
            &path,
            "#!/bin/sh\n[ \"$*\" = --version ] && echo 2.1.197 && exit\necho \"$0 was run\" >&2\nexit 99\n",
        );
        fs::set_permissions(desk.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
        desk
    }

    /// Sets a variable.
    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a command line, `refinery` left out, with nothing on standard input.
    pub fn run(&self, line: &str) -> CommandOutput {
        self.run_with(line, Stdio::null(), b"")
    }

    /// Runs it with a pipe on standard input that holds `input`.
    pub fn pipe(&self, line: &str, input: &[u8]) -> CommandOutput {
        self.run_with(line, Stdio::piped(), input)
    }

    fn run_with(&self, line: &str, stdin: Stdio, input: &[u8]) -> CommandOutput {
        let mut child = self.command(line).stdin(stdin).spawn().unwrap();
        if let Some(mut pipe) = child.stdin.take() {
            let input = input.to_vec();
            // Who does not read it closes it early: that is not this test's business.
            std::thread::spawn(move || drop(pipe.write_all(&input)));
        }
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| self.redact(&String::from_utf8(bytes).unwrap());
        let shown =
            CommandOutput { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code() };
        schemas::check(line, &shown);
        shown
    }

    /// The command itself, its output captured.
    pub fn command(&self, line: &str) -> Command {
        let mut command = refinery();
        command
            .args(shell_words::split(line).unwrap())
            .current_dir(self.path("work"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", self.path("bin"))
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Each line's result as a block, one after the other.
    pub fn blocks(&self, lines: &[&str]) -> String {
        lines.iter().map(|line| self.run(line).block(line)).collect::<Vec<_>>().join("\n")
    }

    fn redact(&self, text: &str) -> String {
        let real = |path: &Path| path.canonicalize().unwrap().display().to_string();
        let text =
            text.replace(&real(self.root.path()), "[DESK]").replace(&self.root.path().display().to_string(), "[DESK]");
        // What is drawn anew for every plan.
        DRAWN.iter().fold(text, |text, (drawn, fixed)| {
            regex_lite::Regex::new(drawn).unwrap().replace_all(&text, *fixed).into_owned()
        })
    }
}

impl CommandOutput {
    /// Command line, standard output, standard error and exit code, as one text.
    pub fn block(&self, line: &str) -> String {
        let stream = |name, text: &str| if text.is_empty() { String::new() } else { format!("--- {name}\n{text}") };
        let (out, err) = (stream("stdout", &self.stdout), stream("stderr", &self.stderr));
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        format!("$ refinery {line}\n{out}{err}--- exit code {code}\n")
    }
}

/// The program, with the signals that a person at a terminal has: below `nohup`, or in the background of a script, they
/// are ignored, and ignored signals stay ignored.
pub fn refinery() -> Command {
    let program = env!("CARGO_BIN_EXE_refinery");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    // HUP, INT, QUIT and TERM are 1, 2, 3 and 15.
    if ignored.unwrap_or(0) & 0x4007 == 0 {
        return Command::new(program);
    }
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal", program]);
    command
}
