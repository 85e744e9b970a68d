//! When a run may end: the seam for a caller's own rule.

use crate::ids::{ParticipantId, Round};
use crate::protocol::tally::{HIGHEST, LOWEST, Ranking, Standing};

/// Decides when the participants agree.
///
/// Only [`close`](Self::close) must be written. A strategy that also tells what a round that is
/// still open can lead to saves time: answers are refined early where the round cannot close
/// anyway, and calls that cannot change the outcome are given up.
///
/// ```
/// use refinery_core::protocol::consensus::{ClosedRound, ClosingDecision, ClosingStrategy};
///
/// /// Ends a run as soon as nobody gave the leader less than `least`.
/// struct NoObjection {
///     least: f64,
/// }
///
/// impl ClosingStrategy for NoObjection {
///     fn name(&self) -> &str {
///         "no-objection"
///     }
///
///     fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision {
///         let Some(leader) = &round.standing.leader else { return ClosingDecision::Continue };
///         let mut given = round.standing.scores.values().filter_map(|by_author| by_author.get(leader));
///         if given.all(|score| *score >= self.least) {
///             ClosingDecision::Converged { winner: leader.clone() }
///         } else {
///             ClosingDecision::Continue
///         }
///     }
/// }
/// ```
pub trait ClosingStrategy: Send + Sync {
    /// Its name in outcomes, such as `vote-threshold`.
    fn name(&self) -> &str;

    /// Looks at a round whose scores are in. The same rounds must always lead to the same decision.
    fn close(&self, round: &ClosedRound<'_>) -> ClosingDecision;

    /// By what the leader of each round is told, before [`close`](Self::close) sees it.
    fn ranking(&self) -> Ranking {
        Ranking::Mean
    }

    /// Says what [`close`](Self::close) will decide about a round that is still open, whatever is
    /// still to come, failures included. [`Bound::Unknown`] is always right.
    fn bound(&self, _partial: &Partial<'_>) -> Bound {
        Bound::Unknown
    }

    /// Whose answers the run may still end with, in an open round that no other can follow; `None` is always right:
    /// everybody's. The reviews of the others are not needed. Where the round does not converge, the leader with
    /// the best mean of all rounds wins, the latest of several; `best` is that of the rounds before.
    fn may_win(&self, _last: &Partial<'_>, _best: Option<f64>) -> Option<Vec<ParticipantId>> {
        None
    }
}

/// A round whose scores are in.
#[derive(Debug, Clone, Copy)]
pub struct ClosedRound<'a> {
    /// Its scores, means and leader.
    pub standing: &'a Standing,
    /// The rounds before it, the first one first.
    pub earlier: &'a [Standing],
}

/// What a closing strategy decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClosingDecision {
    /// The run ends with this participant's answer.
    Converged {
        /// Whose answer wins. Somebody without an answer in the round counts as its leader.
        winner: ParticipantId,
    },
    /// Another round, if there is one left.
    Continue,
}

/// What a round that is still open can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// Whatever is still to come, the decision will be to go on.
    CannotClose,
    /// Whatever is still to come, the decision will be that the run converged, on the same winner
    /// as with what is there now.
    WillClose,
    /// It depends.
    Unknown,
}

/// A round that is still open.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Partial<'a> {
    /// Which round.
    pub round: Round,
    /// How the round before it ended.
    pub previous: Previous<'a>,
    /// What is known about each answer that is there or may come, in plan order.
    pub answers: Vec<AnswerSoFar>,
}

/// The round before one that is still open.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Previous<'a> {
    /// There is none: it is the first.
    None,
    /// It is closed, and this is where it stood.
    Closed(&'a Standing),
    /// It is open as well, but certain not to end the run.
    Open,
}

/// What is known about one answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AnswerSoFar {
    /// Whose.
    pub author: ParticipantId,
    /// Whether it is there; else it may still come, or not.
    pub here: bool,
    /// The scores that it got, in plan order of the reviewers.
    pub scores: Vec<f64>,
    /// How many more it may get.
    pub missing: usize,
}

impl AnswerSoFar {
    /// The highest mean that it can still get; `None` if it can get none.
    #[must_use]
    pub fn highest(&self) -> Option<f64> {
        self.mean_with(HIGHEST)
    }

    /// The lowest mean that it can still get; `None` if it may end up with none.
    #[must_use]
    pub fn lowest(&self) -> Option<f64> {
        if self.scores.is_empty() { None } else { self.mean_with(LOWEST) }
    }

    fn mean_with(&self, missing: f64) -> Option<f64> {
        let all: Vec<f64> = self.scores.iter().copied().chain(std::iter::repeat_n(missing, self.missing)).collect();
        crate::protocol::tally::mean(&all)
    }
}
