//! `refinery demo`: a whole run with stand-ins for the three vendors' programs.

use super::args::DemoArgs;
use super::consensus::RunArgs;
use super::prepare::{self, Prepared, Ready};
use super::shared_args::SharedArgs;
use super::world::Surroundings;
use crate::config::Settings;
use crate::error::Error;
use crate::host::Machine;
use crate::standin::demo;
use std::path::Path;

/// The seed of the demo: the same labels and orders every time, as the scene expects no others.
const SEED: &str = "7";

/// Credentials that open nothing: the stand-ins look at them as the vendors' programs would.
const CREDENTIALS: [(&str, &str); 3] =
    [("ANTHROPIC_API_KEY", "demo"), ("CODEX_API_KEY", "demo"), ("GEMINI_API_KEY", "demo")];

/// The demo as a run that is ready, with its scene in `folder`. Nothing of the person's takes part:
/// no configuration, no credential, no login, no program.
///
/// # Errors
/// The scene cannot be written.
pub fn prepare(
    args: &DemoArgs,
    machine: &mut Machine,
    world: &Surroundings,
    folder: &Path,
) -> Result<(Ready, Settings), Error> {
    let scene = folder.join("demo.toml");
    std::fs::write(&scene, demo::scene())
        .map_err(|error| Error::failed(format!("{} cannot be written: {error}", scene.display())))?;
    machine.folders.config = None;
    machine.folders.home = None;
    machine.env.retain(|name, _| matches!(name.as_str(), "PATH" | "NO_COLOR"));
    machine.env.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let shared = SharedArgs {
        prompt: Some(demo::question()),
        models: vec!["claude,codex,gemini".to_owned()],
        seed: Some(SEED.to_owned()),
        output_format: args.output_format.clone(),
        verbose: args.verbose,
        no_journal: true,
        ..SharedArgs::default()
    };
    let run = RunArgs { shared, ..RunArgs::default() };
    let mut settings = prepare::load(&run, machine)?.settings;
    for (name, program) in demo::programs(&world.program, &scene) {
        let said = settings.adapters.entry(name.to_string()).or_default();
        said.program = Some(program.path.display().to_string());
        said.program_args = program.prefix;
    }
    match prepare::prepare(&run, machine, settings.clone(), &mut Vec::new())? {
        Prepared::Ready(ready) => Ok((*ready, settings)),
        Prepared::Dry(_) => Err(Error::failed("the demo is no dry run")),
    }
}
