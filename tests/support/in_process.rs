//! Whole runs within this process, with real children: for what only a library can do, such as a
//! clock of one's own or five hundred runs in a row.

use super::sandbox::Sandbox;
use refinery_core::app::draft::Draft;
use refinery_core::app::execute::{Begin, ProgramEnv, execute};
use refinery_core::app::prepare::{self, Ready};
use refinery_core::cli::args::{Command, asked};
use refinery_core::cli::parse::parse;
use refinery_core::engine::{Clock, Listener, stop_channel};
use refinery_core::host::folders::Folders;
use refinery_core::host::machine::{LETTERS, Machine, now, random};
use refinery_core::host::stdin::Stdin;
use refinery_core::invocation::StopLevel;
use refinery_core::outcome::Finished;
use refinery_core::process::{Marker, Supervisor, Watchdog};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use tokio::sync::watch;

/// The machine that a sandbox's environment makes.
fn machine(env: BTreeMap<String, String>, cwd: &Path) -> Machine {
    let folders = Folders::of(&env, None);
    let stdin = Stdin::of(std::fs::File::open("/dev/null").unwrap());
    Machine { env, folders, cwd: cwd.to_owned(), stdin, now: now(), dotenv: BTreeSet::new(), warnings: Vec::new() }
}

/// What a command line comes to before programs are looked for, as text; or what is wrong with it.
pub fn draft(sandbox: &Sandbox, line: &str) -> Result<String, String> {
    let words = shell_words::split(&format!("refinery {line}")).unwrap();
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let cli = parse(&words, false).map_err(|refused| format!("{refused:?}"))?;
    let (request, _) = match &cli.command {
        None => asked(&cli.run),
        Some(Command::Ask(args)) => asked(&args.0),
        Some(_) => panic!("{line}"),
    }
    .map_err(|error| error.to_string())?;
    let mut machine = machine(sandbox.surroundings(), &sandbox.path("work"));
    let settings = prepare::load(&request, &machine).map_err(|error| error.to_string())?.settings;
    let draft = Draft::of(request, settings, &mut machine, &mut Vec::new()).map_err(|error| error.to_string())?;
    Ok(format!("{:?} {:?} {:?}", draft.drawn, draft.input, draft.settings))
}

/// The run that a command line asks for, ready to begin.
pub fn prepare_run(env: BTreeMap<String, String>, cwd: &Path, line: &str) -> Ready {
    let words: Vec<_> = [vec!["refinery".to_owned()], shell_words::split(line).unwrap()].concat();
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let Ok(cli) = parse(&words, false) else { panic!("{line}") };
    let (request, _) = match &cli.command {
        None => asked(&cli.run),
        Some(Command::Ask(args)) => asked(&args.0),
        Some(_) => panic!("{line}"),
    }
    .unwrap();
    let mut machine = machine(env, cwd);
    let settings = prepare::load(&request, &machine).unwrap().settings;
    prepare::prepare(request, settings, &mut machine, &mut Vec::new()).unwrap()
}

/// What all runs of one process share, under the real watchdog; they stop when the sender says so.
pub fn program_env(clock: Clock) -> (ProgramEnv, watch::Sender<StopLevel>) {
    let marker = Marker::new(format!("test-{}", random(&LETTERS, 12)));
    let watchdog = Watchdog::start(Path::new(env!("CARGO_BIN_EXE_refinery")), &["__watchdog"], &marker).unwrap();
    let (sender, stop) = stop_channel();
    let supervisor = Supervisor::new(marker).with_watchdog(watchdog);
    (ProgramEnv { supervisor, stop, clock, notice: Arc::new(|_| {}) }, sender)
}

/// Makes the run.
pub fn execute_run(ready: &Ready, clock: Clock, listener: Listener<'_>) -> Finished {
    let (env, _stop) = program_env(clock);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(execute(ready, Begin::Anew, &env, listener)).unwrap()
}

/// The wall clock.
pub fn wall_clock() -> Clock {
    Arc::new(now)
}

impl Sandbox {
    /// The environment of its programs.
    pub fn env(&self) -> BTreeMap<String, String> {
        let command = self.command(["unused"]);
        let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
        command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect()
    }

    /// Runs the other half of a test, an ignored one, as a process of its own in this sandbox: what
    /// it needs of a process (memory, descriptors, the folder for temporary files) is its own then.
    /// `before` is a line of shell that sets its stage.
    pub fn run_ignored_test(&self, test: &str, before: &str) -> String {
        let mut command = std::process::Command::new("/bin/sh");
        let line = format!("{before}; exec \"$0\" --ignored --exact {test} --nocapture");
        command.arg("-c").arg(line).arg(std::env::current_exe().unwrap());
        command.env_clear().envs(self.env()).env("RUST_BACKTRACE", "1").current_dir(self.path("work"));
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains("1 passed"), "no such test: {text}");
        self.assert_nothing_left();
        text
    }
}

/// The environment of this process, for the other half of a test.
pub fn own_env() -> BTreeMap<String, String> {
    std::env::vars().collect()
}
