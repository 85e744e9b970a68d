//! Which phase of our protocols a prompt belongs to.

use serde::{Deserialize, Serialize};

/// What a prompt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A first answer, or the bare question.
    Propose,
    /// A review.
    Evaluate,
    /// A better version of an answer.
    Refine,
}

impl Phase {
    /// The name, as in scenes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Propose => "propose",
            Self::Evaluate => "evaluate",
            Self::Refine => "refine",
        }
    }
}

/// Recognises the phase: reviews are the only structured replies that a consensus run asks for, and
/// a refinement is the only other prompt that quotes something in a nonce-fenced block other than a
/// file (`<file-…>` blocks are the person's, and every phase has them).
///
/// A test against the protocol's templates keeps this true.
#[must_use]
pub fn phase(prompt: &str, schema: bool) -> Phase {
    if schema {
        return Phase::Evaluate;
    }
    // What quotes stands after question and files, so that the last fence decides.
    match prompt.rfind("</").map(|at| &prompt[at + 2..]) {
        Some(tail) if tail.starts_with("answer-") && !tail.contains("<review-") => Phase::Refine,
        Some(tail) if ["review-", "own-answer-", "your-answer-"].iter().any(|word| tail.starts_with(word)) => {
            Phase::Refine
        }
        _ => Phase::Propose,
    }
}
