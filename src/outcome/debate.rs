//! What a debate ends with. Names of the original are kept, in our spelling; more are added.

use super::{Concluded, Dropped, QuoteCut, Status, dropped};
use crate::event::{DebateEvent, EventKind};
use crate::failure::FailureClass;
use crate::ids::{ParticipantId, Round};
use serde::{Deserialize, Serialize, Serializer};
use strum::IntoStaticStr;

/// What a debate ended with.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(inline))]
pub struct DebateBody {
    /// The score of the last whole round, 0 to 100; `None` if there is no whole round.
    pub final_score: Option<u32>,
    /// The mean confidence of that round, 0 to 100.
    pub final_average_confidence: Option<f64>,
    /// The population standard deviation of its confidences.
    pub final_stddev: Option<f64>,
    /// Why there was no further round.
    pub stop_reason: StopReason,
    /// How many rounds are whole.
    pub rounds_completed: u32,
    /// How many there could have been.
    pub max_rounds: u32,
    /// When and why the score counted as stable, if it did.
    pub early_stop: Option<EarlyStop>,
    /// How many pairs are far apart in the last whole round.
    pub open_disagreements: usize,
    /// The difference of confidences from which on two participants disagree.
    #[serde(serialize_with = "plain")]
    pub disagreement_threshold: f64,
    /// By how much a stable score may move from one round to the next.
    #[serde(serialize_with = "plain")]
    pub convergence_delta: f64,
    /// The score that was asked for.
    pub min_score: Option<f64>,
    /// Every participant's last word, in plan order; those who never answered have none.
    pub positions: Vec<Position>,
    /// The rounds, the first one first; the last one may be incomplete.
    pub rounds: Vec<DebateRound>,
    /// What the judge made of it; `None` without a judge, or if it failed.
    pub synthesis: Option<Box<Synthesis>>,
    /// Why there is no synthesis although a judge was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthesis_error: Option<TurnFailure>,
    /// Participants that could not be asked any more, or did not answer in the last round.
    pub models_dropped: Vec<Dropped>,
    /// Prompts in which quoted text was too long and lost its middle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes_cut: Vec<QuoteCut>,
}

impl DebateBody {
    /// The last whole round.
    #[must_use]
    pub fn last_round(&self) -> Option<&DebateRound> {
        self.rounds.iter().rev().find(|round| round.complete)
    }

    /// The disagreements of the last whole round.
    #[must_use]
    pub fn disagreements(&self) -> &[Disagreement] {
        self.last_round().map_or(&[], |round| &round.disagreements)
    }
}

impl Concluded for DebateBody {
    fn author(&self) -> Option<&ParticipantId> {
        None
    }

    fn writers(&self) -> Vec<String> {
        vec!["debate".to_owned()]
    }

    fn failures(&self) -> (Vec<String>, bool) {
        dropped(&self.models_dropped)
    }

    fn quotes_cut(&mut self) -> &mut [QuoteCut] {
        &mut self.quotes_cut
    }

    /// What most hold, if a judge says it; else all positions.
    fn handed_on<'a>(&'a self, answer: &'a str) -> &'a str {
        let Some(synthesis) = &self.synthesis else { return answer };
        match synthesis.majority_position.trim() {
            "" if synthesis.is_formless() => &synthesis.content,
            "" => answer,
            majority => majority,
        }
    }

    fn closing_events(&self, status: Status) -> Vec<EventKind> {
        let error = (status == Status::Error).then(|| DebateEvent::Error { message: "the run had to stop".to_owned() });
        error.into_iter().chain([DebateEvent::final_result(self)]).map(EventKind::Debate).collect()
    }
}

/// Why a debate had no further round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum StopReason {
    /// The score stopped moving. It says nothing about who agrees.
    Converged,
    /// There were no more rounds.
    MaxRounds,
    /// It was stopped, or no model was left to ask.
    Aborted,
}

impl StopReason {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// When and why a score counted as stable.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct EarlyStop {
    /// In which round.
    pub round: Round,
    /// By how much the score moved since the round before.
    pub delta: u32,
    /// In words.
    pub reason: String,
}

/// A participant's last word.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Position {
    /// Who.
    pub participant: ParticipantId,
    /// The resolved model with its vendor prefix.
    pub model_id: String,
    /// The id of its persona.
    pub persona: String,
    /// What the others call it.
    pub speaker: String,
    /// In which round it was said.
    pub round: Round,
    /// 0 to 100; 50 where none is stated.
    pub confidence: u32,
    /// Whether it is stated.
    #[serde(default = "stated")]
    pub stated: bool,
    /// Without the line that states the confidence.
    pub position: String,
}

/// Of positions in journals that do not say so.
fn stated() -> bool {
    true
}

/// One round of a debate.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct DebateRound {
    /// Which.
    pub round: Round,
    /// What for: `initial-analysis`, `counterarguments`, `evidence-assessment` or `synthesis`.
    pub phase: String,
    /// What people call it.
    pub label: String,
    /// Whether everybody had its turn; if not, it counts for nothing.
    pub complete: bool,
    /// Who speaks when.
    pub order: Vec<ParticipantId>,
    /// What was said, in that order; of an incomplete round, what there is.
    pub responses: Vec<Turn>,
    /// Mean of the confidences less half their deviation, 0 to 100; 0 without an answer.
    pub score: u32,
    /// Mean of the confidences, 0 to 100; 0 without an answer.
    pub average_confidence: f64,
    /// Their population standard deviation.
    pub stddev: f64,
    /// Whose confidences are far apart.
    pub disagreements: Vec<Disagreement>,
}

/// One turn.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Turn {
    /// Whose.
    pub participant: ParticipantId,
    /// What was said, exactly; `None` if nothing was.
    pub content: Option<String>,
    /// 0 to 100, 50 where nothing was said about it; `None` if the turn failed.
    pub confidence: Option<u32>,
    /// Whether the reply stated a confidence.
    pub marker_found: bool,
    /// Why nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TurnFailure>,
}

/// Why a turn or a synthesis failed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct TurnFailure {
    /// A failure class.
    pub failure: FailureClass,
    /// In words.
    pub message: String,
}

/// Two participants whose confidences are far apart.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Disagreement {
    /// `r2-claude-codex`, in speaking order.
    pub id: String,
    /// Who spoke first.
    pub a: ParticipantId,
    /// Who spoke later.
    pub b: ParticipantId,
    /// The difference of their confidences.
    #[serde(serialize_with = "plain")]
    pub severity: f64,
    /// `Risk Analyst vs Domain Expert`.
    pub label: String,
}

/// What the judge made of a debate.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Synthesis {
    /// What most hold; empty if the judge did not say.
    pub majority_position: String,
    /// What the others hold.
    pub minority_positions: String,
    /// What stays open.
    pub unresolved_disputes: String,
    /// How sure the judge is of its account, 0 to 100; 50 where it did not say.
    pub judge_confidence: u32,
    /// The whole reply.
    pub content: String,
}

impl Synthesis {
    /// Whether none of the parts could be told apart.
    #[must_use]
    pub fn is_formless(&self) -> bool {
        self.majority_position.is_empty() && self.minority_positions.is_empty() && self.unresolved_disputes.is_empty()
    }
}

/// A whole number without decimals: `20`, not `20.0`.
fn plain<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < 1e9 {
        return serializer.serialize_i64(*number as i64);
    }
    serializer.serialize_f64(*number)
}
