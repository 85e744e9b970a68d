//! The block *Why* below the summary: what decided, in a few lines. Everything else is in `runs show --reviews`.

mod consensus;
mod debate;
mod pipeline;
mod refine;
mod sampling;

pub(super) use refine::pass as critique_pass;

use super::paint::Paint;
use super::table::table;
use super::terminal::width;
use super::wrap;
use crate::ids::ParticipantId;
use crate::outcome::{Body, Dropped, Finished, Outcome, SelfRefined};
use crate::words::listed;
use std::fmt::Display;

/// A named line.
type Row = (String, String);

/// What a block holds.
#[derive(Default)]
struct Why {
    /// What the numbers are.
    caption: String,
    /// The numbers: the first row names the columns, the first column the rows.
    grid: Vec<Vec<String>>,
    /// The same with short names of columns, for a narrow terminal.
    narrow: Vec<Vec<String>>,
    /// What there is to say beside them.
    rows: Vec<Row>,
}

/// The block; nothing where there is nothing to explain.
pub(super) fn why(finished: &Finished, paint: Paint, columns: usize) -> String {
    let mut why = of(&finished.outcome, finished);
    why.rows.extend(finished.outcome.self_refine.iter().flat_map(|refined| self_refined(refined)));
    if why.grid.is_empty() && why.rows.is_empty() && why.caption.is_empty() {
        return String::new();
    }
    let head = wrap::filled(&format!("{}  ", paint.bold("Why:")), &why.caption, columns);
    format!("\n{head}\n{}{}", grid(&why, columns), wrap::rows(&why.rows, 2, columns))
}

fn of(outcome: &Outcome, finished: &Finished) -> Why {
    match &outcome.body {
        Body::Consensus(body) => consensus::why(body, &finished.totals.participants),
        Body::Debate(body) => debate::why(body),
        Body::Sample(body) => sampling::why(body),
        Body::Refine(body) => refine::why(body, outcome.status),
        Body::Pipe(body) => pipeline::why(body, finished),
    }
}

fn self_refined(refined: &SelfRefined) -> Vec<Row> {
    let what = match (&refined.skipped, refined.changed) {
        (Some(reason), _) => format!("skipped: {reason}"),
        (None, true) => "the answer was critiqued and rewritten".to_owned(),
        (None, false) => "the answer was critiqued and left unchanged".to_owned(),
    };
    let passes = refined.passes.iter().map(refine::pass);
    std::iter::once(row("Self-refine", what)).chain(passes).chain(refine::failed(&refined.failures)).collect()
}

/// The numbers, as wide as they may be: with short names of columns, and at last with cut names of rows.
fn grid(why: &Why, columns: usize) -> String {
    let room = columns.saturating_sub(2);
    let wide = |grid: &[Vec<String>]| laid_out(grid).lines().map(width).max().unwrap_or(0);
    let mut grid = if wide(&why.grid) > room { why.narrow.clone() } else { why.grid.clone() };
    let over = wide(&grid).saturating_sub(room);
    let longest = grid.iter().map(|row| width(&row[0])).max().unwrap_or(0);
    if over > 0 {
        grid.iter_mut().for_each(|row| row[0] = wrap::cut(&row[0], longest.saturating_sub(over).max(8)));
    }
    laid_out(&grid).lines().map(|line| format!("  {line}\n")).collect()
}

fn laid_out(grid: &[Vec<String>]) -> String {
    let numbers: Vec<usize> = (1..grid.first().map_or(0, Vec::len)).collect();
    table(grid, &numbers)
}

fn row(name: impl Display, text: impl Display) -> Row {
    (name.to_string(), text.to_string())
}

/// Participants that are not in the room, and why: in one word, since what happened and what to do was told then.
fn dropped(models: &[Dropped]) -> impl Iterator<Item = Row> {
    models.iter().map(|one| row("Dropped", format!("{}: {}", one.participant, one.reason)))
}

fn names<'a>(of: impl IntoIterator<Item = &'a ParticipantId>) -> String {
    listed(&of.into_iter().map(ParticipantId::as_str).collect::<Vec<_>>(), "and")
}

/// The first line of a text that has one.
fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("(no text)");
    wrap::cut(line, 160)
}
