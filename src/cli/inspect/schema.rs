//! `refinery schema`: the JSON Schemas of what the program writes and reads, made from the types
//! that write and read it.

mod closed;
mod pipeline;

use crate::adapter::Manifest;
use crate::cli::args::SchemaArgs;
use crate::cli::commands::dry_run;
use crate::cli::console::Console;
use crate::cli::history::{cost, list, runs};
use crate::cli::inspect::adapters;
use crate::cli::inspect::config_show;
use crate::cli::inspect::doctor;
use crate::cli::inspect::personas;
use crate::config::schema::config;
use crate::engine::FORMAT;
use crate::error::Error;
use crate::plan::{Participant, RunPlan};
use crate::protocol::debate::PersonaFile;
use crate::report::document::{Document, ErrorDocument};
use crate::report::format::jsonl::Line;
use crate::report::table::table;
use crate::words::closest;
use closed::closed;
use pipeline::pipeline;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// A schema that is published.
struct Published {
    /// What it is asked for by.
    name: &'static str,
    /// What it describes, on one line.
    about: &'static str,
    make: fn() -> Schema,
}

/// The draft of JSON Schema that all of them keep to.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

const ALL: &[Published] = &[
    Published { name: "outcome", about: "what `-o json` writes: a run that is over, or an error", make: outcome },
    Published { name: "event", about: "one line of `-o jsonl`; the last one is the outcome", make: event },
    Published { name: "error", about: "an error before or instead of a run", make: written::<ErrorDocument<'static>> },
    Published {
        name: "dry-run",
        about: "what `--dry-run -o json` writes",
        make: written::<dry_run::Document<'static>>,
    },
    Published { name: "plan", about: "a whole run as its journal and `runs show` hold it", make: plan },
    Published { name: "participant", about: "a participant of a plan", make: written::<Participant> },
    Published { name: "run", about: "what `runs show -o json` writes", make: written::<runs::Shown<'static>> },
    Published {
        name: "runs",
        about: "what `runs -o json` writes; each entry a line of `-o jsonl`",
        make: written::<Vec<list::Listed>>,
    },
    Published {
        name: "runs-cost",
        about: "what `runs cost -o json` writes; each entry a line of `-o jsonl`",
        make: written::<Vec<cost::CostRow>>,
    },
    Published { name: "adapters", about: "what `adapters -o json` writes", make: written::<Vec<adapters::Line>> },
    Published { name: "doctor", about: "what `doctor -o json` writes", make: written::<doctor::Findings> },
    Published {
        name: "settings",
        about: "what `config show -o json` writes",
        make: written::<Vec<config_show::Line<'static>>>,
    },
    Published { name: "config", about: "a configuration file, once its TOML is read", make: config },
    Published { name: "manifest", about: "the manifest of an adapter, once its TOML is read", make: read::<Manifest> },
    Published { name: "pipeline", about: "a file of steps for `pipe --steps`, once its TOML is read", make: pipeline },
    Published {
        name: "personas",
        about: "what `personas -o json` writes",
        make: written::<personas::Written<'static>>,
    },
    Published { name: "persona", about: "a file of personas, once its TOML is read", make: read::<PersonaFile> },
];

/// Prints a schema, or lists them. Returns the exit code.
///
/// # Errors
/// There is no schema of that name.
pub fn run(args: &SchemaArgs, console: Console) -> Result<u8, Error> {
    match &args.name {
        None => {
            let rows: Vec<_> = ALL.iter().map(|one| vec![one.name.to_owned(), one.about.to_owned()]).collect();
            Ok(console.tell(table(&rows, &[]).trim_end(), &rows))
        }
        Some(name) => Ok(console.document(&of(name)?)),
    }
}

/// The schema of a name.
///
/// # Errors
/// There is none.
pub fn of(name: &str) -> Result<Value, Error> {
    let one = ALL.iter().find(|one| one.name == name).ok_or_else(|| unknown(name))?;
    let mut schema = closed((one.make)());
    let about = format!("{}{}", one.about[..1].to_uppercase(), &one.about[1..]);
    schema.insert("$schema".to_owned(), DRAFT.into());
    schema.insert("title".to_owned(), format!("refinery {name}").into());
    schema.insert("description".to_owned(), format!("{about}.").into());
    Ok(schema.to_value())
}

fn unknown(name: &str) -> Error {
    let names: Vec<_> = ALL.iter().map(|one| one.name).collect();
    let near = closest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let all = format!("there are {}", names.join(", "));
    near.into_iter().chain([all]).fold(Error::config(format!("unknown schema `{name}`")), Error::hint)
}

/// The schema of what is written from a type.
fn written<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// The schema of what is read into a type.
fn read<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_deserialize().into_generator().into_root_schema_for::<T>()
}

/// What the one document on standard output can be.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "there to be described")]
enum Told {
    Finished(Box<Document<'static>>),
    Failed(ErrorDocument<'static>),
}

fn outcome() -> Schema {
    written::<Told>()
}

/// What a line of the event stream can be.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "there to be described")]
enum Streamed {
    Event(Line<'static>),
    Finished(Box<Document<'static>>),
    Failed(ErrorDocument<'static>),
}

fn event() -> Schema {
    written::<Streamed>()
}

fn plan() -> Schema {
    let mut schema = written::<RunPlan>();
    schema.insert("$comment".to_owned(), format!("of format {FORMAT} of the journal").into());
    schema
}
