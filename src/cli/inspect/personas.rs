//! `refinery personas`: the standpoints from which a debate is led, as a list or one of them whole.

use crate::app::persona_files::{self, Sourced, no_such};
use crate::app::settings;
use crate::cli::args::LookArgs;
use crate::cli::console::Console;
use crate::error::Error;
use crate::host::Machine;
use crate::protocol::debate::{JUDGE, Persona};
use crate::report::OutputFormat;
use crate::report::Paint;
use crate::report::table::table;
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

const AFTER: &str = "\
A file of personas is TOML, with one section for each:

  [[persona]]
  id = \"poet\"
  name = \"Poet\"
  role = \"Looks for the image that makes it plain\"
  prompt = '''You look for the image that makes a thing plain. …'''

~/.config/refinery/personas.toml is read without being named. A persona from \
--personas replaces one from that file, and that one a built-in persona of the same id; a `judge` of your own \
replaces the built-in one.

Examples:
  refinery personas pessimist
  refinery personas --personas team.toml -o json
  refinery debate \"Do we rewrite it?\" -m claude:pessimist,codex:domain-expert";

/// `refinery personas`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct PersonasArgs {
    /// Persona to show, by its id; without one, all are listed
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// File with additional personas, repeatable
    #[arg(long, value_name = "FILE")]
    pub personas: Vec<PathBuf>,

    /// Additional configuration file, above the usual one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Format of standard output.
    #[arg(short = 'o', long, help = OutputFormat::help(), value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// One persona, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Document<'a> {
    #[serde(flatten)]
    persona: &'a Persona,
    /// Whether it is assigned to participants without a persona.
    dealt: bool,
    /// Where it is written: `built in`, or a file.
    source: &'a str,
}

/// What is written for programs.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "there to be described")]
pub(crate) enum Written<'a> {
    All(Vec<Document<'a>>),
    One(Document<'a>),
}

impl<'a> Document<'a> {
    fn of(one: &'a Sourced) -> Self {
        Self { persona: &one.persona, dealt: one.persona.id != JUDGE, source: &one.source }
    }
}

/// Lists them, or shows one. Returns the exit code.
///
/// # Errors
/// Bad settings or files, no such persona.
pub fn run(args: &PersonasArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let output_format = args.output_format.clone();
    let look = LookArgs { config: args.config.clone(), output_format, adapter: Vec::new() };
    let loaded = settings::load(machine, look.config.as_deref(), look.entries())?;
    let console = Console { format: loaded.settings.output_format, ..console };
    let all = persona_files::find(&machine.folders, &machine.cwd, &args.personas)?;
    console.warn(&loaded.warnings);
    match &args.id {
        None => {
            let documents: Vec<_> = all.iter().map(Document::of).collect();
            Ok(console.tell(&list(&all, console.out), &documents))
        }
        Some(id) => {
            let one = all
                .iter()
                .find(|one| one.persona.id == *id)
                .ok_or_else(|| no_such(id, all.iter().map(|one| &one.persona)))?;
            Ok(console.tell(&whole(one, console.out), &Document::of(one)))
        }
    }
}

fn list(all: &[Sourced], paint: Paint) -> String {
    let row = |one: &Sourced| {
        let Persona { id, name, role, .. } = &one.persona;
        vec![paint.bold(id), name.clone(), role.clone()]
    };
    let dealt = "assigned in this order to participants without a persona; the judge only sums up";
    format!("{}\n{dealt}", table(&all.iter().map(row).collect::<Vec<_>>(), &[]))
}

fn whole(one: &Sourced, paint: Paint) -> String {
    let Sourced { persona: Persona { id, name, role, prompt }, source } = one;
    format!("{} ({id}; {source})\n{role}\n\n{}", paint.bold(name), prompt.trim_end())
}
