//! One command, from the words to the exit code.

use crate::app::again;
use crate::app::draft::Draft;
use crate::app::execute::{Begin, execute};
use crate::app::prepare::{self, Ready};
use crate::app::request::RunRequest;
use crate::app::settings;
use crate::cli::args::{Cli, Command, ConfigCommand, ConfigShowArgs, DemoArgs, LookArgs, asked};
use crate::cli::commands::plan_file::PlanArgs;
use crate::cli::commands::typed::Typed;
use crate::cli::commands::{demo, dry_run, plan_file};
use crate::cli::console::Console;
use crate::cli::history::journal_args::ResumeArgs;
use crate::cli::history::{replay, runs};
use crate::cli::inspect::{adapters, config_show, doctor, personas, schema};
use crate::cli::parse::{self, Refused, parse};
use crate::cli::session::{Session, start_log};
use crate::config::Settings;
use crate::error::Error;
use crate::host::Machine;
use crate::process::scratch::temp_dir;
use crate::report::{OutputStream, Reporter};
use anyhow::Context as _;
use std::ffi::OsString;

/// Does what the words say, the program's own name first. Returns the exit code.
#[must_use]
pub fn main(words: &[OsString]) -> u8 {
    start_log();
    let mut console = Console::new(parse::format(words));
    let done = match parse(words, console.out.on) {
        Ok(cli) => command(cli, &mut console),
        Err(Refused::Told(text)) => {
            OutputStream::stdout().trusted(&text);
            Ok(0)
        }
        Err(Refused::Wrong(error)) => Err(error),
    };
    done.unwrap_or_else(|error| console.fail(&error))
}

/// Sets the console's format once the settings are known: an error after that is told in it.
fn command(cli: Cli, console: &mut Console) -> Result<u8, Error> {
    let mut machine = Machine::look();
    match cli.command {
        None => run(asked(&cli.run)?, &mut machine, console),
        Some(Command::Ask(args)) => run(asked(&args.0)?, &mut machine, console),
        Some(Command::Run(args)) => run_plan(&args, &mut machine, console),
        Some(Command::Resume(args)) => resume(&args, &machine, console),
        Some(Command::Demo(args)) => play(&args, &mut machine, console),
        Some(Command::Adapters(args)) => adapters::run(&args, &machine, *console),
        Some(Command::Personas(args)) => personas::run(&args, &machine, *console),
        Some(Command::Doctor(args)) => doctor::run(&args, &machine, *console, &Session::start()?),
        Some(Command::Runs(args)) => runs::run(&args, &machine, *console),
        Some(Command::Replay(args)) => replay::run(&args, &machine, *console),
        Some(Command::Config(ConfigCommand::Show(args))) => show(args, &machine, *console),
        Some(Command::Schema(args)) => schema::run(&args, *console),
    }
}

fn run((request, dry): (RunRequest, bool), machine: &mut Machine, console: &mut Console) -> Result<u8, Error> {
    let (settings, mut warnings) = load(&request, machine, console)?;
    if settings.no_journal && !dry {
        warnings.push(UNSAVED.to_owned());
    }
    if dry {
        let draft = Draft::of(request, settings, machine, &mut warnings);
        console.warn(&warnings);
        let draft = draft?;
        let plan = draft.plan(machine);
        return Ok(console.tell(&dry_run::text(&draft), &dry_run::Document::of(&draft, &plan, &warnings)));
    }
    let ready = prepare::prepare(request, settings, machine, &mut warnings);
    // Before the error, if there is one: they may be what explains it.
    console.warn(&warnings);
    perform(&ready?, Begin::Anew, &Session::start()?, *console)
}

/// Said of a run that is not saved.
const UNSAVED: &str = "this run is not saved: it can be neither resumed nor replayed (--no-journal)";

fn run_plan(args: &Typed<PlanArgs>, machine: &mut Machine, console: &mut Console) -> Result<u8, Error> {
    let request = args.request()?;
    let (settings, mut warnings) = load(&request, machine, console)?;
    if settings.no_journal {
        warnings.push(UNSAVED.to_owned());
    }
    let file = args.text("plan").unwrap_or_default();
    let ready = plan_file::prepare(&file, &request, settings, machine, &mut warnings);
    console.warn(&warnings);
    perform(&ready?, Begin::Anew, &Session::start()?, *console)
}

/// The settings of a request, and what should be known of them.
fn load(request: &RunRequest, machine: &Machine, console: &mut Console) -> Result<(Settings, Vec<String>), Error> {
    let loaded = prepare::load(request, machine)?;
    console.format = loaded.settings.output_format;
    Ok((loaded.settings, [machine.warnings.clone(), loaded.warnings].concat()))
}

fn resume(args: &Typed<ResumeArgs>, machine: &Machine, console: &mut Console) -> Result<u8, Error> {
    let request = args.request()?;
    let (settings, _) = load(&request, machine, console)?;
    let run = args.text("run");
    let (ready, begin) = again::resume(run.as_deref(), args.has("force"), &request, settings, machine)?;
    perform(&ready, begin, &Session::start()?, *console)
}

fn play(args: &DemoArgs, machine: &mut Machine, console: &mut Console) -> Result<u8, Error> {
    let demo = demo::of(args)?;
    let folder = tempfile::tempdir_in(temp_dir()).context("cannot create a folder for the demo")?;
    let ready = demo::prepare(demo, args, machine, folder.path())?;
    console.format = ready.settings.output_format;
    if console.format.is_text() {
        let question = ready.plan.material.question.trim();
        OutputStream::stderr().line(&format!("Question: {question}\nCommand: {}\n", demo::command(demo)));
    }
    perform(&ready, Begin::Anew, &Session::start()?, *console)
}

/// Makes the run, and tells of it.
fn perform(ready: &Ready, begin: Begin, session: &Session, console: Console) -> Result<u8, Error> {
    let mut reporters = console.reporters(ready.settings.verbose, ready.settings.debug);
    let mut finished =
        session.runtime.block_on(execute(ready, begin, &session.env, &mut |event| reporters.report(event)))?;
    finished.totals.warnings.splice(0..0, ready.warnings.iter().cloned());
    reporters.finish(&finished).context("standard output cannot be written")?;
    Ok(finished.outcome.status.exit_code())
}

fn show(args: ConfigShowArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let look = LookArgs { config: args.config, output_format: args.output_format, adapter: Vec::new() };
    let loaded = settings::load(machine, look.config.as_deref(), look.entries())?;
    console.warn(&loaded.warnings);
    Ok(console.tell(&config_show::text(&loaded.layers, console.out), &config_show::document(&loaded.layers)))
}
