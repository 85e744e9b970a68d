//! `refinery personas`: the standpoints from which a debate is led, as a list or one of them whole.

use crate::app::persona_files::{self, Sourced};
use crate::app::settings;
use crate::cli::args::LookArgs;
use crate::cli::console::Console;
use crate::error::Error;
use crate::host::Machine;
use crate::plan::words::closest;
use crate::protocol::debate::{JUDGE, Persona};
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

~/.config/refinery/personas.toml is read without being named. Of one id, a file of --personas counts before that one, \
and that one before this program: a `judge` of your own sums up in place of the one that is built in.

Examples:
  refinery personas pessimist
  refinery personas --personas team.toml -o json
  refinery debate \"Do we rewrite it?\" -m claude:pessimist,codex:domain-expert";

/// `refinery personas`
#[derive(Debug, Default, Args)]
#[command(after_help = AFTER)]
pub struct PersonasArgs {
    /// The persona to show whole, by its id; none lists all
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// A file of further personas, repeatable
    #[arg(long, value_name = "FILE")]
    pub personas: Vec<PathBuf>,

    /// One more configuration file, on top of the usual one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What standard output carries: text or json [default: text]
    #[arg(short = 'o', long, value_name = "FORMAT")]
    pub output_format: Option<String>,
}

/// One persona, as programs read it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Document<'a> {
    #[serde(flatten)]
    persona: &'a Persona,
    /// Whether it is given to participants for whom nothing is said.
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
            let one = all.iter().find(|one| one.persona.id == *id).ok_or_else(|| unknown(id, &all))?;
            Ok(console.tell(&whole(one, console.out), &Document::of(one)))
        }
    }
}

fn list(all: &[Sourced], paint: Paint) -> String {
    let row = |one: &Sourced| {
        let Persona { id, name, role, .. } = &one.persona;
        vec![paint.bold(id), name.clone(), role.clone()]
    };
    let dealt = "dealt in this order to those who have none; the judge only sums up";
    format!("{}\n{dealt}", table(&all.iter().map(row).collect::<Vec<_>>(), &[]))
}

fn whole(one: &Sourced, paint: Paint) -> String {
    let Sourced { persona: Persona { id, name, role, prompt }, source } = one;
    format!("{} ({id}; {source})\n{role}\n\n{}", paint.bold(name), prompt.trim_end())
}

/// The error of an id that nobody has.
fn unknown(id: &str, all: &[Sourced]) -> Error {
    no_such(id, all.iter().map(|one| &one.persona))
}

/// The error of an id that is none of these.
pub fn no_such<'a>(id: &str, all: impl Iterator<Item = &'a Persona>) -> Error {
    let error = Error::config(format!("no persona is called `{id}`"));
    match closest(id, all.map(|persona| persona.id.as_str())) {
        Some(near) => error.hint(format!("`{id}`: did you mean `{near}`?")),
        None => error.hint("`refinery personas` lists them; `--personas FILE` adds others"),
    }
}
