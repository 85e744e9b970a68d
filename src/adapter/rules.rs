//! The table of failure rules in a manifest: from what a CLI showed to a class, first match wins.

use crate::exchange::Usage;
use crate::failure::{CallFailure, FailureClass};
use crate::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a codec saw of a failed attempt, as plain words.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signs {
    /// The CLI's own words for what happened; the last thing it said on stderr if there is nothing
    /// better.
    pub message: String,
    /// Named facts of the wire format, as text: claude's `error`, `api_error_status`,
    /// `terminal_reason`, `subtype`; gemini's `code`, `type`. Absent ones are missing.
    pub fields: BTreeMap<&'static str, String>,
    /// The tail of standard error, at most 64 KiB.
    pub stderr: String,
    /// The exit code, if there is one.
    pub exit: Option<i32>,
    /// A reset time that the wire format states as a number.
    pub resets_at: Option<Timestamp>,
    /// What the attempt cost all the same.
    pub usage: Usage,
    /// What came of the answer.
    pub partial: Option<String>,
}

/// One row of the table. All conditions that are given must hold; at least one is given.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The class of what matches.
    pub class: FailureClass,
    /// Facts of the wire format that must be exactly these.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The exit code must be one of these.
    #[serde(default)]
    pub exit: Vec<i32>,
    /// The message must hold one of these, in any case of letters.
    #[serde(default)]
    pub message: Vec<String>,
    /// Standard error must hold one of these, in any case of letters.
    #[serde(default)]
    pub stderr: Vec<String>,
    /// Whether a reset time must be stated, as a number or in words.
    #[serde(default)]
    pub resets: bool,
}

impl Rule {
    /// Whether it has a condition at all; one without would match everything.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.resets
            || !(self.fields.is_empty() && self.exit.is_empty() && self.message.is_empty() && self.stderr.is_empty())
    }

    fn matches(&self, signs: &Signs, resets_at: Option<Timestamp>) -> bool {
        self.fields.iter().all(|(name, wanted)| signs.fields.get(name.as_str()) == Some(wanted))
            && (self.exit.is_empty() || signs.exit.is_some_and(|code| self.exit.contains(&code)))
            && holds(&signs.message, &self.message)
            && holds(&signs.stderr, &self.stderr)
            && (!self.resets || resets_at.is_some())
    }
}

fn holds(text: &str, wanted: &[String]) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let text = text.to_lowercase();
    wanted.iter().any(|part| text.contains(&part.to_lowercase()))
}

/// The failure that the table makes of the signs; `None` if no row matches.
#[must_use]
pub fn classify(rules: &[Rule], signs: &Signs, now: Timestamp) -> Option<CallFailure> {
    let resets_at = signs.resets_at.or_else(|| super::when::reset_time(&signs.message, now));
    let rule = rules.iter().find(|rule| rule.matches(signs, resets_at))?;
    let retry_after: Option<Duration> =
        super::when::retry_after(&signs.message).or_else(|| super::when::retry_after(&signs.stderr));
    let mut failure = CallFailure::new(rule.class, &signs.message);
    failure.usage = signs.usage;
    failure.partial.clone_from(&signs.partial);
    match rule.class {
        FailureClass::UsageLimit => failure.resets_at = resets_at,
        FailureClass::RateLimited | FailureClass::Overloaded => failure.retry_after = retry_after,
        _ => {}
    }
    Some(failure)
}
