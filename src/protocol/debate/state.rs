//! What a debate knows at a moment: its rounds, and who said what in them.

use super::confidence::{Confidence, NEUTRAL};
use super::score::{Spread, Standing, consensus_score, spread};
use crate::failure::CallFailure;
use crate::ids::Round;
use crate::protocol::material::MemberIndex;
use std::sync::Arc;

/// A turn that was taken.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// Exactly as it came.
    pub text: Arc<str>,
    /// As others are shown it.
    pub shown: Arc<str>,
    pub confidence: Confidence,
}

impl Said {
    pub fn nothing() -> Self {
        let confidence = Confidence { value: NEUTRAL, marker_found: false };
        Self { text: "".into(), shown: "".into(), confidence }
    }
}

/// One round.
#[derive(Debug)]
pub(super) struct RoundState {
    pub round: Round,
    /// Who speaks when.
    pub order: Vec<MemberIndex>,
    /// By participant; `None` is still to come.
    pub turns: Vec<Option<Result<Said, CallFailure>>>,
}

impl RoundState {
    pub fn new(round: Round, order: Vec<MemberIndex>) -> Self {
        let turns = order.iter().map(|_| None).collect();
        Self { round, order, turns }
    }

    /// The turns that are over, in speaking order.
    pub fn spoken(&self) -> impl Iterator<Item = (MemberIndex, Result<&Said, &CallFailure>)> {
        self.order.iter().filter_map(|who| Some((*who, self.turns[*who].as_ref()?.as_ref())))
    }

    /// The turns in which something was said, in speaking order.
    pub fn answered(&self) -> impl Iterator<Item = (MemberIndex, &Said)> {
        self.spoken().filter_map(|(who, turn)| Some((who, turn.ok()?)))
    }

    /// Whose turn it is.
    pub fn next(&self) -> Option<MemberIndex> {
        self.order.iter().copied().find(|who| self.turns[*who].is_none())
    }

    /// The confidences, in speaking order.
    pub fn confidences(&self) -> Vec<f64> {
        self.answered().map(|(_, said)| f64::from(said.confidence.value)).collect()
    }

    pub fn spread(&self) -> Spread {
        spread(&self.confidences())
    }

    pub fn standing(&self) -> Standing {
        let confidences = self.confidences();
        let stated = self.answered().filter(|(_, said)| said.confidence.marker_found).count();
        Standing { score: consensus_score(&confidences), answered: confidences.len(), stated }
    }
}
