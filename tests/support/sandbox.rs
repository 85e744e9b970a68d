//! The real binary with fakes for the vendors' programs: a run from command line to exit code,
//! and what it leaves behind.

use super::fakes;
use super::folder::TestFolder;
use super::program::CommandOutput;
use super::program::refinery;
use super::schemas;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any of these runs takes on the slowest machine: whoever meets it hangs.
pub const LONG: Duration = Duration::from_secs(180);

/// The keys that fakes are given; none of them may be seen anywhere.
pub const SECRETS: [(&str, &str); 3] = [
    ("ANTHROPIC_API_KEY", "sk-ant-api03-WATCHWORD"),
    ("OPENAI_API_KEY", "sk-proj-WATCHWORD"),
    ("GEMINI_API_KEY", "AIzaWATCHWORD"),
];

/// A home, a working directory, a folder for temporary files and three vendors' programs, all of
/// them in one place that nobody else has.
pub struct Sandbox {
    root: TestFolder,
    env: Vec<(String, String)>,
}

impl Sandbox {
    /// With a script. Every request is written to its log, prompts included.
    pub fn new(script: &str) -> Self {
        let root = TestFolder::new("refinery-test-");
        for folder in ["home", "work", "bin", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let sandbox = Self { root, env: Vec::new() };
        let script = format!("log = {{ file = 'log.jsonl', prompts = true }}\nstate = 'state'\n{script}");
        let script = within_reach(&script);
        fs::write(sandbox.path("script.toml"), script).unwrap();
        fakes::install(&sandbox.path("bin"), &sandbox.path("script.toml")).unwrap();
        let sandbox = sandbox.var("REFINERY_MARK_CALLS", "1");
        // The same tests, with CLIs that are kept.
        let transport = std::env::var("REFINERY_TEST_TRANSPORT").ok();
        let sandbox = transport.into_iter().fold(sandbox, |sandbox, mode| sandbox.var("REFINERY_TRANSPORT", &mode));
        SECRETS.into_iter().fold(sandbox, |sandbox, (name, value)| sandbox.var(name, value))
    }

    /// A path below: `home/…`, `work/…`, `bin/…`, `tmp/…`.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(below)
    }

    /// Puts a file there.
    pub fn file(self, below: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
        self
    }

    /// Sets a variable.
    pub fn var(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable away.
    pub fn without(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// Takes a vendor's program away.
    pub fn without_program(self, program: &str) -> Self {
        fs::remove_file(self.path("bin").join(program)).unwrap();
        self
    }

    /// The command, in a process group of its own, its output captured, nothing on standard input.
    pub fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = refinery();
        command
            .args(words)
            .current_dir(self.path("work"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", self.path("bin"))
            .env("TMPDIR", self.path("tmp"))
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The environment that a person in this place has.
    pub fn surroundings(&self) -> BTreeMap<String, String> {
        let place = |below: &str| self.path(below).display().to_string();
        let own = [("HOME", place("home")), ("PATH", place("bin")), ("TMPDIR", place("tmp"))];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.env.iter().cloned()).collect()
    }

    /// Runs a command line to its end, and looks that nothing is left.
    pub fn run(&self, line: &str) -> CommandOutput {
        self.run_with_stdin(line, None)
    }

    /// The same with a pipe on standard input that holds `input`.
    pub fn run_with_stdin(&self, line: &str, input: Option<&[u8]>) -> CommandOutput {
        let mut command = self.command(shell_words::split(line).unwrap());
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().unwrap();
        if let Some(mut pipe) = child.stdin.take() {
            let input = input.unwrap_or_default().to_vec();
            // Who does not read it closes it early: that is not this test's business.
            std::thread::spawn(move || drop(pipe.write_all(&input)));
        }
        let shown = self.wait(child);
        self.assert_nothing_left();
        schemas::check(line, &shown);
        shown
    }

    /// Runs a command line through a shell, after a line of shell.
    pub fn run_after(&self, before: &str, line: &str) -> CommandOutput {
        let shown = self.wait(self.start_after(before, line));
        self.assert_nothing_left();
        shown
    }

    /// The same, and does not wait for its end.
    pub fn start_after(&self, before: &str, line: &str) -> Child {
        let model = self.command(["unused"]);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{before}; exec {} {line}", env!("CARGO_BIN_EXE_refinery"))]);
        command.env_clear().envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(self.path("work")).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Waits for the end of a run.
    pub fn wait(&self, child: Child) -> CommandOutput {
        let group = child.id();
        let (sender, done) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = done.recv_timeout(LONG) else {
            signal(group, "KILL");
            panic!("the run hangs; {} are there: {:?}", self.processes().len(), self.processes());
        };
        let output = output.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().or_else(|| output.status.signal().map(|signal| -signal));
        CommandOutput { stdout: text(output.stdout), stderr: text(output.stderr), code }
    }

    /// What the fakes wrote down, requests only.
    pub fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("log.jsonl")).unwrap_or_default();
        // The last line may still be on its way.
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        // Who is killed while it writes leaves half a line, and the next one goes on behind it. What
        // looks like a beginning within a prompt or an argument has its quotes escaped.
        let whole = whole.map(|line| &line[line.rfind(r#"{"at_ms":"#).unwrap_or(0)..]);
        let lines = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line.get("phase").is_some()).collect()
    }

    /// Waits until the fakes have written down so many requests.
    pub fn wait_for_requests(&self, count: usize) {
        eventually(&format!("request {count}"), || self.log().len() >= count);
    }

    /// Every process that has this place in its command line or environment: the program, its
    /// watchdog, fakes, what they started.
    pub fn processes(&self) -> Vec<(i32, String)> {
        let place = self.path("").display().to_string();
        let place = place.trim_end_matches('/');
        everybody().into_iter().filter(|(_, words)| words.contains(place)).collect()
    }

    /// Nothing runs any more, and the folder for temporary files is empty. Who was told to go may
    /// take a moment; who was not would stay.
    pub fn assert_nothing_left(&self) {
        let began = Instant::now();
        loop {
            let processes = self.processes();
            let files: Vec<_> =
                fs::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            if processes.is_empty() && files.is_empty() {
                return;
            }
            assert!(began.elapsed() < LONG, "left behind: {processes:?}, {files:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What was shown, with everything that differs from run to run replaced.
    pub fn redacted(&self, shown: &CommandOutput, line: &str) -> String {
        let place = self.path("").display().to_string();
        shown.block(line).replace(place.trim_end_matches('/'), "[PLACE]")
    }
}

/// Only Linux tells which processes carry a run's marker: elsewhere nothing finds those that left their group,
/// and grandchildren stay in it.
#[cfg(target_os = "linux")]
fn within_reach(script: &str) -> String {
    script.to_owned()
}

#[cfg(not(target_os = "linux"))]
fn within_reach(script: &str) -> String {
    if script.contains("own_session = true") {
        let words = b"\nNOT TRIED: grandchildren that leave their process group, which only Linux finds\n";
        std::io::stderr().write_all(words).unwrap();
    }
    script.replace("own_session = true", "own_session = false")
}

/// Number, command line and environment of every process that we may look at.
#[cfg(target_os = "linux")]
fn everybody() -> Vec<(i32, String)> {
    let own = i32::try_from(std::process::id()).unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let others = numbers.filter(|pid: &i32| *pid != own);
    let words = |pid: i32, what| {
        let bytes = fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    };
    others.map(|pid| (pid, words(pid, "cmdline") + &words(pid, "environ"))).collect()
}

#[cfg(not(target_os = "linux"))]
fn everybody() -> Vec<(i32, String)> {
    let output = Command::new("ps").args(["-axwwE", "-o", "pid=,command="]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let (pid, words) = line.trim().split_once(' ')?;
        Some((pid.parse().ok()?, words.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

/// The watchdog that a program has now.
#[cfg(target_os = "linux")]
pub fn watchdog_of(parent: u32) -> Option<u32> {
    let of = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut stat = stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned);
        Some((stat.next()?, stat.next()?))
    };
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let mut living = all.filter(|pid| of(pid).is_some_and(|(state, by)| state != "Z" && by == parent.to_string()));
    living
        .find(|pid| fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|words| words.contains("__watchdog")))
}

/// Sends a signal to a process of ours.
pub fn signal(pid: u32, name: &str) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = match name {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        "HUP" => Signal::HUP,
        "KILL" => Signal::KILL,
        "STOP" => Signal::STOP,
        other => panic!("{other}"),
    };
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

/// Waits until something is so. That it will be is what the test asserts.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < LONG, "never came: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The one document on standard output.
pub fn document(shown: &CommandOutput) -> Value {
    serde_json::from_str(&shown.stdout).unwrap_or_else(|error| panic!("{error}: {}", shown.stdout))
}
