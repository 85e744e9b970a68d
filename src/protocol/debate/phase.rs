//! What a round is for, by its number.

use crate::ids::Round;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What is asked of the participants in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    /// A position of one's own.
    InitialAnalysis,
    /// What is wrong with the others'.
    Counterarguments,
    /// What the evidence says, and where positions meet.
    EvidenceAssessment,
    /// What remains of one's position.
    Synthesis,
}

impl Phase {
    /// The phase of a round.
    #[must_use]
    pub fn of(round: Round) -> Self {
        match round.get() {
            1 => Self::InitialAnalysis,
            2 => Self::Counterarguments,
            3 => Self::EvidenceAssessment,
            _ => Self::Synthesis,
        }
    }

    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What people call a round of a debate of so many rounds.
#[must_use]
pub fn label(round: Round, rounds: u32) -> String {
    match Phase::of(round) {
        Phase::InitialAnalysis => "Initial Analysis".to_owned(),
        Phase::Counterarguments => "Counterarguments".to_owned(),
        Phase::EvidenceAssessment => "Evidence Assessment".to_owned(),
        Phase::Synthesis if round.get() >= rounds => "Final Synthesis".to_owned(),
        Phase::Synthesis => format!("Synthesis & Refinement (Round {round})"),
    }
}
