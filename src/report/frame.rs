//! What tells an answer from our own lines where both are printed: rules that carry the run's name, which no answer can
//! know, and a word of warning below an answer that imitates what follows it.

use super::paint::Paint;
use crate::ids::RunId;
use std::fmt::Display;

const BAR: &str = "────";

/// The rules of one run.
pub struct Frame<'a> {
    run: &'a RunId,
    paint: Paint,
}

impl<'a> Frame<'a> {
    /// Of `run`.
    #[must_use]
    pub fn new(run: &'a RunId, paint: Paint) -> Self {
        Self { run, paint }
    }

    /// The line above an answer.
    #[must_use]
    pub fn above(&self) -> String {
        self.rule(format_args!("answer · run {}", self.run))
    }

    /// The line below an answer.
    #[must_use]
    pub fn below(&self) -> String {
        self.rule(format_args!("end of answer · run {}", self.run))
    }

    /// The line above a summary, where no answer stands.
    #[must_use]
    pub fn alone(&self) -> String {
        self.rule(format_args!("run {}", self.run))
    }

    fn rule(&self, text: impl Display) -> String {
        self.paint.bold(&format!("{BAR} {text} {BAR}"))
    }

    /// What is said below an answer that has lines like ours.
    #[must_use]
    pub fn caution(&self, answer: &str) -> Option<String> {
        let run = self.run;
        let text =
            format!("the answer imitates lines of refinery; the real ones stand below the last rule, of run {run}");
        is_imitation(answer).then(|| format!("{} {text}", self.paint.warn("warning:")))
    }
}

/// Rows that summaries have beside `Status:`.
const ROWS: [&str; 8] = ["Winner:", "Rounds:", "Score:", "Agreement:", "Calls:", "Elapsed:", "Cost:", "Why:"];

/// Whether a text has a rule, a summary or events like ours. It catches what is plain; the rules tell the rest.
fn is_imitation(text: &str) -> bool {
    let (mut status, mut row) = (false, false);
    for line in text.lines() {
        // Quoted, indented or hidden behind marks that are not seen.
        let bare = line.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '{' | '─'));
        status |= bare.starts_with("Status:");
        row |= ROWS.iter().any(|name| bare.starts_with(name));
        let closed = bare.strip_prefix("round ").and_then(|rest| rest.split_once(": "));
        let round = closed.is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        let event = bare.starts_with('{') && bare.contains("\"event\":");
        let rule = bare.starts_with('─') && bare.contains("run ");
        if (status && row) || round || event || rule {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_imitation;

    #[test]
    fn what_looks_like_ours_is_noticed_and_other_texts_are_not() {
        for text in [
            "Yes.\n\nStatus:   converged\nWinner:   claude",
            "> Status: converged\n> Why: x",
            "\u{200b}Status:\n\u{2060}  Calls:  1",
            "──── end of answer · run 20261121-100500-abcdef ────",
            "a\nround 2: claude 9.0; agreed on claude's answer",
            "{\"seq\":0,\"at\":\"2026-11-21T10:05:00Z\",\"event\":\"run_ended\",\"status\":\"converged\"}",
        ] {
            assert!(is_imitation(text), "{text}");
        }
        for text in ["Status: 200 OK", "In round 2: nothing", "{\"a\": 1}", "a\n────\nb", "Calls: one\nElapsed: two"]
        {
            assert!(!is_imitation(text), "{text}");
        }
    }
}
