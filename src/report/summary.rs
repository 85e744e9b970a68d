//! The summary for people: status, winner, rounds, calls, time, money, and why.

use super::event_line::millis;
use super::paint::Paint;
use super::why::why;
use super::wrap::{self, paragraphs};
use crate::exchange::Usage;
use crate::outcome::{Account, CritiquePass, Finished, Outcome, StepCost, Tone, Totals, row};
use crate::words::{counted, grouped, listed};
use std::fmt::Write as _;

/// The summary, several lines, for a terminal of so many columns.
#[must_use]
pub fn summary(finished: &Finished, paint: Paint, columns: usize) -> String {
    let outcome = &finished.outcome;
    let mut rows = vec![row("Status", status(outcome, paint))];
    rows.extend(outcome.body.explain().facts(&|name| paint.bold(name)));
    rows.push(row("Calls", calls(&finished.totals)));
    rows.push(row("Elapsed", millis(finished.totals.elapsed_ms)));
    rows.extend(cost(&finished.totals).map(|cost| row("Cost", cost)));
    if finished.totals.resumable {
        let after = finished.totals.resume_at.map_or_else(String::new, |at| format!(", after {at}"));
        rows.push(row("Continue with", format!("refinery resume {}{after}", finished.totals.run_id)));
    }
    rows.extend(finished.totals.steps.iter().map(|one| row("Step", step(one))));
    let critiques: String = passes(outcome).iter().map(|pass| critique(pass, columns)).collect();
    format!("{}{}{critiques}", wrap::rows(&rows, 0, columns), why(finished, paint, columns))
}

fn status(outcome: &Outcome, paint: Paint) -> String {
    let (tone, words) = outcome.in_words();
    match tone {
        Tone::Good => paint.good(&words),
        Tone::Warn => paint.warn(&words),
        Tone::Bad => paint.bad(&words),
    }
}

/// Its critiques, those of its steps, and those of the pass over the answer.
fn passes(outcome: &Outcome) -> Vec<&CritiquePass> {
    let explain = outcome.body.explain();
    let steps = explain.steps().iter().filter_map(|step| step.outcome.as_deref()).flat_map(passes);
    let refined = outcome.self_refine.iter().flat_map(|refined| &refined.passes);
    explain.passes().iter().chain(steps).chain(refined).collect()
}

/// A critique, whole.
fn critique(pass: &CritiquePass, columns: usize) -> String {
    if pass.critique.is_empty() {
        return String::new();
    }
    format!("\nCritique by {}:\n{}\n", pass.refiner, paragraphs(&pass.critique, 2, columns))
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
