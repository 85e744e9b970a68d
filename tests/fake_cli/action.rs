//! What a rule of a script plays.

use super::failure_kind::FailureKind;
use super::faults;
use serde::Deserialize;

/// One thing that is played.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Answers with this text.
    Say(Say),
    /// Answers with a draft of its own, marked so that reviews and refinements of it are recognised.
    Draft(Draft),
    /// Answers with this review, in the shape that is asked for: of a text that is to be refined, its
    /// score and its rationale.
    Review(Review),
    /// Answers with a review whose score depends on which draft it is about.
    Opinion(Opinion),
    /// Takes a turn in a debate.
    Argue(Argue),
    /// Sums up a debate, in the shape that is asked for.
    Synthesis(Synthesis),
    /// Answers with a critique of the text, and with the text rewritten.
    Critique(Critique),
    /// Fails as the vendor's CLI fails.
    Fail(Fail),
    /// Waits, in milliseconds.
    Wait(u64),
    /// Writes something that is no answer.
    Print(Print),
    /// Writes many lines.
    Flood(Flood),
    /// Writes one long line.
    Line(Flood),
    /// Does not hear these signals from here on: `TERM`, `INT`, `HUP`.
    Deaf(Vec<String>),
    /// Starts a process that outlives this one and holds its output open.
    Grandchild(Grandchild),
    /// Ends at once, with this code.
    Exit(u8),
    /// Ends by this signal: `KILL`, `SEGV`, `ABRT`, `TERM`.
    Signal(String),
    /// Does nothing more, until it is killed.
    Hang,
    /// Never reads its standard input (wherever it stands in the list).
    Unread,
    /// Closes its standard input without reading what is left.
    CloseStdin,
    /// Closes its standard output.
    CloseStdout,
    /// Closes its standard error.
    CloseStderr,
}

/// An answer in words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// The words; `{{who}}`, `{{vendor}}` and `{{model}}` are filled in, and `{{unchanged}}`, the word that a prompt
    /// asks for where nothing is to be changed.
    pub text: String,
    /// Repeats the text until the answer has at least so many bytes.
    #[serde(default)]
    pub fill_bytes: usize,
}

/// A draft of its own: version 1 when it proposes, one more than the one in the prompt when
/// it refines.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Words before the draft; `{{who}}`, `{{vendor}}` and `{{model}}` are filled in.
    #[serde(default)]
    pub opening: String,
}

/// A review.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The score, as it is: a number, or anything else that a model might write.
    pub score: Option<serde_json::Value>,
    /// What is good.
    #[serde(default)]
    pub strengths: Vec<String>,
    /// What is not.
    #[serde(default)]
    pub weaknesses: Vec<String>,
    /// What to do.
    #[serde(default)]
    pub suggestions: Vec<String>,
    /// The verdict in words.
    #[serde(default)]
    pub overall_assessment: String,
    /// Why.
    #[serde(default)]
    pub rationale: String,
}

/// A review of a marked draft.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// Score by version of the draft: the first for version 1; the last for all later ones.
    pub scores: Vec<f64>,
    /// At most so much is added, always the same for the same author: a stable order of authors.
    #[serde(default)]
    pub spread: f64,
}

/// A turn in a debate.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argue {
    /// What it holds; nothing said: something sensible, that names round and participant. `{{who}}`,
    /// `{{vendor}}` and `{{model}}` are filled in.
    #[serde(default)]
    pub position: String,
    /// How confident it is, 0 to 100, by round: the first for round 1, the last for all later ones;
    /// nothing said: its own in round 1, and nearer to everybody's from round to round.
    #[serde(default)]
    pub confidences: Vec<u32>,
}

/// The synthesis of a debate; what is not said is something sensible.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Synthesis {
    /// What most hold.
    pub majority_position: String,
    /// What the others hold.
    pub minority_positions: String,
    /// What stays open.
    pub unresolved_disputes: String,
    /// How sure the judge is of that, 0 to 100.
    pub judge_confidence: u32,
}

impl Default for Synthesis {
    fn default() -> Self {
        Self {
            majority_position: "Start small, measure, and keep the way back open.".to_owned(),
            minority_positions: "None was held to the end.".to_owned(),
            unresolved_disputes:
                "- How much evidence is enough; a trial with a number agreed beforehand would settle it.".to_owned(),
            judge_confidence: 80,
        }
    }
}

/// A critique and a rewrite.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Critique {
    /// What is wrong with the text, one point each.
    pub points: Vec<String>,
    /// The text rewritten; nothing said: a draft of its own. `{{who}}`, `{{vendor}}` and `{{model}}` are
    /// filled in.
    pub revised: String,
}

impl Default for Critique {
    fn default() -> Self {
        let points = ["It does not say what would prove it wrong.", "Its steps have no order."];
        Self { points: points.map(str::to_owned).to_vec(), revised: String::new() }
    }
}

/// A failure of the vendor's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// Which.
    pub kind: FailureKind,
    /// The pause that the server asks for, in seconds.
    pub retry_after_s: Option<u64>,
    /// When a usage limit resets, in seconds from now.
    pub resets_in_s: Option<u64>,
    /// What the server says.
    #[serde(default = "server_words")]
    pub message: String,
    /// Text that came before it failed, where the vendor shows any.
    #[serde(default)]
    pub partial: String,
}

fn server_words() -> String {
    "the fake was told to fail".to_owned()
}

/// Which output stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Standard output.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
}

/// Something that is no answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Print {
    /// Where to.
    #[serde(default)]
    pub to: Channel,
    /// As text, nothing added.
    #[serde(default)]
    pub text: String,
    /// As bytes in hexadecimal, written after the text: `ff0a`.
    #[serde(default)]
    pub hex: String,
}

/// Very much output.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// Where to.
    #[serde(default)]
    pub to: Channel,
    /// How much.
    pub bytes: u64,
}

/// A process that stays behind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grandchild {
    /// How long it stays if nobody ends it, in seconds, at most 120: a test must not leave it.
    pub seconds: u64,
    /// Whether it leaves the process group, for a session of its own.
    #[serde(default)]
    pub own_session: bool,
    /// Whether it is deaf to INT, TERM and HUP.
    #[serde(default)]
    pub deaf: bool,
    /// Whether it lets go of standard output and standard error.
    #[serde(default)]
    pub quiet: bool,
}

impl Action {
    /// What is wrong with it, beyond what its type says.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Opinion(opinion) if opinion.scores.is_empty() => Err("`opinion` needs a score".to_owned()),
            Self::Argue(argue) if argue.confidences.iter().any(|confidence| *confidence > 100) => {
                Err("`argue` has a confidence above 100".to_owned())
            }
            Self::Synthesis(synthesis) if synthesis.judge_confidence > 100 => {
                Err("`synthesis` has a confidence above 100".to_owned())
            }
            Self::Grandchild(child) if child.seconds > 120 => Err("`grandchild` stays at most 120 seconds".to_owned()),
            Self::Print(print) => faults::unhex(&print.hex).map(drop),
            Self::Deaf(names) => names.iter().try_for_each(|name| faults::signal(name).map(drop)),
            Self::Signal(name) => faults::signal(name).map(drop),
            _ => Ok(()),
        }
    }
}
