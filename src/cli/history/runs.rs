//! `refinery runs`: what was written down.

use crate::app::again::store;
use crate::app::settings;
use crate::cli::console::Console;
use crate::cli::history::journal_args::{RunsArgs, RunsCommand};
use crate::cli::history::replay::retell;
use crate::engine::{Record, Recorded};
use crate::error::Error;
use crate::event::preview;
use crate::host::Machine;
use crate::ids::RunId;
use crate::journal::{Store, StoreError, Stored};
use crate::plan::RunPlan;
use crate::report::OutputStream;
use crate::report::document::Document;
use crate::report::evidence::{self, Evidence, evidence};
use crate::report::frame::Frame;
use crate::report::table::table;
use crate::time::duration::human;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// One run, as it is listed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    /// Its name.
    run: String,
    /// The outcome's status; `unfinished` if it was killed or still runs; `unreadable`.
    status: String,
    /// The first line of the question, at most 60 characters; the first file's path if there is none.
    question: String,
    /// The participants.
    models: Vec<String>,
    /// Number of calls; `None` if it cannot be read.
    calls: Option<u64>,
    /// Known cost in US dollars; `None` if unknown.
    cost_usd: Option<f64>,
    /// Whether the cost of a participant is unknown.
    cost_is_partial: bool,
    /// Time since its last change.
    age_seconds: u64,
    /// The size of its journal.
    bytes: u64,
    /// Why it cannot be read; `None` if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

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
    let find = |asked: &str| store.find(asked).map_err(|error| Error::config(error.to_string()));
    match &args.what {
        None => list(&store, console),
        Some(RunsCommand::Show { run, reviews }) => show(&find(run)?, *reviews, console),
        Some(RunsCommand::Rm { runs }) => {
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

fn list(store: &Store, console: Console) -> Result<u8, Error> {
    let stored = store.list().map_err(|error| Error::failed(error.to_string()))?;
    let now = SystemTime::now();
    let all: Vec<_> = stored.iter().map(|one| listed(one, now)).collect();
    let head = ["RUN", "STATUS", "AGE", "CALLS", "COST", "MODELS", "QUESTION"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(head).chain(all.iter().map(row)).collect();
    let text = if all.is_empty() { "no saved runs".to_owned() } else { table(&rows, &[2, 3, 4]) };
    Ok(console.tell(&text, &all))
}

/// Of larger journals a list reads the first and the last line.
const LARGE: u64 = 256 * 1024;

fn row(one: &Listed) -> Vec<String> {
    vec![
        one.run.clone(),
        one.status.clone(),
        human(Duration::from_secs(one.age_seconds)),
        one.calls.map_or_else(|| "?".to_owned(), |calls| calls.to_string()),
        match one.cost_usd {
            Some(cost) if one.cost_is_partial => format!("${cost:.2} + ?"),
            Some(cost) => format!("${cost:.2}"),
            None => "?".to_owned(),
        },
        one.models.join(", "),
        one.problem.clone().unwrap_or_else(|| one.question.clone()),
    ]
}

fn listed(stored: &Stored, now: SystemTime) -> Listed {
    let age = now.duration_since(stored.modified).unwrap_or_default();
    let mut listed = Listed {
        run: stored.run.to_string(),
        status: "unreadable".to_owned(),
        question: String::new(),
        models: Vec::new(),
        calls: None,
        cost_usd: None,
        cost_is_partial: false,
        age_seconds: age.as_secs(),
        bytes: stored.bytes,
        problem: None,
    };
    let ends = if stored.bytes > LARGE { Recorded::ends(&stored.path) } else { None };
    let (plan, closed, finished) = match ends {
        Some((header, finished)) => (header.plan, true, Ok(finished)),
        None => match Recorded::read(&stored.path) {
            Ok(recorded) => {
                let closed = matches!(recorded.entries.last().map(|entry| &entry.record), Some(Record::Closed { .. }));
                (recorded.header.plan.clone(), closed, retell(recorded, &mut |_| {}))
            }
            Err(error) => {
                listed.problem = Some(error.to_string());
                return listed;
            }
        },
    };
    listed.question = match plan.material.files.first() {
        Some((path, _)) if plan.material.question.trim().is_empty() => path.clone(),
        _ => preview(&plan.material.question),
    };
    listed.models = plan.participants.iter().map(|one| one.id.to_string()).collect();
    match finished {
        Ok(finished) => {
            let status = if closed { finished.outcome.status.as_str() } else { "unfinished" };
            status.clone_into(&mut listed.status);
            listed.calls = Some(finished.totals.total_calls);
            let asked = finished.totals.participants.iter().filter(|account| account.attempts > 0);
            let costs = asked.map(|account| account.usage.cost_usd);
            listed.cost_is_partial = costs.clone().any(|cost| cost.is_none());
            listed.cost_usd = costs.flatten().reduce(|sum, cost| sum + cost);
        }
        Err(error) => listed.problem = Some(error.to_string()),
    }
    listed
}

fn show(stored: &Stored, reviews: bool, console: Console) -> Result<u8, Error> {
    let recorded = Recorded::read(&stored.path)?;
    let plan = recorded.header.plan.clone();
    let (version, records) = (recorded.header.version.clone(), recorded.entries.len());
    let finished = retell(recorded, &mut |_| {})?;
    let document = Shown {
        run: &plan.run_id,
        version: &version,
        records,
        plan: &plan,
        outcome: Document::of(&finished),
        reviews: reviews.then(|| evidence(&finished.outcome)),
    };
    let listed = listed(stored, SystemTime::now());
    let mut lines = vec![
        format!("run       {}", listed.run),
        format!("status    {}", listed.status),
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
    Ok(console.tell(&format!("removed {}", names.join(", ")), &serde_json::json!({ "removed": names })))
}
