//! The summary for people: status, winner, rounds, calls, time, money, and why.

use super::event_line::millis;
use super::paint::Paint;
use super::summary_rows;
use super::why::why;
use super::wrap;
use crate::exchange::Usage;
use crate::outcome::{Account, Finished, StepCost, Totals};
use crate::words::{counted, grouped, listed};
use std::fmt::Write as _;

/// The summary, several lines, for a terminal of so many columns.
#[must_use]
pub fn summary(finished: &Finished, paint: Paint, columns: usize) -> String {
    let outcome = &finished.outcome;
    let mut rows = vec![("Status", summary_rows::status(outcome, paint))];
    rows.extend(summary_rows::facts(&outcome.body, paint));
    rows.push(("Calls", calls(&finished.totals)));
    rows.push(("Elapsed", millis(finished.totals.elapsed_ms)));
    rows.extend(cost(&finished.totals).map(|cost| ("Cost", cost)));
    if finished.totals.resumable {
        let after = finished.totals.resume_at.map_or_else(String::new, |at| format!(", after {at}"));
        rows.push(("Continue with", format!("refinery resume {}{after}", finished.totals.run_id)));
    }
    rows.extend(finished.totals.steps.iter().map(|one| ("Step", step(one))));
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let critiques = summary_rows::critiques(outcome, columns);
    format!("{}{}{critiques}", wrap::rows(&rows, 0, columns), why(finished, paint, columns))
}

fn step(one: &StepCost) -> String {
    let mut text = format!("{}: {}", one.step, counted(one.calls, "call"));
    if let (Some(input), Some(output)) = (one.usage.input_tokens, one.usage.output_tokens) {
        let _ = write!(text, ", {} tokens in, {} out", grouped(input), grouped(output));
    }
    if let Some(dollars) = one.usage.cost_usd {
        let _ = write!(text, ", ${dollars:.2}");
    }
    text
}

fn calls(totals: &Totals) -> String {
    if totals.total_attempts == totals.total_calls {
        return grouped(totals.total_calls);
    }
    format!("{} ({})", grouped(totals.total_calls), counted(totals.total_attempts, "attempt"))
}

/// Dollars of the participants with (`billed`) or without an account that is charged per use; `None` if no
/// CLI reported any.
fn dollars(totals: &Totals, billed: bool) -> Option<f64> {
    let paid = totals.participants.iter().filter(|one| (one.pool == "api_key") == billed);
    paid.filter_map(|one| one.usage.cost_usd).reduce(|sum, one| sum + one)
}

/// Tokens and dollars as the vendors reported them, and which are missing; `None` if none were reported.
fn cost(totals: &Totals) -> Option<String> {
    let sum = totals.participants.iter().fold(Usage::default(), |sum, one| sum.plus(one.usage));
    let mut parts = Vec::new();
    if let (Some(input), Some(output)) = (sum.input_tokens, sum.output_tokens) {
        parts.push(format!("{} tokens in, {} out", grouped(input), grouped(output)));
    }
    parts.extend(dollars(totals, true).map(|billed| format!("${billed:.2}")));
    parts
        .extend(dollars(totals, false).map(|notional| format!("≈${notional:.2} at API prices (covered by your plan)")));
    if parts.is_empty() {
        return None;
    }
    let silent = |one: &&Account| one.pool == "api_key" && one.attempts > 0 && one.usage.cost_usd.is_none();
    let silent: Vec<_> = totals.participants.iter().filter(silent).map(|one| one.participant.as_str()).collect();
    if !silent.is_empty() {
        parts.push(format!("{}: cost unknown", listed(&silent, "and")));
    }
    let unknown: u64 = totals.participants.iter().map(|one| one.attempts_without_usage).sum();
    if unknown > 0 {
        parts.push(format!("{} without usage data", counted(unknown, "call")));
    }
    Some(parts.join("; "))
}
