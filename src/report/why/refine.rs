//! How a text got its score, and which version was kept.

use super::{Row, Why, row};
use crate::event::preview;
use crate::failure::FailureClass;
use crate::outcome::{CritiquePass, Iteration, RefineBody, Status};
use std::fmt::Write as _;

pub(super) fn why(body: &RefineBody, status: Status) -> Why {
    let kept = body.history.iter().rposition(|one| one.best);
    let mut rows: Vec<_> = body.history.iter().enumerate().map(|(at, one)| iteration(one, kept == Some(at))).collect();
    let last = body.history.last().map_or(0, |one| one.iteration);
    // It is asked for, but neither scored nor dropped.
    if body.mode == "score" && body.iterations > last {
        let what = match status {
            Status::Plateau => "unchanged: the author found nothing to change",
            _ => "not finished",
        };
        rows.push(row(format!("Rewrite {}", body.iterations), what));
    }
    rows.extend(body.skipped.iter().map(|reason| row("Unchanged", reason)));
    rows.extend(body.passes.iter().map(pass));
    rows.extend(failed(&body.failures));
    let by = body.judge.as_ref().map_or_else(String::new, |judge| format!(", by {judge}"));
    let caption = if body.history.is_empty() { String::new() } else { format!("scores by version{by}") };
    Why { caption, rows, ..Why::default() }
}

fn iteration(one: &Iteration, kept: bool) -> Row {
    let name = if one.iteration == 0 { "Draft".to_owned() } else { format!("Rewrite {}", one.iteration) };
    let kept = if kept { " (kept)" } else { "" };
    let said = match (one.score, &one.rationale, &one.text) {
        (Some(score), Some(rationale), _) if !rationale.trim().is_empty() => {
            format!("{score:.2}{kept}: {}", preview(rationale))
        }
        (Some(score), ..) => format!("{score:.2}{kept}"),
        (None, _, Some(_)) => "not scored".to_owned(),
        (None, _, None) => "not written".to_owned(),
    };
    row(name, said)
}

/// Who failed: in one word, since what happened and what to do was told then, and once for each reason.
pub(super) fn failed(failures: &[String]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for failure in failures {
        let mut parts = failure.splitn(3, ": ");
        let class = |word: &&str| serde_json::from_value::<FailureClass>((*word).into()).is_ok();
        let text = match (parts.next(), parts.next().filter(class)) {
            (Some(who), Some(class)) => format!("{who}: {class}"),
            _ => failure.clone(),
        };
        let told = row("Failed", text);
        if !rows.contains(&told) {
            rows.push(told);
        }
    }
    rows
}

/// What became of a critique and rewrite.
pub(in crate::report) fn pass(pass: &CritiquePass) -> Row {
    let what = match (pass.adopted, pass.converged) {
        (true, false) => "rewritten",
        (true, true) => "almost unchanged",
        (false, _) => "rewrite not adopted",
    };
    let mut text = format!("{what} by {}", pass.refiner);
    // Writing to a string cannot fail.
    if let (Some(before), Some(after)) = (pass.score_before, pass.score_after) {
        let _ = write!(text, ", score {before:.2} before, {after:.2} after");
    }
    if let Some(reason) = &pass.reason {
        let _ = write!(text, ": {reason}");
    }
    row(format!("Pass {}", pass.pass), text)
}
