//! The block *Why* below the summary: what decided, in a few lines. Everything else is in `runs show --reviews`.

use super::paint::Paint;
use super::table::table;
use super::terminal::width;
use super::wrap;
use crate::outcome::{Finished, Row, SelfRefined, Why, critique_pass, failed_rows, row};

/// The block; nothing where there is nothing to explain.
pub(super) fn why(finished: &Finished, paint: Paint, columns: usize) -> String {
    let outcome = &finished.outcome;
    let mut why = outcome.body.explain().why(outcome.status, &finished.totals);
    why.rows.extend(outcome.self_refine.iter().flat_map(|refined| self_refined(refined)));
    if why.grid.is_empty() && why.rows.is_empty() && why.caption.is_empty() {
        return String::new();
    }
    let head = wrap::filled(&format!("{}  ", paint.bold("Why:")), &why.caption, columns);
    format!("\n{head}\n{}{}", grid(&why, columns), wrap::rows(&why.rows, 2, columns))
}

fn self_refined(refined: &SelfRefined) -> Vec<Row> {
    let what = match (&refined.skipped, refined.changed) {
        (Some(reason), _) => format!("skipped: {reason}"),
        (None, true) => "the answer was critiqued and rewritten".to_owned(),
        (None, false) => "the answer was critiqued and left unchanged".to_owned(),
    };
    let passes = refined.passes.iter().map(critique_pass);
    std::iter::once(row("Self-refine", what)).chain(passes).chain(failed_rows(&refined.failures)).collect()
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
