//! One command, from the words to the exit code.

use crate::app::endpoints::ProgramEnv;
use crate::app::execute::{Begin, execute};
use crate::app::prepare::{self, Prepared, Ready};
use crate::app::settings;
use crate::cli::args::{Cli, Command, ConfigCommand, ConfigShowArgs, DemoArgs, LookArgs};
use crate::cli::commands::demo;
use crate::cli::commands::dry_run;
use crate::cli::commands::planner::Planner;
use crate::cli::console::Console;
use crate::cli::history::journal_args::ResumeArgs;
use crate::cli::history::replay;
use crate::cli::history::resume;
use crate::cli::history::runs;
use crate::cli::inspect::adapters;
use crate::cli::inspect::config_show;
use crate::cli::inspect::doctor;
use crate::cli::inspect::personas;
use crate::cli::inspect::schema;
use crate::cli::inspect::supervised::Supervised;
use crate::cli::parse::{self, Refused, parse};
use crate::config::OutputFormat;
use crate::error::Error;
use crate::host::Machine;
use crate::host::machine::{LETTERS, random};
use crate::process::{Marker, Supervisor};
use crate::report::{OutputStream, Reporter};
use std::ffi::OsString;

/// Does what the words say, the program's own name first. Returns the exit code.
#[must_use]
pub fn main(words: &[OsString]) -> u8 {
    let console = Console::new(parse::format(words));
    let done = match parse(words, console.out.on) {
        Ok(cli) => command(cli, console),
        Err(Refused::Told(text)) => {
            OutputStream::stdout().line(&text);
            Ok(0)
        }
        Err(Refused::Wrong(error)) => Err((console, error)),
    };
    done.unwrap_or_else(|(console, error)| console.fail(&error))
}

/// Where an error is told depends on the format that the settings ask for, once they are known.
type Done = Result<u8, (Console, Error)>;

fn command(cli: Cli, console: Console) -> Done {
    let mut machine = Machine::look();
    let here = |done: Result<u8, Error>| done.map_err(|error| (console, error));
    match cli.command {
        None => run(&cli.run, &mut machine, console),
        Some(Command::Run(command)) => run(command.planner(), &mut machine, console),
        Some(Command::Adapters(args)) => here(adapters::run(&args, &machine, console)),
        Some(Command::Personas(args)) => here(personas::run(&args, &machine, console)),
        Some(Command::Doctor(args)) => {
            let runner = Supervised::new(Supervisor::new(Marker::new(random(&LETTERS, 12))));
            here(doctor::run(&args, &machine, console, &runner))
        }
        Some(Command::Runs(args)) => here(runs::run(&args, &machine, console)),
        Some(Command::Resume(args)) => here(go_on(&args, &machine, console)),
        Some(Command::Replay(args)) => here(replay::run(&args, &machine, console)),
        Some(Command::Config(ConfigCommand::Show(args))) => here(show(args, &machine, console)),
        Some(Command::Schema(args)) => here(schema::run(&args, console)),
        Some(Command::Demo(args)) => here(play(&args, &mut machine, console)),
    }
}

fn run(planner: &dyn Planner, machine: &mut Machine, console: Console) -> Done {
    let loaded = prepare::load(planner, machine).map_err(|error| (console, error))?;
    let console = Console { format: loaded.settings.output_format, ..console };
    let mut warnings = machine.warnings.clone();
    warnings.extend(loaded.warnings);
    if loaded.settings.no_journal && !planner.shared().dry_run {
        warnings.push("this run is not written down: it can be neither resumed nor replayed (--no-journal)".to_owned());
    }
    let prepared = prepare::prepare(planner, machine, loaded.settings, &mut warnings);
    // Before the error, if there is one: they may be what explains it.
    console.warn(&warnings);
    match prepared.map_err(|error| (console, error))? {
        Prepared::Dry(dry) => Ok(console.tell(&dry_run::text(&dry), &dry_run::Document::of(&dry, &warnings))),
        Prepared::Ready(ready) => ProgramEnv::real()
            .and_then(|world| perform(&ready, Begin::Anew, &world, console))
            .map_err(|error| (console, error)),
    }
}

fn play(args: &DemoArgs, machine: &mut Machine, console: Console) -> Result<u8, Error> {
    let demo = demo::of(args)?;
    let world = ProgramEnv::real()?;
    let folder = tempfile::tempdir().map_err(|error| Error::failed(format!("no folder for the demo: {error}")))?;
    let (ready, settings) = demo::prepare(demo, args, machine, &world, folder.path())?;
    let console = Console { format: settings.output_format, ..console };
    if console.format == OutputFormat::Text {
        let question = ready.plan.material.question.trim();
        OutputStream::stderr().line(&format!("The question: {question}\nThe command: {}\n", demo::command(demo)));
    }
    perform(&ready, Begin::Anew, &world, console)
}

fn go_on(args: &ResumeArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let (ready, begin) = resume::prepare(args, machine)?;
    let console = Console { format: ready.settings.output_format, ..console };
    perform(&ready, begin, &ProgramEnv::real()?, console)
}

/// Makes the run, and tells of it.
fn perform(ready: &Ready, begin: Begin, world: &ProgramEnv, console: Console) -> Result<u8, Error> {
    let mut reporters = console.reporters(ready.settings.verbose, ready.settings.debug);
    let mut finished = execute(ready, begin, world, &mut |event| reporters.report(event))?;
    finished.totals.warnings.splice(0..0, ready.warnings.iter().cloned());
    reporters
        .finish(&finished)
        .map_err(|error| Error::failed(format!("standard output cannot be written: {error}")))?;
    Ok(finished.outcome.status.exit_code())
}

fn show(args: ConfigShowArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let look = LookArgs { config: args.config, output_format: args.output_format, adapter: Vec::new() };
    let loaded = settings::load(machine, look.config.as_deref(), look.entries())?;
    console.warn(&loaded.warnings);
    Ok(console.tell(&config_show::text(&loaded.layers, console.out), &config_show::document(&loaded.layers)))
}
