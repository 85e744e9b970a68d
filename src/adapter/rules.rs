//! The table of failure rules in a manifest: from what a CLI showed to a class, first match wins.

use super::retry_time::{reset_time, retry_after};
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
    /// Facts that a manifest's rules name by their path in the vendor's JSON, by that path.
    pub values: BTreeMap<String, String>,
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
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The class of what matches.
    pub class: FailureClass,
    /// Facts of the wire format that must be exactly these: by the names that the codec gives them
    /// (claude: `error`, `api_error`, `api_error_type`, `api_error_status`, `terminal_reason`, `subtype`,
    /// `stop_reason`; codex: `code`, `status`; gemini: `code`, `status`, `reason`, `type`), with `json` and `jsonl` by their path in the
    /// document or line, such as `/error/code`; several of one row must stand in the same line.
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
    /// For CLIs that print a failure as if it were the answer (codecs `plain`, `json` and `jsonl`): an
    /// answer of at most 500 bytes that begins with one of these, or that is one line and holds one, is
    /// none. Stands alone in its row.
    #[serde(default)]
    pub answer: Vec<String>,
}

impl Rule {
    /// Whether it has a condition at all; one without would match everything.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        !self.answer.is_empty() || !self.is_alone()
    }

    /// Whether `answer` is its only condition, or no condition.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        !self.resets
            && self.fields.is_empty()
            && self.exit.is_empty()
            && self.message.is_empty()
            && self.stderr.is_empty()
    }

    fn matches(&self, signs: &Signs, resets_at: Option<Timestamp>) -> bool {
        self.answer.is_empty()
            && self.fields.iter().all(|(name, wanted)| {
                signs.fields.get(name.as_str()).or_else(|| signs.values.get(name)) == Some(wanted)
            })
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

/// The longest pause for which a limit on requests is one: for more, it is a limit on use.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The longest answer that can be a failure in disguise, in bytes.
const LONGEST_DISGUISE: usize = 500;

/// The failure that the table makes of the signs; `None` if no row matches.
#[must_use]
pub fn classify(rules: &[Rule], signs: &Signs, now: Timestamp) -> Option<CallFailure> {
    let resets_at = signs.resets_at.or_else(|| reset_time(&signs.message, now));
    let rule = rules.iter().find(|rule| rule.matches(signs, resets_at))?;
    let mut failure = CallFailure::new(rule.class, &signs.message);
    failure.usage = signs.usage;
    failure.partial.clone_from(&signs.partial);
    (failure.class, failure.resets_at, failure.retry_after) = timing(rule.class, signs, now);
    Some(failure)
}

/// The class of a failure with the time or the pause that the vendor stated: a long pause makes a limit on
/// requests one on use.
fn timing(class: FailureClass, signs: &Signs, now: Timestamp) -> (FailureClass, Option<Timestamp>, Option<Duration>) {
    let resets_at = signs.resets_at.or_else(|| reset_time(&signs.message, now));
    let pause = retry_after(&signs.message).or_else(|| retry_after(&signs.stderr));
    match (class, pause) {
        (FailureClass::UsageLimit, _) => (class, resets_at, None),
        (FailureClass::RateLimited, Some(pause)) if pause > LONGEST_PAUSE => {
            (FailureClass::UsageLimit, resets_at.or_else(|| Some(now.plus(pause))), None)
        }
        (FailureClass::RateLimited | FailureClass::Overloaded, _) => (class, None, pause),
        _ => (class, None, None),
    }
}

/// The failure that an answer really is; `None` if it is an answer.
#[must_use]
pub fn disguised(rules: &[Rule], answer: &str, now: Timestamp) -> Option<CallFailure> {
    let text = answer.trim();
    if text.len() > LONGEST_DISGUISE {
        return None;
    }
    let one_line = !text.contains('\n');
    let begins = |words: &[String]| {
        let text = text.to_lowercase();
        words.iter().any(|word| text.starts_with(&word.to_lowercase()))
    };
    let says = |words: &[String]| !words.is_empty() && ((one_line && holds(text, words)) || begins(words));
    let rule = rules.iter().find(|rule| says(&rule.answer))?;
    let mut failure = CallFailure::new(rule.class, text);
    let signs = Signs { message: text.to_owned(), ..Signs::default() };
    (failure.class, failure.resets_at, failure.retry_after) = timing(rule.class, &signs, now);
    Some(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<Rule> {
        serde_json::from_str(text).unwrap()
    }

    fn signs(message: &str) -> Signs {
        Signs { message: message.to_owned(), exit: Some(1), ..Signs::default() }
    }

    #[test]
    fn the_first_row_whose_conditions_all_hold_decides() {
        let rules = rules(
            r#"[{"class":"billing","exit":[1],"message":["quota"],"stderr":["Terminal"]},
                {"class":"forbidden","fields":{"code":"403"}},
                {"class":"rate_limited","message":["QUOTA","limit"]}]"#,
        );
        let class = |signs: &Signs| classify(&rules, signs, Timestamp(0)).map(|failure| failure.class);
        assert_eq!(class(&signs("Quota exceeded")), Some(FailureClass::RateLimited));
        let terminal = Signs { stderr: "TerminalError".to_owned(), ..signs("quota") };
        assert_eq!(class(&terminal), Some(FailureClass::Billing));
        let refused = Signs { fields: [("code", "403".to_owned())].into(), ..signs("limit") };
        assert_eq!(class(&refused), Some(FailureClass::Forbidden));
        assert_eq!(class(&signs("no such thing")), None);
    }

    #[test]
    fn a_long_pause_is_a_limit_on_use() {
        let rules = rules(r#"[{"class":"rate_limited","message":["retry"]}]"#);
        let short = classify(&rules, &signs("Please retry in 3s."), Timestamp(1000)).unwrap();
        assert_eq!((short.class, short.retry_after), (FailureClass::RateLimited, Some(Duration::from_secs(3))));
        let long = classify(&rules, &signs("Please retry in 2h."), Timestamp(1000)).unwrap();
        assert_eq!((long.class, long.retry_after), (FailureClass::UsageLimit, None));
        assert_eq!(long.resets_at, Some(Timestamp(7_201_000)));
    }

    #[test]
    fn an_answer_can_be_a_failure_in_disguise() {
        let rules =
            rules(r#"[{"class":"usage_limit","answer":["resets in "]},{"class":"billing","message":["quota"]}]"#);
        let found = disguised(&rules, "Quota exceeded. Resets in 2h39m52s\n", Timestamp(0)).unwrap();
        assert_eq!((found.class, found.resets_at), (FailureClass::UsageLimit, Some(Timestamp(9_592_000))));
        assert!(disguised(&rules, "Resets in 2h.\nTry then.", Timestamp(0)).is_some());
        assert_eq!(disguised(&rules, "The quota is 5.", Timestamp(0)), None);
        assert_eq!(disguised(&rules, "Two lines.\nIt resets in 2h.", Timestamp(0)), None);
        assert_eq!(disguised(&rules, &("resets in ".to_owned() + &"x".repeat(500)), Timestamp(0)), None);
        assert_eq!(classify(&rules, &signs("resets in 2h"), Timestamp(0)), None);
    }
}
