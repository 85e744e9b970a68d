//! `refinery runs cost`: what saved runs cost, by day, model or account.

use crate::cli::console::Console;
use crate::cli::history::journal_args::{CostGroup, FilterArgs};
use crate::cli::history::list::{Read, select};
use crate::error::Error;
use crate::journal::Store;
use crate::report::table::table;
use crate::words::grouped;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What one day, model or account cost.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct CostRow {
    /// The day (UTC), model or account; empty for all.
    group: String,
    /// Number of runs.
    runs: usize,
    /// Number of calls.
    calls: u64,
    /// Input tokens, as far as they were reported.
    input_tokens: u64,
    /// Output tokens, as far as they were reported.
    output_tokens: u64,
    /// Known cost in US dollars.
    cost_usd: f64,
    /// Number of attempts whose cost is unknown.
    attempts_without_cost: u64,
}

/// Shows the cost of the runs that a filter lets through; the sum stands last.
///
/// # Errors
/// The folder of runs cannot be read.
pub(super) fn run(store: &Store, filter: &FilterArgs, by: CostGroup, console: Console) -> Result<u8, Error> {
    let rows = rows(&select(store, filter)?, by);
    let name: &str = by.into();
    let head = [&name.to_uppercase(), "RUNS", "CALLS", "INPUT", "OUTPUT", "COST", "ATTEMPTS OF UNKNOWN COST"];
    let cells = |row: &CostRow| {
        let group = if row.group.is_empty() { "all".to_owned() } else { row.group.clone() };
        let counts = [row.runs as u64, row.calls, row.input_tokens, row.output_tokens].map(grouped);
        let cost = [format!("${:.2}", row.cost_usd), grouped(row.attempts_without_cost)];
        [vec![group], counts.to_vec(), cost.to_vec()].concat()
    };
    let lines: Vec<_> = [head.map(str::to_owned).to_vec()].into_iter().chain(rows.iter().map(cells)).collect();
    Ok(console.tell_list(&table(&lines, &[1, 2, 3, 4, 5, 6]), &rows))
}

fn rows(runs: &[Read], by: CostGroup) -> Vec<CostRow> {
    let mut groups: BTreeMap<String, (BTreeSet<&str>, CostRow)> = BTreeMap::new();
    let mut all = (BTreeSet::new(), CostRow::default());
    for run in runs {
        let (Some(plan), Some(finished)) = (&run.plan, &run.finished) else { continue };
        let day = plan.created_at.to_string();
        for account in &finished.totals.participants {
            let group = match by {
                CostGroup::Day => day.get(..10).unwrap_or(&day).to_owned(),
                CostGroup::Model => account.model_id.clone(),
                CostGroup::Billing => format!("{} {}", account.adapter, account.pool),
            };
            let of_group = groups.entry(group).or_default();
            for (names, row) in [of_group, &mut all] {
                names.insert(run.stored.run.as_str());
                row.runs = names.len();
                row.calls += account.calls;
                row.input_tokens += account.usage.input_tokens.unwrap_or(0);
                row.output_tokens += account.usage.output_tokens.unwrap_or(0);
                row.cost_usd += account.usage.cost_usd.unwrap_or(0.0);
                // Usage is summed as a whole: with one attempt of unknown cost, the rest of an account is a lower bound.
                row.attempts_without_cost += match account.usage.cost_usd {
                    Some(_) => account.attempts_without_usage,
                    None => account.attempts,
                };
            }
        }
    }
    let groups = groups.into_iter().map(|(group, (_, row))| CostRow { group, ..row });
    groups.chain([all.1]).collect()
}
