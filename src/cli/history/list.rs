//! `refinery runs`: the list of saved runs, and which of them are meant.

use crate::cli::console::Console;
use crate::cli::history::journal_args::FilterArgs;
use crate::cli::history::replay::retell;
use crate::engine::Recorded;
use crate::error::Error;
use crate::event::preview;
use crate::journal::{Store, Stored};
use crate::outcome::Finished;
use crate::plan::RunPlan;
use crate::report::OutputStream;
use crate::report::table::table;
use crate::report::wrap::cut;
use crate::time::duration::human;
use schemars::JsonSchema;
use serde::Serialize;
use std::time::{Duration, SystemTime};
use unicode_width::UnicodeWidthStr as _;

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

/// Lists the runs that the filter lets through, newest first.
///
/// # Errors
/// The folder of runs cannot be read.
pub(super) fn list(store: &Store, filter: &FilterArgs, console: Console) -> Result<u8, Error> {
    let all: Vec<_> = select(store, filter)?.into_iter().map(|run| run.listed).collect();
    let columns = OutputStream::stdout().columns();
    let head = ["RUN", "STATUS", "AGE", "CALLS", "COST", "MODELS", "QUESTION"].map(str::to_owned).to_vec();
    let rows = std::iter::once(head).chain(all.iter().map(row));
    // Where the lines are short, what can be read with `runs show` is left out first.
    let (rows, right): (Vec<_>, &[usize]) = match columns {
        0..80 => (rows.map(|row| [&row[..3], &row[6..]].concat()).collect(), &[2]),
        80..120 => (rows.map(|row| [&row[..5], &row[6..]].concat()).collect(), &[2, 3, 4]),
        _ => (rows.collect(), &[2, 3, 4]),
    };
    let text = if all.is_empty() { "no saved runs".to_owned() } else { table(&rows, right) };
    let lines = text.lines().map(|line| if line.width() > columns { cut(line, columns) } else { line.to_owned() });
    Ok(console.tell_list(&lines.collect::<Vec<_>>().join("\n"), &all))
}

/// A saved run that was read.
pub(super) struct Read {
    /// Its journal.
    pub stored: Stored,
    /// As it is listed.
    pub listed: Listed,
    /// Its plan; `None` if it cannot be read.
    pub plan: Option<RunPlan>,
    /// What it came to; `None` if that cannot be told.
    pub finished: Option<Finished>,
}

/// The runs that a filter lets through, newest first.
///
/// # Errors
/// The folder of runs cannot be read.
pub(super) fn select(store: &Store, filter: &FilterArgs) -> Result<Vec<Read>, Error> {
    let stored = store.list().map_err(|error| Error::failed(error.to_string()))?;
    let now = SystemTime::now();
    let young = |one: &Stored| filter.since.is_none_or(|since| age(one, now) <= since);
    let text = filter.grep.as_deref().map(str::to_lowercase);
    let fits = |run: &Read| {
        let plan = run.plan.as_ref();
        let words = plan.map(|plan| plan.material.question.to_lowercase()).unwrap_or_default();
        let files = || run.listed.question.to_lowercase();
        let models = || run.listed.models.join(",");
        (filter.status.is_empty() || filter.status.contains(&run.listed.status))
            && text
                .as_ref()
                .is_none_or(|text| words.contains(text) || files().contains(text) || models().contains(text))
    };
    let runs = stored.into_iter().filter(young).map(|one| read(one, now)).filter(fits);
    Ok(runs.take(filter.limit.unwrap_or(usize::MAX)).collect())
}

/// How long ago it was last written.
pub(super) fn age(stored: &Stored, now: SystemTime) -> Duration {
    now.duration_since(stored.modified).unwrap_or_default()
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
        short(&one.models),
        one.problem.clone().unwrap_or_else(|| one.question.clone()),
    ]
}

/// Models of the same name as one: `claude*3, codex`.
fn short(models: &[String]) -> String {
    let names: Vec<&str> = models.iter().map(|name| name.split('#').next().unwrap_or(name)).collect();
    let groups = names.chunk_by(|one, next| one == next);
    let groups = groups.map(|group| match group.len() {
        1 => group[0].to_owned(),
        count => format!("{}*{count}", group[0]),
    });
    groups.collect::<Vec<_>>().join(", ")
}

fn read(stored: Stored, now: SystemTime) -> Read {
    let mut listed = Listed {
        run: stored.run.to_string(),
        status: "unreadable".to_owned(),
        question: String::new(),
        models: Vec::new(),
        calls: None,
        cost_usd: None,
        cost_is_partial: false,
        age_seconds: age(&stored, now).as_secs(),
        bytes: stored.bytes,
        problem: None,
    };
    let ends = if stored.bytes > LARGE { Recorded::ends(&stored.path) } else { None };
    let (plan, closed, finished) = match ends {
        Some((header, finished)) => (header.plan, true, Ok(finished)),
        None => match Recorded::read(&stored.path) {
            Ok(recorded) => {
                let finished = retell(&recorded, &mut |_| {});
                (recorded.header.plan, recorded.end.is_some(), finished)
            }
            Err(error) => {
                listed.problem = Some(error.to_string());
                return Read { stored, listed, plan: None, finished: None };
            }
        },
    };
    listed.question = match plan.material.files.first() {
        Some((path, _)) if plan.material.question.trim().is_empty() => path.clone(),
        _ => preview(&plan.material.question),
    };
    listed.models = plan.participants.iter().map(|one| one.id.to_string()).collect();
    let finished = finished.map_err(|error| listed.problem = Some(error.to_string())).ok();
    if let Some(finished) = &finished {
        status(finished, closed).clone_into(&mut listed.status);
        listed.calls = Some(finished.totals.total_calls);
        let asked = finished.totals.participants.iter().filter(|account| account.attempts > 0);
        let costs = asked.map(|account| account.usage.cost_usd);
        listed.cost_is_partial = costs.clone().any(|cost| cost.is_none());
        listed.cost_usd = costs.flatten().reduce(|sum, cost| sum + cost);
    }
    Read { stored, listed, plan: Some(plan), finished }
}

/// The status of a run, `unfinished` if it was killed or still runs.
pub(super) fn status(finished: &Finished, closed: bool) -> &'static str {
    if closed { finished.outcome.status.as_str() } else { "unfinished" }
}
