//! `refinery demo`: a whole run with stand-ins for the three vendors' programs, planned by the very
//! command line that a person would type.

use crate::app::endpoints::ProgramEnv;
use crate::app::prepare::{self, Prepared, Ready};
use crate::cli::args::{Cli, Command, DemoArgs};
use crate::cli::commands::planner::Planner;
use crate::config::Settings;
use crate::config::value::word;
use crate::error::Error;
use crate::host::Machine;
use crate::standin::demo::{self, Demo, Plot, Step};
use clap::Parser;
use std::path::Path;

/// Credentials that open nothing: the stand-ins look at them as the vendors' programs would.
const CREDENTIALS: [(&str, &str); 3] =
    [("ANTHROPIC_API_KEY", "demo"), ("CODEX_API_KEY", "demo"), ("GEMINI_API_KEY", "demo")];

/// The demo that was asked for.
///
/// # Errors
/// There is none of that name.
pub fn of(args: &DemoArgs) -> Result<Demo, Error> {
    let Some(name) = &args.demo else { return Ok(Demo::Consensus) };
    word(name, &Demo::WORDS)
        .map_err(|names| Error::config(format!("there is no demo `{name}`")).hint(format!("there are {names}")))
}

/// What a person would type for it, with the question left out.
#[must_use]
pub fn command(demo: Demo) -> String {
    let (name, options) = words(demo);
    let name = name.map_or(String::new(), |name| format!(" {name}"));
    format!("refinery{name} QUESTION {}", shell_words::join(options))
}

/// The command, and its options.
fn words(demo: Demo) -> (Option<&'static str>, Vec<String>) {
    let everybody = demo.participants();
    let list = |names: Vec<String>| vec!["-m".to_owned(), names.join(",")];
    let bare = || list(everybody.iter().map(|name| (*name).to_owned()).collect());
    let name = (demo != Demo::Consensus).then(|| demo.as_str());
    let options = match demo.plot() {
        Plot::Consensus => bare(),
        Plot::Debate { personas, judge } => {
            let participants = everybody.iter().zip(personas).map(|(who, persona)| format!("{who}:{persona}"));
            [list(participants.collect()), said("--judge", judge)].concat()
        }
        Plot::Sample { num_samples, normaliser } => {
            let early = vec!["--early-stop".to_owned()];
            let count = said("--num-samples", &num_samples.to_string());
            [bare(), count, said("--normaliser", normaliser), early].concat()
        }
        Plot::Refine { judge, target_score } => {
            [bare(), said("--judge", judge), said("--target-score", &target_score.to_string())].concat()
        }
        Plot::Pipe { steps } => {
            let step = |one: &Step| {
                let condition = one.condition.map(|condition| said("--if", condition));
                [said("--step", one.step), condition.unwrap_or_default()].concat()
            };
            bare().into_iter().chain(steps.iter().flat_map(step)).collect()
        }
    };
    (name, options)
}

fn said(flag: &str, value: &str) -> Vec<String> {
    vec![flag.to_owned(), value.to_owned()]
}

/// The demo as a run that is ready, with its scene in `folder`. Nothing of the person's takes part:
/// no configuration, no credential, no login, no program.
///
/// # Errors
/// The scene cannot be written.
pub fn prepare(
    demo: Demo,
    args: &DemoArgs,
    machine: &mut Machine,
    world: &ProgramEnv,
    folder: &Path,
) -> Result<(Ready, Settings), Error> {
    let scene = folder.join("scene.toml");
    std::fs::write(&scene, demo.scene())
        .map_err(|error| Error::failed(format!("{} cannot be written: {error}", scene.display())))?;
    machine.folders.config = None;
    machine.folders.home = None;
    machine.env.retain(|name, _| matches!(name.as_str(), "PATH" | "NO_COLOR"));
    machine.env.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let typed = typed(demo, args)?;
    let planner: &dyn Planner = match &typed.command {
        Some(Command::Run(command)) => command.planner(),
        _ => &typed.run,
    };
    let mut settings = prepare::load(planner, machine)?.settings;
    for (name, program) in demo::programs(&world.program, &scene) {
        let said = settings.adapters.entry(name.to_string()).or_default();
        said.program = Some(program.path.display().to_string());
        said.program_args = program.prefix;
    }
    match prepare::prepare(planner, machine, settings.clone(), &mut Vec::new())? {
        Prepared::Ready(ready) => Ok((*ready, settings)),
        Prepared::Dry(_) => Err(Error::failed("the demo is no dry run")),
    }
}

/// What a person would have typed, read as it would be.
fn typed(demo: Demo, args: &DemoArgs) -> Result<Cli, Error> {
    let (name, options) = words(demo);
    let mut all = vec!["refinery".to_owned()];
    all.extend(name.map(str::to_owned));
    all.extend(options);
    all.extend(said("--seed", &Demo::SEED.to_string()));
    all.push("--no-journal".to_owned());
    all.extend(args.output_format.iter().flat_map(|format| said("--output-format", format)));
    all.extend(args.verbose.then(|| "--verbose".to_owned()));
    all.extend(["--".to_owned(), demo.question()]);
    Cli::try_parse_from(all).map_err(|error| Error::failed(format!("the demo {}: {error}", demo.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_is_a_command_that_can_be_typed() {
        for (_, demo) in Demo::WORDS {
            typed(demo, &DemoArgs::default()).unwrap();
        }
        assert_eq!(command(Demo::Consensus), "refinery QUESTION -m claude,codex,gemini");
        assert_eq!(
            command(Demo::Pipe),
            "refinery pipe QUESTION -m claude,codex,gemini --step 'sample num_samples=3 normaliser=choice' \
             --step 'refine mode=critique' --if 'agreement < 0.95'"
        );
    }
}
