//! Why a call brought no answer: one closed list, matched exhaustively everywhere.

use crate::exchange::Usage;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;
use strum::{IntoStaticStr, VariantArray};

/// Every reason for which an attempt can end without an answer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum FailureClass {
    /// The program could not be started: missing, not executable, out of descriptors.
    StartFailed,
    /// The program refused its arguments or configuration: version skew, or our mistake.
    Misconfigured,
    /// It ran longer than the hard limit allows.
    TimedOut,
    /// A streaming CLI said nothing for too long, at the start or in the middle of an answer.
    Idle,
    /// It ended without a complete answer: exit without a result, signal, half a document.
    Crashed,
    /// No login, or it expired and could not be refreshed.
    NotLoggedIn,
    /// The credential was refused (401).
    BadCredential,
    /// The credential may not do this (403).
    Forbidden,
    /// Too many requests; no reset time, or a short one.
    RateLimited,
    /// The plan's usage limit is reached, until a reset time if the vendor says one.
    UsageLimit,
    /// Out of money: credit balance, quota of a pay-per-use account.
    Billing,
    /// The vendor is overloaded, or failed on its side (5xx).
    Overloaded,
    /// The vendor could not be reached, or the connection broke.
    Network,
    /// The prompt is longer than the model or the CLI takes.
    ContextTooLong,
    /// The model does not exist, or this account may not use it.
    BadModel,
    /// The vendor called the request invalid (400).
    BadRequest,
    /// The model declined to answer: refusal, safety block.
    Declined,
    /// The answer was cut at the model's or the caller's output limit.
    Truncated,
    /// The reply has not the shape that was asked for; `partial` holds it.
    Malformed,
    /// The reply is blank.
    Empty,
    /// The reply is larger than our caps (answer 8 MiB, line 16 MiB).
    Oversized,
    /// The CLI answered by itself, without asking the model.
    NotAsked,
    /// The run's budget does not allow it.
    OverBudget,
    /// The run was stopped, or the protocol lost interest.
    Stopped,
    /// Our own fault: a bug, or a panic in a caller's backend.
    Internal,
}

/// Whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// It cannot.
    Never,
    /// Once, at once.
    Once,
    /// After a pause that grows, or the pause that the vendor asked for.
    Backoff,
    /// Not before the reset time.
    AtReset,
}

impl FailureClass {
    /// All classes, for tables and tests.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Whether asking again can help.
    #[must_use]
    pub fn retry(self) -> Retry {
        match self {
            Self::TimedOut | Self::Idle | Self::Crashed | Self::Empty => Retry::Once,
            Self::RateLimited | Self::Overloaded | Self::Network => Retry::Backoff,
            Self::UsageLimit => Retry::AtReset,
            // A malformed reply is repaired by the protocol, which asks a new question.
            Self::Malformed
            | Self::StartFailed
            | Self::Misconfigured
            | Self::NotLoggedIn
            | Self::BadCredential
            | Self::Forbidden
            | Self::Billing
            | Self::ContextTooLong
            | Self::BadModel
            | Self::BadRequest
            | Self::Declined
            | Self::Truncated
            | Self::Oversized
            | Self::NotAsked
            | Self::OverBudget
            | Self::Stopped
            | Self::Internal => Retry::Never,
        }
    }

    /// Whether every further call to the same participant will fail the same way, so that none
    /// should be paid for.
    #[must_use]
    pub fn is_lasting(self) -> bool {
        match self {
            Self::NotLoggedIn
            | Self::BadCredential
            | Self::Forbidden
            | Self::Billing
            | Self::BadModel
            | Self::Misconfigured
            | Self::StartFailed
            | Self::UsageLimit => true,
            Self::TimedOut
            | Self::Idle
            | Self::Crashed
            | Self::RateLimited
            | Self::Overloaded
            | Self::Network
            | Self::ContextTooLong
            | Self::BadRequest
            | Self::Declined
            | Self::Truncated
            | Self::Malformed
            | Self::Empty
            | Self::Oversized
            | Self::NotAsked
            | Self::OverBudget
            | Self::Stopped
            | Self::Internal => false,
        }
    }

    /// Whether the participant did not answer at all, for a reason that can pass.
    #[must_use]
    pub(crate) fn is_outage(self) -> bool {
        // Who answers with nothing is there.
        matches!(self.retry(), Retry::Once | Retry::Backoff) && self != Self::Empty
    }

    /// The name, as in JSON and manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What the person can do about it, as a short imperative sentence without a full stop.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::StartFailed => "check the program (`refinery doctor`), and that TMPDIR has room for its files",
            Self::Misconfigured => "the CLI may be newer or older than the tested versions: `refinery doctor`",
            Self::TimedOut => "ask for less `--effort`, or raise `--timeout`",
            Self::Idle => "raise `--idle-timeout`, or check the vendor's status page",
            Self::Crashed => "run again with `--debug` to keep what the CLI printed",
            Self::NotLoggedIn => "log in with the vendor's CLI, or set a credential from .env.example",
            Self::BadCredential => "replace the key or token, or log in again",
            Self::Forbidden => "check what the account may use, and from which region",
            Self::RateLimited => "lower `--max-concurrent` for this adapter, or wait",
            Self::UsageLimit => "wait for the reset, or go on without this participant",
            Self::Billing => "top up the account, or use the subscription instead",
            Self::Overloaded => "wait a little and run again",
            Self::Network => "check the network, proxy and CA settings",
            Self::ContextTooLong => "send fewer or smaller files, or use a model with a larger context",
            Self::BadModel => "name another model with `-m adapter/model`",
            Self::BadRequest => "run again with `--debug` and report it: the request was refused as invalid",
            Self::Declined => "rephrase the question, or go on without this participant",
            Self::Truncated => "raise or drop `--reply-tokens`, or ask for a shorter answer",
            Self::Malformed => "nothing: the reply was dropped and counted",
            Self::Empty => "run again; if it repeats, try another model",
            Self::Oversized => "ask for a shorter answer",
            Self::NotAsked => "run again with `--debug` and report it: the CLI took the prompt for a command",
            Self::OverBudget => "raise the budget, or ask fewer participants",
            Self::Stopped => "run again when you are ready",
            Self::Internal => "report it: this is a bug in refinery or in a caller's backend",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why an attempt, and in the end a call, brought no answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{class}: {message}")]
#[non_exhaustive]
pub struct CallFailure {
    /// Which of the closed list.
    pub class: FailureClass,
    /// What happened, in the vendor's or our words: one line, no secrets, at most 500 characters.
    pub message: String,
    /// The pause that the vendor asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// When a usage limit resets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
    /// What came before it failed: the malformed reply, the cut answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
    /// What it cost all the same, as far as the vendor said.
    #[serde(default)]
    pub usage: Usage,
}

impl CallFailure {
    /// A failure with a message; longer messages are cut at 500 characters, lines are joined.
    #[must_use]
    pub fn new(class: FailureClass, message: impl AsRef<str>) -> Self {
        let line = message.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
        let message = match line.char_indices().nth(500) {
            Some((cut, _)) => format!("{}…", &line[..cut]),
            None => line,
        };
        Self { class, message, retry_after: None, resets_at: None, partial: None, usage: Usage::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_serialised_ones() {
        for class in FailureClass::ALL.iter().copied() {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
        }
    }

    #[test]
    fn messages_are_one_bounded_line() {
        let failure = CallFailure::new(FailureClass::Crashed, "a\n b\t".to_owned() + &"é".repeat(600));
        assert!(failure.message.starts_with("a b é"));
        assert_eq!(failure.message.chars().count(), 501);
    }
}
