//! What happens to samples, to a text that is refined, and to steps.

use crate::failure::FailureClass;
use crate::ids::{ParticipantId, Round};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// One happening of a sampling, refining or stepped run. Names are stable: they are the `event`
/// field of the JSONL stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum TextEvent {
    /// A sample is in.
    Sampled {
        /// Which, from 1.
        sample: u32,
        /// Who gave it.
        participant: ParticipantId,
        /// The first line, at most 60 characters.
        preview: String,
    },
    /// A sample failed; it counts among those asked for.
    SampleFailed {
        /// Which, from 1.
        sample: u32,
        /// Whom it was dealt to.
        participant: ParticipantId,
        /// Why.
        failure: FailureClass,
        /// In words.
        message: String,
    },
    /// The samples were counted.
    SamplesCounted {
        /// The winner's samples among those asked for; `None` where it is not known.
        agreement_ratio: Option<f64>,
        /// What it is at least.
        least: f64,
        /// What it is at most.
        most: f64,
        /// How many different answers were given.
        unique_responses: u32,
        /// How many answers have as many samples as the winner.
        tie_count: u32,
        /// How many samples were asked for.
        num_samples: u32,
        /// How many of them were not taken, because they could not matter.
        calls_saved: u32,
        /// Whether they agree as far as was asked.
        reached: bool,
    },
    /// There is a first text to refine.
    Drafted {
        /// Who wrote it; `None` if it was given.
        participant: Option<ParticipantId>,
        /// Its length in words.
        words: u64,
        /// The first line, at most 60 characters.
        preview: String,
    },
    /// No first text could be written.
    DraftFailed {
        /// Who should have.
        participant: ParticipantId,
        /// Why.
        failure: FailureClass,
        /// In words.
        message: String,
    },
    /// A text was scored.
    Scored {
        /// In which round: the draft in round 1.
        round: Round,
        /// Who scored it.
        judge: ParticipantId,
        /// 0 to 1.
        score: f64,
        /// The best score so far, this one included.
        best: f64,
        /// The first line of the reasons, at most 60 characters.
        preview: String,
    },
    /// A text has no score, and is left out of the comparison.
    ScoreDropped {
        /// In which round.
        round: Round,
        /// Who should have scored it.
        judge: ParticipantId,
        /// Why.
        failure: FailureClass,
        /// In words.
        message: String,
    },
    /// A text was critiqued and rewritten.
    Critiqued {
        /// In which round.
        round: Round,
        /// Who did.
        refiner: ParticipantId,
        /// Whether the rewrite replaced the text.
        adopted: bool,
        /// Whether it is practically the text before it.
        converged: bool,
        /// Why it did not replace the text, or what else is to be known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The first line of the critique, at most 60 characters.
        preview: String,
    },
    /// The answer is not critiqued, although that was asked for.
    SelfRefineSkipped {
        /// Why.
        reason: String,
    },
    /// A step begins.
    StepStarted {
        /// Its name: `step1`.
        step: String,
        /// What it does.
        kind: String,
        /// Of how many steps.
        steps: u32,
    },
    /// A step is left out, because its condition does not hold.
    StepSkipped {
        /// Its name.
        step: String,
        /// What it would do.
        kind: String,
        /// Why.
        reason: String,
    },
    /// A step is over.
    StepEnded {
        /// Its name.
        step: String,
        /// What it did.
        kind: String,
        /// How it ended.
        status: crate::outcome::Status,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;

    #[test]
    fn its_fields_stand_where_those_of_all_others_do() {
        let kind = EventKind::from(TextEvent::SelfRefineSkipped { reason: "short".into() });
        let text = serde_json::to_string(&kind).unwrap();
        assert_eq!(text, r#"{"event":"self_refine_skipped","reason":"short"}"#);
        assert_eq!(serde_json::from_str::<EventKind>(&text).unwrap(), kind);
        let other = EventKind::Warning { text: "x".into() };
        assert_eq!(serde_json::from_str::<EventKind>(&serde_json::to_string(&other).unwrap()).unwrap(), other);
    }
}
