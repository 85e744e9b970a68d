//! The schema of a file of steps, made by asking each step which options it reads.

use crate::adapter::Catalog;
use crate::app::plans::steps::vocabulary;
use crate::app::roster::RosterBuilder;
use crate::cli::args::Cli;
use crate::config::file::{DEFAULT, entries};
use crate::config::{Layers, Settings, Source};
use crate::error::Error;
use crate::protocol::pipeline::{Feed, PipelinePlan};
use clap::{Arg, Command, CommandFactory};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};
use std::path::Path;
use strum::VariantNames as _;

/// A file of steps. Ranges are those of the commands of the same names.
pub fn pipeline() -> Schema {
    // Only what is inside this program is read: it is well-formed, or no run of it could begin.
    let steps = steps().unwrap_or_default();
    let (least, most) = (PipelinePlan::STEPS.start(), PipelinePlan::STEPS.end());
    json_schema!({
        "type": "object",
        "properties": {
            "step": { "type": "array", "minItems": least, "maxItems": most, "items": { "oneOf": steps } },
        },
        "required": ["step"],
    })
}

fn steps() -> Result<Vec<Value>, Error> {
    let mut layers = Layers::default();
    layers.lay(entries(DEFAULT, "default", Source::Default)?);
    let settings = Settings::resolve(&layers)?;
    let catalog = Catalog::embedded().map_err(|error| Error::failed(error.to_string()))?;
    let mut roster = RosterBuilder::new(&settings, Path::new("."), &catalog, Vec::new(), None);
    let program = Cli::command();
    let command = |kind: &str| program.find_subcommand(kind).unwrap_or(&program);
    let steps = vocabulary(&mut roster).into_iter();
    Ok(steps.map(|(kind, mode, options)| step(command(kind), kind, mode, &options)).collect())
}

fn step(command: &Command, kind: &str, mode: Option<&str>, options: &[String]) -> Value {
    let value = |name: &str| {
        json!({
            "description": about(command, name),
            "type": ["string", "number", "boolean", "array"],
            "items": { "type": ["string", "number"] },
        })
    };
    let mut members: Map<String, Value> = options.iter().map(|name| ((*name).to_owned(), value(name))).collect();
    let what = json!({ "const": kind, "description": "What is done." });
    members.insert("kind".to_owned(), what);
    let feed = "What it makes of the result before it: `refine` takes a value as its draft, the others take it as a \
                file beside the question; a prompt takes the place of the question.";
    members.insert("feed".to_owned(), json!({ "enum": Feed::VARIANTS, "description": feed }));
    let condition = "When it is taken, by the step before it: `agreement < 0.95`; otherwise always.";
    members.insert("if".to_owned(), json!({ "type": "string", "description": condition }));
    let mut required = vec!["kind"];
    if let Some(mode) = mode {
        members.insert("mode".to_owned(), json!({ "const": mode, "description": about(command, "mode") }));
        // Score is what it is without a word about it.
        required.extend((mode != "score").then_some("mode"));
    }
    json!({ "type": "object", "properties": members, "required": required })
}

/// What an option is for: in the words of the command's own help.
fn about(command: &Command, name: &str) -> String {
    let help = |long: &str| {
        let named =
            |arg: &&Arg| arg.get_long() == Some(long) || arg.get_all_aliases().is_some_and(|all| all.contains(&long));
        Some(command.get_arguments().find(named)?.get_help()?.to_string())
    };
    // The flag of that name is for files of personas; a step takes those that there are.
    if name == "personas" {
        return "Who speaks as what, by place, in the order of the participants [default: dealt]".to_owned();
    }
    let long = name.replace('_', "-");
    let opposite = || help(&format!("no-{long}")).map(|help| format!("False: {help}"));
    help(&long).or_else(opposite).unwrap_or_default()
}
