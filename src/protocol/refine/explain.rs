//! How a text got its score, and which version was kept.

use crate::event::preview;
use crate::outcome::{
    Answered, CritiquePass, Explain, InDocument, Iteration, RefineBody, Row, Said, Status, Totals, Why, critique_pass,
    failed_rows, row,
};

impl Explain for RefineBody {
    fn facts(&self, _strong: &dyn Fn(&str) -> String) -> Vec<Row> {
        let mut rows: Vec<_> = self.author.iter().map(|author| row("Author", author)).collect();
        if self.mode == "score" {
            let score = self.score.map_or_else(|| "none".to_owned(), |score| format!("{score:.2}"));
            let target = self.target_score.map_or(String::new(), |target| format!(" (target {target:.2})"));
            let judge = self.judge.as_ref().map_or(String::new(), |judge| format!(", by {judge}"));
            rows.push(row("Score", format!("{score}{target}{judge}")));
            rows.push(row("Iterations", self.iterations));
        }
        rows
    }

    fn why(&self, status: Status, _totals: &Totals) -> Why {
        let kept = self.history.iter().rposition(|one| one.best);
        let mut rows: Vec<_> =
            self.history.iter().enumerate().map(|(at, one)| iteration(one, kept == Some(at))).collect();
        let last = self.history.last().map_or(0, |one| one.iteration);
        // It is asked for, but neither scored nor dropped.
        if self.mode == "score" && self.iterations > last {
            let what = match status {
                Status::Plateau => "unchanged: the author found nothing to change",
                _ => "not finished",
            };
            rows.push(row(format!("Rewrite {}", self.iterations), what));
        }
        rows.extend(self.skipped.iter().map(|reason| row("Unchanged", reason)));
        rows.extend(self.passes.iter().map(critique_pass));
        rows.extend(failed_rows(&self.failures));
        let by = self.judge.as_ref().map_or_else(String::new, |judge| format!(", by {judge}"));
        let caption = if self.history.is_empty() { String::new() } else { format!("scores by version{by}") };
        Why { caption, rows, ..Why::default() }
    }

    fn said(&self) -> Vec<Said<'_>> {
        let judged = self.history.iter().map(|one| Said::Judgement {
            iteration: one.iteration,
            judge: self.judge.as_ref(),
            score: one.score,
            rationale: one.rationale.as_deref(),
            best: one.best,
            failure: one.failure,
            message: one.message.as_deref(),
        });
        judged.chain(self.passes.iter().map(|pass| Said::Critique { pass })).collect()
    }

    fn passes(&self) -> &[CritiquePass] {
        &self.passes
    }
}

impl InDocument for RefineBody {
    type Shown<'a> = Answered<'a, Self>;

    fn shown<'a>(&'a self, answer: Option<&'a str>, _: &'a Totals) -> Self::Shown<'a> {
        Answered { answer, body: self }
    }
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
