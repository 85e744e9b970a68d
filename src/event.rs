//! The one spine that every output reads: what happened in a run, in order.

mod debate;
mod text;

pub use debate::DebateEvent;
pub use text::TextEvent;

use crate::exchange::{CallSpec, Role, Usage};
use crate::failure::FailureClass;
use crate::ids::{CallId, ParticipantId, Round, RunId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use strum::IntoStaticStr;

/// One happening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the run, from 0 without gaps. Live events, which a replay does not repeat
    /// (progress of a call), have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// A participant as it is announced before the first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Announced {
    /// Its unique name.
    pub participant: ParticipantId,
    /// The resolved model with its vendor prefix, as in the seed's JSON.
    pub model_id: String,
    /// How hard it thinks, if that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// What pays for it, in words: `subscription (CLAUDE_CODE_OAUTH_TOKEN)`.
    pub pays: String,
}

/// What follows from a usage limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitThen {
    /// The run goes on without that vendor.
    GoOnWithout,
    /// The run waits for the reset.
    Wait,
    /// The run stops here, and can be resumed.
    Stop,
}

/// What can happen. Names are stable: they are the `event` field of the JSONL stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The run begins; nothing was called yet.
    RunStarted {
        /// Name of the run.
        run: RunId,
        /// The protocol: `consensus`.
        protocol: String,
        /// Who takes part, in plan order.
        participants: Vec<Announced>,
        /// At most this many calls, repairs among them.
        max_calls: u64,
    },
    /// A call was asked for and waits for its turn.
    CallQueued {
        /// Which.
        call: CallId,
        /// Whom it asks.
        participant: ParticipantId,
        /// What for.
        role: Role,
        /// In which round.
        round: Round,
    },
    /// A subprocess was started for a call.
    AttemptStarted {
        /// Which call.
        call: CallId,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// A subprocess ended.
    AttemptEnded {
        /// Which call.
        call: CallId,
        /// The attempt, from 1.
        attempt: u32,
        /// Why it brought no answer; `None` if it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<FailureClass>,
        /// What happened, in words, if it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// What it cost, as far as the vendor said.
        usage: Usage,
        /// How long it took.
        elapsed_ms: u64,
    },
    /// A call will be tried again.
    Retrying {
        /// Which call.
        call: CallId,
        /// After which pause; in JSON `pause_ms`.
        #[serde(rename = "pause_ms", with = "crate::time::millis")]
        #[cfg_attr(feature = "cli", schemars(with = "u64"))]
        pause: Duration,
        /// Why.
        failure: FailureClass,
    },
    /// A vendor says that a usage limit is reached.
    LimitReached {
        /// Of which call.
        call: CallId,
        /// Whom it asked.
        participant: ParticipantId,
        /// When it resets, if the vendor says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resets_at: Option<Timestamp>,
        /// What follows.
        then: LimitThen,
    },
    /// A call was answered, or finally failed.
    CallSettled {
        /// Which.
        call: CallId,
        /// Whom it asked.
        participant: ParticipantId,
        /// Why there is no answer; `None` if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<FailureClass>,
        /// How many attempts it took.
        attempts: u32,
        /// From queue to end.
        elapsed_ms: u64,
    },
    /// A call that is no longer needed was ended.
    CallAbandoned {
        /// Which.
        call: CallId,
    },
    /// Live: bytes of answer so far. Carries no `seq`.
    Progress {
        /// Which call.
        call: CallId,
        /// What the CLI is doing, in one word: `thinking`, `answering`, `retrying`.
        doing: String,
        /// Bytes of answer so far.
        bytes: u64,
    },
    /// Live: text of an answer as it comes, where the CLI streams it. Carries no `seq`.
    Token {
        /// Which call.
        call: CallId,
        /// The next piece of text.
        text: String,
    },
    /// A round begins.
    RoundStarted {
        /// Which.
        round: Round,
        /// Of at most how many.
        max_rounds: u32,
    },
    /// A participant has an answer in the room: a proposal.
    Proposed {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// Its length in words.
        words: u64,
        /// The first line, at most 60 characters.
        preview: String,
    },
    /// A participant could not propose.
    ProposeFailed {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// Why.
        failure: FailureClass,
        /// In words.
        message: String,
    },
    /// A review came in.
    Reviewed {
        /// In which round.
        round: Round,
        /// Who reviewed.
        reviewer: ParticipantId,
        /// Whose answer.
        author: ParticipantId,
        /// 1 to 10.
        score: f64,
        /// The first line of the assessment, at most 60 characters.
        preview: String,
    },
    /// A malformed review is asked for once more.
    RepairAsked {
        /// In which round.
        round: Round,
        /// Who reviewed.
        reviewer: ParticipantId,
        /// What was wrong.
        reason: String,
    },
    /// A review is missing for good, and counted as such.
    ReviewDropped {
        /// In which round.
        round: Round,
        /// Who should have reviewed.
        reviewer: ParticipantId,
        /// Whose answer.
        author: ParticipantId,
        /// Why: a failure class.
        failure: FailureClass,
        /// In words.
        message: String,
    },
    /// A participant improved its answer for the next round.
    Refined {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// Its length in words.
        words: u64,
        /// The first line, at most 60 characters.
        preview: String,
    },
    /// A refinement failed; the answer stays as it was.
    RefineFailed {
        /// In which round.
        round: Round,
        /// Who.
        participant: ParticipantId,
        /// Why.
        failure: FailureClass,
        /// In words.
        message: String,
    },
    /// A participant found nothing to change in its answer.
    Unchanged {
        /// Which round.
        round: Round,
        /// Whose answer.
        participant: ParticipantId,
    },
    /// A participant is not asked to rewrite its own text: its prompt cannot hold all of it.
    TooLongToRewrite {
        /// Whose text.
        participant: ParticipantId,
        /// Its length.
        bytes: u64,
    },
    /// Quoted text was too long for a participant and lost its middle.
    QuoteCut {
        /// In the prompt of which call.
        call: CallId,
        /// Bytes that were left out.
        bytes: u64,
    },
    /// The scores of a round are in.
    RoundClosed {
        /// Which.
        round: Round,
        /// Mean score of each answer that was scored, by author.
        means: BTreeMap<ParticipantId, f64>,
        /// Who leads.
        leader: Option<ParticipantId>,
        /// For how many rounds in a row.
        stable: u32,
        /// How many it takes.
        stability_rounds: u32,
        /// The threshold of the closing strategy.
        threshold: f64,
        /// Whether the run converged in this round.
        converged: bool,
    },
    /// Something that a person should know.
    Warning {
        /// One line.
        text: String,
    },
    /// The run goes on after it was stopped, killed or parked: calls that were in flight are asked
    /// again.
    RunResumed {},
    /// The run is over. In the JSONL stream the outcome follows as the last line.
    RunEnded {
        /// How: the outcome's `status`.
        status: crate::outcome::Status,
    },
    /// Of a debate: these keep the names of the seed, in its own spelling.
    #[serde(untagged)]
    Debate(DebateEvent),
    /// What happens to samples, to a text that is refined, and to steps. In JSON its fields stand
    /// where those of all others do.
    #[serde(untagged)]
    Text(TextEvent),
}

impl From<TextEvent> for EventKind {
    fn from(event: TextEvent) -> Self {
        Self::Text(event)
    }
}

impl EventKind {
    /// The next piece of text of a call; a debate has names of its own for it.
    #[must_use]
    pub(crate) fn token(spec: &CallSpec, text: String) -> Self {
        let (round, participant, call) = (spec.round, spec.to.clone(), spec.id.clone());
        match spec.role {
            Role::Argue => Self::Debate(DebateEvent::ParticipantToken { round, participant, call, text }),
            Role::Judge => Self::Debate(DebateEvent::SynthesisToken { participant, call, text }),
            Role::Answer
            | Role::Propose
            | Role::Evaluate
            | Role::Refine
            | Role::Sample
            | Role::Draft
            | Role::Score
            | Role::Critique => Self::Token { call, text },
        }
    }

    /// The name: the `event` field of the JSONL stream.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Debate(event) => event.into(),
            Self::Text(event) => event.into(),
            other => other.into(),
        }
    }

    /// Whether it is live: shown as it happens, never recorded, without a `seq`.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self {
            Self::Progress { .. } | Self::Token { .. } => true,
            Self::Debate(event) => event.is_live(),
            _ => false,
        }
    }
}

/// The first line of a text for a list of happenings: at most 60 characters.
#[doc(hidden)]
#[must_use]
pub fn preview(text: &str) -> String {
    first_line(text, 60)
}

/// The first line that is not blank, cut after so many characters.
pub(crate) fn first_line(text: &str, most: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    match line.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
