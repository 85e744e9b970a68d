//! What an outcome says to people and programs, without layout. Each protocol says its own in its folder
//! (`protocol/*/explain.rs`).

use super::{Concluded, CritiquePass, Dropped, Outcome, Said, Status, StepRecord, Totals};
use crate::failure::FailureClass;
use crate::ids::ParticipantId;
use crate::words::listed;
use serde::Serialize;
use std::fmt::{Display, Write as _};

/// A name, and what is said under it.
pub type Row = (String, String);

/// A row.
pub fn row(name: impl Display, text: impl Display) -> Row {
    (name.to_string(), text.to_string())
}

/// How good a status is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As was hoped.
    Good,
    /// With the best so far.
    Warn,
    /// Without what was asked for.
    Bad,
}

/// What decided, in a few lines.
#[derive(Debug, Default)]
pub struct Why {
    /// What the numbers are.
    pub caption: String,
    /// The numbers: the first row names the columns, the first column the rows.
    pub grid: Vec<Vec<String>>,
    /// The numbers with short names of columns, for a narrow terminal.
    pub narrow: Vec<Vec<String>>,
    /// What there is to say beside them.
    pub rows: Vec<Row>,
}

/// What the outcome of a protocol says.
pub trait Explain: Concluded {
    /// The status in words, where those of [`Outcome::in_words`] do not fit.
    fn status(&self, _outcome: &Outcome) -> Option<(Tone, String)> {
        None
    }

    /// Results; `strong` marks the name of the one that counts.
    fn facts(&self, _strong: &dyn Fn(&str) -> String) -> Vec<Row> {
        Vec::new()
    }

    /// What decided.
    fn why(&self, status: Status, totals: &Totals) -> Why;

    /// Everything that models said about each other's texts, in order.
    fn said(&self) -> Vec<Said<'_>> {
        Vec::new()
    }

    /// Its critiques.
    fn passes(&self) -> &[CritiquePass] {
        &[]
    }

    /// The steps that it consists of.
    fn steps(&self) -> &[StepRecord] {
        &[]
    }
}

/// An outcome as the document of a run shows it.
pub trait InDocument {
    /// Its members.
    type Shown<'a>
    where
        Self: 'a;

    /// The members; with a critique pass after the run, `answer` is the one that came of that.
    fn shown<'a>(&'a self, answer: Option<&'a str>, totals: &'a Totals) -> Self::Shown<'a>;
}

/// The answer, and everything else as the outcome has it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct Answered<'a, T> {
    /// The answer; `None` if there is none.
    pub answer: Option<&'a str>,
    /// Everything else.
    #[serde(flatten)]
    pub body: &'a T,
}

impl Outcome {
    /// The status in words.
    #[doc(hidden)]
    #[must_use]
    pub fn in_words(&self) -> (Tone, String) {
        if let Some(own) = self.body.explain().status(self) {
            return own;
        }
        let best = self.best();
        let (tone, words) = match self.status {
            Status::Converged => (Tone::Good, "converged"),
            Status::SingleModel => (Tone::Good, "one model only, not reviewed"),
            Status::Agreed => (Tone::Good, "agreed"),
            Status::Stable => (Tone::Good, "stable"),
            Status::AllRounds => (Tone::Good, "all rounds completed"),
            Status::TargetReached => (Tone::Good, "target score reached"),
            Status::Refined => (Tone::Good, "critiqued and rewritten"),
            Status::Unchanged => (Tone::Good, "unchanged"),
            Status::AgreementMissed => (Tone::Warn, "agreement missed: most common answer"),
            Status::MinScoreMissed => (Tone::Warn, "required score missed"),
            Status::NoMajority => (Tone::Warn, "no answer has more than half of the samples: most common answer"),
            Status::NotRefined => (Tone::Warn, "no usable rewrite: unchanged text"),
            Status::Plateau => (Tone::Warn, "the score stopped improving below the target: best text"),
            Status::MaxIterationsExceeded => {
                (Tone::Warn, "target score not reached within the maximum number of iterations: best text")
            }
            Status::InsufficientModels => (Tone::Bad, "no model answered"),
            Status::Error if self.answer.is_none() => (Tone::Bad, "failed"),
            Status::Error => return (Tone::Bad, format!("failed: {best}")),
            Status::MaxRoundsExceeded => {
                return (Tone::Warn, format!("no agreement within the maximum number of rounds: {best}"));
            }
            Status::BudgetExhausted => return (Tone::Warn, format!("budget exhausted: {best}")),
            Status::Parked => return (Tone::Warn, format!("paused at a usage limit: {best}")),
            Status::Cancelled => return (Tone::Warn, format!("cancelled: {best}")),
        };
        (tone, words.to_owned())
    }

    /// Whether there is an answer, in words.
    #[doc(hidden)]
    #[must_use]
    pub fn best(&self) -> &'static str {
        if self.answer.is_some() { "best answer so far" } else { "no answer" }
    }
}

/// Participants that were dropped, and why: in one word, since what happened and what to do was told then.
pub fn dropped_rows(models: &[Dropped]) -> impl Iterator<Item = Row> {
    models.iter().map(|one| row("Dropped", format!("{}: {}", one.participant, one.reason)))
}

/// Who failed: in one word, since what happened and what to do was told then, and once for each reason.
#[must_use]
pub fn failed_rows(failures: &[String]) -> Vec<Row> {
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

/// `claude, codex and gemini`
pub fn names<'a>(of: impl IntoIterator<Item = &'a ParticipantId>) -> String {
    listed(&of.into_iter().map(ParticipantId::as_str).collect::<Vec<_>>(), "and")
}

/// What became of a critique and rewrite.
#[must_use]
pub fn critique_pass(pass: &CritiquePass) -> Row {
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
