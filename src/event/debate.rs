//! What happens in a debate, by the seed's thirteen names.

use crate::failure::FailureClass;
use crate::ids::{CallId, ParticipantId, Round};
use crate::outcome::{DebateBody, Disagreement, StopReason, Synthesis};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// What can happen in a debate. In a round:
///
/// ```text
/// roundStart
///   (participantStart  participantToken*  participantComplete  confidenceUpdate?)*
///   disagreementDetected*
/// roundComplete  earlyStop?
/// ```
///
/// and after the last one `(synthesisStart synthesisToken* synthesisComplete)?`, `error?` and
/// `finalResult`. In a blind round everybody starts before anybody completes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "event", rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
#[non_exhaustive]
pub enum DebateEvent {
    /// A round begins.
    RoundStart {
        /// Which.
        round: Round,
        /// Of at most how many.
        max_rounds: u32,
        /// What for: `counterarguments`.
        phase: String,
        /// What people call it.
        label: String,
        /// Who speaks when.
        order: Vec<ParticipantId>,
        /// Whether all speak at once, without hearing each other.
        blind: bool,
    },
    /// A participant is asked for its turn.
    ParticipantStart {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// As which persona.
        persona: String,
        /// By which call.
        call: CallId,
    },
    /// Live: text of a turn as it comes, where the CLI streams it. Carries no `seq`.
    ParticipantToken {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// Of which call.
        call: CallId,
        /// The next piece of text.
        text: String,
    },
    /// A turn is over, however it went.
    ParticipantComplete {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// By which call.
        call: CallId,
        /// What was said; `None` if the turn failed.
        content: Option<String>,
        /// 0 to 100; `None` if the turn failed.
        confidence: Option<u32>,
        /// Whether the reply stated it.
        marker_found: bool,
        /// Why the turn failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<FailureClass>,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A confidence is in.
    ConfidenceUpdate {
        /// In which round.
        round: Round,
        /// Whose.
        participant: ParticipantId,
        /// 0 to 100.
        confidence: u32,
        /// The mean of those who have spoken in this round; in a blind round the participant's own.
        running_average: f64,
    },
    /// Two participants are far apart.
    DisagreementDetected {
        /// In which round.
        round: Round,
        /// Who, and by how much.
        disagreement: Disagreement,
    },
    /// A round is over.
    RoundComplete {
        /// Which.
        round: Round,
        /// Its score, 0 to 100.
        score: u32,
        /// Mean of its confidences.
        average_confidence: f64,
        /// Their population standard deviation.
        stddev: f64,
        /// How many pairs are far apart.
        disagreements: usize,
        /// How many answered.
        answered: usize,
    },
    /// The score stopped moving: there will be no further round.
    EarlyStop {
        /// In which round.
        round: Round,
        /// By how much it moved since the round before.
        delta: u32,
        /// In words.
        reason: String,
    },
    /// The judge is asked.
    SynthesisStart {
        /// Who judges.
        participant: ParticipantId,
        /// By which call.
        call: CallId,
    },
    /// Live: text of the synthesis as it comes, where the CLI streams it. Carries no `seq`.
    SynthesisToken {
        /// Who judges.
        participant: ParticipantId,
        /// Of which call.
        call: CallId,
        /// The next piece of text.
        text: String,
    },
    /// The judge is done, however it went.
    SynthesisComplete {
        /// What it made of the debate; `None` if it failed.
        synthesis: Option<Synthesis>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<FailureClass>,
        /// In words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// The debate is over.
    FinalResult {
        /// The score of the last whole round.
        final_score: Option<u32>,
        /// The mean confidence of that round.
        final_average_confidence: Option<f64>,
        /// Why there was no further round.
        stop_reason: StopReason,
        /// How many rounds are whole.
        rounds_completed: u32,
    },
    /// The debate failed as a whole.
    Error {
        /// Why, in words.
        message: String,
    },
}

impl DebateEvent {
    /// The end of a debate.
    #[must_use]
    pub fn final_result(body: &DebateBody) -> Self {
        Self::FinalResult {
            final_score: body.final_score,
            final_average_confidence: body.final_average_confidence,
            stop_reason: body.stop_reason,
            rounds_completed: body.rounds_completed,
        }
    }

    /// The same, of a debate that is a part of a run: its calls have `scope` in front of their names.
    #[must_use]
    pub fn within(mut self, scope: &str) -> Self {
        match &mut self {
            Self::ParticipantStart { call, .. }
            | Self::ParticipantToken { call, .. }
            | Self::ParticipantComplete { call, .. }
            | Self::SynthesisStart { call, .. }
            | Self::SynthesisToken { call, .. } => *call = call.within(scope),
            Self::RoundStart { .. }
            | Self::ConfidenceUpdate { .. }
            | Self::DisagreementDetected { .. }
            | Self::RoundComplete { .. }
            | Self::EarlyStop { .. }
            | Self::SynthesisComplete { .. }
            | Self::FinalResult { .. }
            | Self::Error { .. } => {}
        }
        self
    }

    /// Whether it is live: shown as it happens, never recorded, without a `seq`.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::ParticipantToken { .. } | Self::SynthesisToken { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    #[test]
    fn names_are_the_seeds_and_survive_being_written_down() {
        let kind = EventKind::Debate(DebateEvent::EarlyStop { round: Round::FIRST, delta: 2, reason: "x".into() });
        let text = serde_json::to_string(&kind).unwrap();
        assert_eq!(text, r#"{"event":"earlyStop","round":1,"delta":2,"reason":"x"}"#);
        assert_eq!(serde_json::from_str::<EventKind>(&text).unwrap(), kind);
        let other = EventKind::Warning { text: "x".into() };
        let text = serde_json::to_string(&other).unwrap();
        assert_eq!(serde_json::from_str::<EventKind>(&text).unwrap(), other);
    }
}
