//! Runs shell scripts as real children under the supervisor, and looks that none is left.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use refinery_core::invocation::{
    Capture, EnvValue, Exit, Flow, Invocation, Limits, Line, Piece, StdinClose, StopLevel, Stream, Turn,
};
use refinery_core::process::{Marker, Scratch, Supervisor, Watchdog};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Longer than any test takes: a test that meets it has failed.
pub const LONG: Duration = Duration::from_secs(120);

/// Clocks that do not matter.
pub const UNLIMITED: Limits = Limits { hard: LONG, first_byte: None, idle: None };

/// A marker that no other test has.
pub fn marker() -> Marker {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    Marker::new(format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// Numbers of all processes that carry a marker and still run.
#[cfg(target_os = "linux")]
pub fn carriers(marker: &Marker) -> Vec<i32> {
    let entry = format!("{}={}", marker.name, marker.value);
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| process.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|variable| variable == entry.as_bytes())
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
pub fn carriers(marker: &Marker) -> Vec<i32> {
    let entry = format!("{}={}", marker.name, marker.value);
    let told = std::process::Command::new("ps").args(["-axwwE", "-o", "pid=,command="]).output().unwrap();
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let carries = |line: &&str| line.split(' ').any(|word| word == entry);
    told.lines().filter(carries).filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

/// Waits until something is so. That it will be is what the test asserts.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !so() {
        assert!(began.elapsed() < LONG, "never came: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A killed process takes a moment to go; one that was not killed stays.
pub fn assert_nobody_left(marker: &Marker) {
    eventually(&format!("the end of every process of {marker:?}"), || carriers(marker).is_empty());
}

/// A script, its scratch folder, and how it is run.
pub struct Script {
    pub scratch: Scratch,
    pub inv: Invocation,
    pub marker: Marker,
    pub limits: Limits,
    pub input: Vec<Piece>,
    pub watchdog: Option<Watchdog>,
}

/// What a child did.
#[derive(Debug)]
pub struct Done {
    pub exit: Exit,
    pub lines: Vec<Line>,
}

impl Done {
    /// The lines of standard output.
    pub fn stdout(&self) -> Vec<&str> {
        texts(&self.lines, Stream::Stdout)
    }

    /// The lines of standard error.
    pub fn stderr(&self) -> Vec<&str> {
        texts(&self.lines, Stream::Stderr)
    }
}

fn texts(lines: &[Line], stream: Stream) -> Vec<&str> {
    lines.iter().filter(|line| line.stream == stream).map(|line| line.text.as_str()).collect()
}

impl Script {
    /// `/bin/sh -c SCRIPT` in a scratch folder.
    pub fn new(script: &str) -> Self {
        Self::program("/bin/sh", &["-c", script])
    }

    /// Any program.
    pub fn program(program: impl Into<PathBuf>, args: &[&str]) -> Self {
        let scratch = Scratch::create(None, "refinery-test-").unwrap();
        let inv = Invocation {
            program: program.into(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            env: BTreeMap::from([("PATH".to_owned(), EnvValue::Plain("/usr/bin:/bin:/usr/sbin:/sbin".to_owned()))]),
            cwd: scratch.path().join("cwd"),
            folders: Vec::new(),
            files: Vec::new(),
            links: Vec::new(),
            stdin: StdinClose::AfterPrompt,
            stdout: Capture::Pipe,
            stderr: Capture::Pipe,
            leave: LONG,
        };
        Self { scratch, inv, marker: marker(), limits: UNLIMITED, input: Vec::new(), watchdog: None }
    }

    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub fn input(mut self, text: &str) -> Self {
        self.input.push(Piece::Raw(text.into()));
        self
    }

    /// A file in the working directory: how scripts and tests wait for each other.
    pub fn file(&self, name: &str) -> PathBuf {
        self.inv.cwd.join(name)
    }

    pub fn supervisor(&self) -> Supervisor {
        let supervisor = Supervisor::new(self.marker.clone());
        match &self.watchdog {
            Some(watchdog) => supervisor.with_watchdog(watchdog.clone()),
            None => supervisor,
        }
    }

    pub fn turn(&self) -> Turn {
        Turn { input: self.input.clone(), limits: Some(self.limits) }
    }

    /// Runs it to its end.
    pub async fn run(&self) -> Done {
        self.run_with(|_| Flow::More).await
    }

    /// Runs it with a codec.
    pub async fn run_with(&self, codec: impl FnMut(&Line) -> Flow + Send) -> Done {
        self.run_until(never(), codec).await
    }

    /// Runs it with a codec and a stop, and looks that nobody is left.
    pub async fn run_until(&self, stop: watch::Receiver<StopLevel>, codec: impl FnMut(&Line) -> Flow + Send) -> Done {
        let done = self.run_and_leave(stop, codec).await;
        assert_nobody_left(&self.marker);
        done
    }

    /// The same without the look.
    pub async fn run_and_leave(
        &self,
        stop: watch::Receiver<StopLevel>,
        mut codec: impl FnMut(&Line) -> Flow + Send,
    ) -> Done {
        let mut lines = Vec::new();
        let exit = self
            .supervise(stop, |line| {
                let flow = codec(&line);
                lines.push(line);
                flow
            })
            .await;
        Done { exit, lines }
    }

    /// The bare run of one turn.
    pub async fn supervise(
        &self,
        stop: watch::Receiver<StopLevel>,
        mut lines: impl FnMut(Line) -> Flow + Send,
    ) -> Exit {
        self.scratch.materialise(&self.inv).unwrap();
        let (turns, receiver) = mpsc::unbounded_channel();
        turns.send(self.turn()).unwrap();
        self.supervisor().supervise(&self.inv, receiver, stop, &mut lines).await
    }
}

/// A stop that never comes.
pub fn never() -> watch::Receiver<StopLevel> {
    watch::channel(StopLevel::Run).1
}

/// Holds the clock of a runtime that was started with `start_paused`: it moves only when told to,
/// however long children take.
pub struct FrozenClock(#[expect(dead_code, reason = "dropping it lets the thread go")] std::sync::mpsc::Sender<()>);

impl FrozenClock {
    pub fn new() -> Self {
        let (held, thread) = std::sync::mpsc::channel();
        // tokio does not advance a paused clock by itself while a blocking task runs.
        tokio::task::spawn_blocking(move || thread.recv());
        Self(held)
    }
}

/// Writes an executable script file.
pub fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
