//! `refinery demo`: a run whose vendors' programs are stand-ins, and everything else is real.

use super::args::{DemoArgs, RunArgs, entry};
use super::settings::{self, Loaded};
use crate::adapter::Program;
use crate::config::{AdapterKey, Entry, Key, Origin, Path, Source};
use crate::error::Error;
use crate::host::stdin::Stdin;
use crate::host::{Folders, Machine};
use crate::standin::demo;
use std::collections::BTreeMap;
use std::io::Write;

/// The same labels and orders every time: two people who watch it see the same.
const SEED: &str = "7";

/// Everything that a demo needs, as if somebody had typed and configured it.
#[derive(Debug)]
pub struct Stage {
    /// What would have been typed.
    pub args: RunArgs,
    /// A machine on which the stand-ins are installed, and nothing else.
    pub machine: Machine,
    /// The settings that put them there.
    pub loaded: Loaded,
    /// Holds the scene while the demo plays.
    pub scene: tempfile::NamedTempFile,
}

/// Sets the stage.
///
/// # Errors
/// The scene cannot be written, or this program cannot be found again.
pub fn stage(args: &DemoArgs, real: &Machine) -> Result<Stage, Error> {
    let failed = |what: &str, error: std::io::Error| Error::failed(format!("{what}: {error}"));
    let mut scene = tempfile::Builder::new()
        .prefix("refinery-demo-")
        .suffix(".toml")
        .tempfile()
        .map_err(|error| failed("the scene cannot be written", error))?;
    scene.write_all(demo::scene().as_bytes()).map_err(|error| failed("the scene cannot be written", error))?;
    let exe = std::env::current_exe().map_err(|error| failed("this program cannot be found", error))?;
    let programs = demo::programs(&exe, scene.path());
    let mut entries: Vec<Entry> =
        programs.iter().flat_map(|(adapter, program)| place(adapter.as_str(), program)).collect();
    let models: Vec<String> = programs.keys().map(ToString::to_string).collect();
    entries.push(entry(Key::Models, models));
    entries.push(entry(Key::Seed, vec![SEED.to_owned()]));
    entries.extend(args.output_format.clone().map(|format| entry(Key::OutputFormat, vec![format])));
    entries.extend(args.verbose.then(|| entry(Key::Verbose, vec!["true".to_owned()])));
    let machine = Machine {
        env: environment(),
        folders: Folders { state: real.folders.state.clone(), ..Folders::default() },
        cwd: real.cwd.clone(),
        stdin: Stdin::made_up(std::io::empty(), false),
        stderr_is_terminal: real.stderr_is_terminal,
        now: real.now,
        warnings: Vec::new(),
    };
    let loaded = settings::load(&machine, None, entries)?;
    let args = RunArgs { prompt: Some(demo::question()), ..RunArgs::default() };
    Ok(Stage { args, machine, loaded, scene })
}

/// Keys that nobody checks: without one no adapter would begin.
fn environment() -> BTreeMap<String, String> {
    ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"].map(|name| (name.to_owned(), "demo".to_owned())).into()
}

fn place(adapter: &str, program: &Program) -> [Entry; 2] {
    let entry = |key, values| Entry {
        path: Path::Adapter(adapter.to_owned(), key),
        values,
        origin: Origin { source: Source::CommandLine, place: "demo".to_owned() },
    };
    [
        entry(AdapterKey::Program, vec![program.path.display().to_string()]),
        entry(AdapterKey::ProgramArgs, program.prefix.clone()),
    ]
}
