//! `refinery runs`: what was written down.

use crate::app::again::{find, store};
use crate::app::settings;
use crate::cli::console::Console;
use crate::cli::history::cost;
use crate::cli::history::journal_args::{RunsArgs, RunsCommand};
use crate::cli::history::list::{age, list, status};
use crate::cli::history::replay::retell;
use crate::engine::{Header, Recorded, is_finished};
use crate::error::Error;
use crate::host::Machine;
use crate::ids::RunId;
use crate::journal::{Store, StoreError, Stored};
use crate::plan::RunPlan;
use crate::report::OutputStream;
use crate::report::document::Document;
use crate::report::evidence::{self, Evidence, evidence};
use crate::report::frame::Frame;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::SystemTime;

/// One run, whole.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Shown<'a> {
    /// Its name.
    run: &'a RunId,
    /// The version of the program that began it.
    version: &'a str,
    /// How many records its journal holds.
    records: usize,
    /// Its plan.
    plan: &'a RunPlan,
    /// Its outcome so far.
    outcome: Document<'a>,
    /// Every review, turn, judgement and critique; omitted without `--reviews`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviews: Option<Vec<Evidence<'a>>>,
}

/// Lists, shows or removes runs.
///
/// # Errors
/// There is no such run, or no place for runs; nothing was changed that is not said.
pub fn run(args: &RunsArgs, machine: &Machine, console: Console) -> Result<u8, Error> {
    let settings = settings::load(machine, args.place.config.as_deref(), args.place.entries())?.settings;
    let console = Console { format: settings.output_format, ..console };
    let store = store(&settings, machine)?;
    match &args.what {
        None => list(&store, &args.filter, console),
        Some(RunsCommand::Show { run, reviews }) => show(&find(&store, run.as_deref())?, *reviews, console),
        Some(RunsCommand::Cost { by, filter }) => cost::run(&store, filter, *by, console),
        Some(RunsCommand::Rm { runs, older_than, finished }) if runs.is_empty() => {
            let all = store.list().map_err(|error| Error::failed(error.to_string()))?;
            let now = SystemTime::now();
            let is_old = |one: &Stored| older_than.is_none_or(|least| age(one, now) >= least);
            // Without --finished too, only what is a run of ours.
            let fits = |one: &Stored| is_finished(&one.path, &one.run).is_some_and(|done| done || !finished);
            let found: Vec<_> = all.into_iter().filter(|one| is_old(one) && fits(one)).collect();
            remove(&store, &found, console)
        }
        Some(RunsCommand::Rm { runs, .. }) => {
            let found = runs.iter().map(|run| store.exactly(run).map_err(|error| refused(&error)));
            let mut found = found.collect::<Result<Vec<_>, _>>()?;
            found.sort_by(|a, b| a.run.cmp(&b.run));
            // A run that is named twice is removed once.
            found.dedup();
            remove(&store, &found, console)
        }
    }
}

fn refused(error: &StoreError) -> Error {
    Error::config(error.to_string()).hint("`refinery runs rm` takes whole names")
}

fn show(stored: &Stored, reviews: bool, console: Console) -> Result<u8, Error> {
    let recorded = Recorded::read(&stored.path)?;
    let finished = retell(&recorded, &mut |_| {})?;
    let Recorded { header: Header { version, plan, .. }, records, .. } = &recorded;
    let document = Shown {
        run: &plan.run_id,
        version,
        records: *records,
        plan,
        outcome: Document::of(&finished),
        reviews: reviews.then(|| evidence(&finished.outcome)),
    };
    let mut lines = vec![
        format!("run       {}", stored.run),
        format!("status    {}", status(&finished, recorded.end.is_some())),
        format!("started   {}", plan.created_at),
        format!("question  {}", plan.material.question.trim()),
    ];
    lines.extend(plan.material.files.iter().map(|(path, text)| format!("file      {path} ({} bytes)", text.len())));
    lines.extend(finished.totals.participants.iter().map(|one| {
        format!(
            "model     {} ({}, {}): {} calls, {} attempts",
            one.participant, one.model_id, one.pool, one.calls, one.attempts
        )
    }));
    lines.extend(finished.totals.warnings.iter().map(|warning| format!("warning   {warning}")));
    lines.push(format!("journal   {} ({} bytes, {records} records)", stored.path.display(), stored.bytes));
    if let Some(answer) = &finished.outcome.answer {
        let frame = Frame::new(&plan.run_id, console.out);
        lines.extend([String::new(), frame.above(), answer.trim_end().to_owned(), frame.below()]);
        lines.extend(frame.caution(answer));
    }
    lines.extend(document.reviews.iter().map(|all| evidence::text(all, OutputStream::stdout().columns())));
    Ok(console.tell(&lines.join("\n"), &document))
}

fn remove(store: &Store, found: &[Stored], console: Console) -> Result<u8, Error> {
    let errors = found.iter().filter_map(|stored| store.remove(stored).err());
    let errors: Vec<_> = errors.map(|error| Error::failed(error.to_string())).collect();
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    let names: Vec<_> = found.iter().map(|stored| stored.run.to_string()).collect();
    let text = if names.is_empty() { "no such runs".to_owned() } else { format!("removed {}", names.join(", ")) };
    Ok(console.tell(&text, &serde_json::json!({ "removed": names })))
}
