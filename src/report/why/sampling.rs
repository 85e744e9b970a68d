//! Which samples gave which answer.

use super::{Why, row};
use crate::event::preview;
use crate::outcome::{Response, SamplingBody};
use crate::words::counted;
use std::collections::BTreeMap;

/// So many of the different answers are shown.
const SHOWN: usize = 6;
/// So many of the samples that gave one.
const NUMBERS: usize = 10;

pub(super) fn why(body: &SamplingBody) -> Why {
    let mut rows: Vec<_> = body.responses.iter().take(SHOWN).map(|one| cluster(one, body)).collect();
    if let Some(more @ 1..) = body.responses.len().checked_sub(SHOWN) {
        rows.push(row("More", counted(u64::try_from(more).unwrap_or(u64::MAX), "other answer")));
    }
    if body.tie_count > 1 {
        let tied = format!("{} answers with the same number of samples: the first one is taken", body.tie_count);
        rows.push(row("Tie", tied));
    }
    let mut failed: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for one in &body.samples {
        if let Some(class) = one.failure {
            failed.entry((&one.participant, class)).or_default().push(one.sample);
        }
    }
    rows.extend(
        failed.iter().map(|((who, class), samples)| row("Failed", format!("{who}: {class} ({})", numbered(samples)))),
    );
    let caption = match body.responses.as_slice() {
        [] => String::new(),
        _ => format!("samples by answer, compared by `{}`", body.normaliser),
    };
    Why { caption, rows, ..Why::default() }
}

/// `3 of 5: Paris (samples 1, 2 and 4: claude, codex)`
fn cluster(one: &Response, body: &SamplingBody) -> super::Row {
    let mut who: Vec<&str> = Vec::new();
    for sample in body.samples.iter().filter(|sample| one.samples.contains(&sample.sample)) {
        if !who.contains(&sample.participant.as_str()) {
            who.push(sample.participant.as_str());
        }
    }
    let members = format!("{}: {}", numbered(&one.samples), who.join(", "));
    row(
        format!("{} of {}", one.votes, body.num_samples),
        format!("{} ({members})", gist(&one.answer, &body.normaliser)),
    )
}

/// `samples 1, 2, 4`
fn numbered(samples: &[u32]) -> String {
    let numbers: Vec<String> = samples.iter().take(NUMBERS).map(ToString::to_string).collect();
    let more = if samples.len() > NUMBERS { ", …" } else { "" };
    let samples = if samples.len() == 1 { "sample" } else { "samples" };
    format!("{samples} {}{more}", numbers.join(", "))
}

/// The line that tells the answers apart: the last one where it is a number or a choice, which reasons come before.
fn gist(answer: &str, normaliser: &str) -> String {
    let mut lines = answer.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = match normaliser {
        "number" | "choice" => lines.next_back(),
        _ => lines.next(),
    };
    preview(line.unwrap_or_default())
}
