//! What all codecs share: what they remember beside the answer, and how an attempt without a
//! complete answer is named.
//!
//! A complete answer counts, whatever became of the child. Without one, first comes what we know
//! for certain (it never started, it printed too much, we stopped it), then the vendor's own word,
//! then our clocks, then the way in which it exited.

use super::scrub::scrub;
use super::tail::Tail;
use super::{CodecContext, End, Step};
use crate::adapter::rules::{Signs, classify, disguised};
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Ending, Line, Stream};
use crate::time::duration;
use std::time::Duration;

/// The largest answer that is taken, in bytes.
pub(super) const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// How launchers, node and shells say that a part of the program is missing, as in the middle of an update.
const HALF_THERE: [&str; 4] = ["not installed", "Cannot find module", "Missing optional dependency", "yntax error"];

/// A child that left sooner and said nothing may be a CLI in the middle of an update.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How long an update is given before the next attempt.
const UPDATE: Duration = Duration::from_secs(2);

/// How a CLI begins to say on standard error that it refuses its arguments or settings.
const REFUSALS: [&str; 3] = ["error:", "Error:", "Configuration error"];

/// What a codec remembers beside the answer.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) context: CodecContext,
    /// The end of standard error.
    pub(super) stderr: Tail,
    /// The first line of standard error that is not blank.
    first: Option<String>,
    /// Whether a line of standard output, or the answer, was larger than the caps.
    pub(super) oversized: bool,
    /// Whether the CLI printed anything on standard output that it prints when it runs.
    pub(super) ran: bool,
}

impl Watch {
    pub(super) fn new(context: CodecContext) -> Self {
        Self { context, stderr: Tail::default(), first: None, oversized: false, ran: false }
    }

    /// Takes a line in; returns it if it is a whole line of standard output.
    pub(super) fn stdout<'a>(&mut self, line: &'a Line) -> Option<&'a str> {
        match line.stream {
            Stream::Stderr => {
                if self.first.is_none() && !line.text.trim().is_empty() {
                    self.first = Some(line.text.trim().to_owned());
                }
                self.stderr.push(&line.text);
                None
            }
            Stream::Stdout if line.cut => {
                self.oversized = true;
                None
            }
            Stream::Stdout => Some(&line.text),
        }
    }

    /// This step, unless there is no point in going on.
    pub(super) fn step(&self, step: Step) -> Step {
        if self.oversized { Step::DONE } else { step }
    }

    /// Adds to an answer, within the cap.
    pub(super) fn append(&mut self, answer: &mut String, more: &str) {
        if answer.len() + more.len() > ANSWER_BYTES {
            self.oversized = true;
        } else {
            answer.push_str(more);
        }
    }

    /// The reply, once the answer is complete: not blank, not too large, nothing secret in its
    /// warnings.
    pub(super) fn accept(&self, mut reply: Reply) -> Result<Reply, CallFailure> {
        let class = if self.oversized || reply.text.len() > ANSWER_BYTES {
            FailureClass::Oversized
        } else if reply.text.trim().is_empty() {
            FailureClass::Empty
        } else {
            reply.warnings.extend(self.other_model(reply.served.as_deref()));
            for warning in &mut reply.warnings {
                *warning = self.clean(warning);
            }
            return Ok(reply);
        };
        let message = match class {
            FailureClass::Oversized => "the answer is larger than 8 MiB",
            _ => "the answer is blank",
        };
        let mut failure = CallFailure::new(class, message);
        failure.usage = reply.usage;
        Err(failure)
    }

    /// What a person should know if not the model that was asked for has answered. A name without a
    /// number is an alias, and stands for whatever the vendor says.
    fn other_model(&self, served: Option<&str>) -> Option<String> {
        let asked = self.context.model.as_deref()?.trim_end_matches("[1m]");
        let literal = asked.contains(|c: char| c.is_ascii_digit());
        let served = served.filter(|served| literal && !served.contains(asked))?;
        Some(format!("{asked} was asked for, but {served} answered"))
    }

    /// A failure of a class that the wire format leaves no doubt about.
    pub(super) fn certain(&self, class: FailureClass, signs: Signs) -> CallFailure {
        let mut failure = CallFailure::new(class, self.clean(&signs.message));
        failure.usage = signs.usage;
        failure.partial = signs.partial.filter(|partial| !partial.is_empty());
        failure
    }

    /// The failure that an answer really is, of a child that ended by itself.
    pub(super) fn disguised(&self, answer: &str, usage: Usage, end: &End<'_>) -> Option<CallFailure> {
        if self.oversized || !matches!(end.exit.ending, Ending::Left | Ending::Done) {
            return None;
        }
        let failure = disguised(&self.context.rules, &self.clean(answer), end.now)?;
        Some(CallFailure { usage, ..failure })
    }

    /// Why there is no complete answer. `reported` is the class to fall back on where the vendor
    /// said that it failed, and the table has no row for what it said.
    pub(super) fn failure(&self, end: &End<'_>, mut signs: Signs, reported: Option<FailureClass>) -> CallFailure {
        signs.message = self.clean(&signs.message);
        signs.partial = signs.partial.filter(|partial| !partial.is_empty());
        if let Some((class, message)) = self.known(end) {
            signs.message = self.clean(&message);
            return self.certain(class, signs);
        }
        let clock = self.clock(end);
        if let (Some((class, message)), None) = (&clock, reported) {
            signs.message =
                if signs.message.is_empty() { message.clone() } else { format!("{message}: {}", signs.message) };
            return self.certain(*class, signs);
        }
        signs.stderr = self.stderr.text();
        signs.exit = end.exit.code;
        if signs.message.trim().is_empty() {
            signs.message = self.clean(self.last_words());
        }
        if let Some(failure) = classify(&self.context.rules, &signs, end.now) {
            return failure;
        }
        let (class, message) = match (reported, clock) {
            // It failed while we were ending it; an unknown word is no reason to call it a crash.
            (Some(FailureClass::Crashed) | None, Some((class, message))) => (class, message),
            (Some(class), _) => (class, signs.message.clone()),
            (None, None) => self.by_exit(end, &signs.message),
        };
        signs.message = message;
        let mut failure = self.certain(class, signs);
        let exit = end.exit;
        if class == FailureClass::Crashed && exit.stdout_bytes == 0 && exit.elapsed < AT_ONCE && exit.signal.is_none() {
            failure.retry_after = Some(UPDATE);
        }
        failure
    }

    /// Takes secrets out.
    pub(super) fn clean(&self, text: &str) -> String {
        scrub(text, self.context.secret.as_ref())
    }

    /// What does not depend on what the vendor said.
    fn known(&self, end: &End<'_>) -> Option<(FailureClass, String)> {
        match &end.exit.ending {
            Ending::NotStarted { message, .. } => Some((FailureClass::StartFailed, message.clone())),
            Ending::Flooded => Some((FailureClass::Oversized, "it printed more than is taken".to_owned())),
            _ if self.oversized => Some((FailureClass::Oversized, "the answer is larger than 8 MiB".to_owned())),
            Ending::Stopped => Some((FailureClass::Stopped, "stopped before the answer was complete".to_owned())),
            Ending::Left | Ending::Done | Ending::HardLimit | Ending::FirstByteLimit | Ending::IdleLimit => None,
        }
    }

    /// Which of our clocks ended it.
    fn clock(&self, end: &End<'_>) -> Option<(FailureClass, String)> {
        let elapsed = duration::human(end.exit.elapsed);
        match end.exit.ending {
            Ending::HardLimit => Some((FailureClass::TimedOut, format!("no complete answer after {elapsed}"))),
            Ending::FirstByteLimit => Some((FailureClass::Idle, format!("no sign of life after {elapsed}"))),
            Ending::IdleLimit => Some((FailureClass::Idle, format!("it fell silent; ended after {elapsed}"))),
            _ => None,
        }
    }

    /// What the exit alone says.
    fn by_exit(&self, end: &End<'_>, words: &str) -> (FailureClass, String) {
        let said = |what: String| if words.is_empty() { what } else { format!("{what}: {words}") };
        if let Some(signal) = end.exit.signal {
            return (FailureClass::Crashed, said(format!("ended by signal {signal}")));
        }
        let first = self.first.as_deref().unwrap_or_default();
        let half = HALF_THERE.iter().any(|words| first.contains(words));
        let refused = REFUSALS.iter().any(|beginning| first.starts_with(beginning)) || end.exit.code == Some(2);
        if refused && !half && !self.ran && end.exit.code != Some(0) && !first.is_empty() {
            return (FailureClass::Misconfigured, self.clean(first));
        }
        let code = end.exit.code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
        (FailureClass::Crashed, said(format!("ended with {code} and without a complete answer")))
    }

    /// Nothing if there are words on standard error, which come first; else the last line of this.
    pub(super) fn words_or(&self, stdout: &str) -> String {
        let last = || stdout.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if self.last_words().is_empty() { last().to_owned() } else { String::new() }
    }

    /// The last thing that was said on standard error.
    fn last_words(&self) -> &str {
        self.stderr.lines().rev().map(str::trim).find(|line| line.contains(char::is_alphanumeric)).unwrap_or_default()
    }
}

/// The class of an HTTP status for which the table has no row.
pub(super) fn status_class(status: u16) -> FailureClass {
    match status {
        401 => FailureClass::BadCredential,
        403 => FailureClass::Forbidden,
        429 => FailureClass::RateLimited,
        500.. => FailureClass::Overloaded,
        _ => FailureClass::BadRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, exit, read};
    use super::super::{CodecContext, CodecKind};
    use super::*;
    use crate::invocation::{Exit, Secret};
    use serde_json::json;

    /// What the plain codec, which adds nothing of its own, makes of an exit.
    fn class(stdout: &str, stderr: &str, exit: &Exit) -> FailureClass {
        read(&CodecKind::Plain, CodecContext::default(), stdout, stderr, exit).result.unwrap_err().class
    }

    #[test]
    fn endings_name_failures() {
        let started = Ending::NotStarted { message: "no such file".to_owned(), exhausted: false };
        for (ending, expected) in [
            (started, FailureClass::StartFailed),
            (Ending::HardLimit, FailureClass::TimedOut),
            (Ending::FirstByteLimit, FailureClass::Idle),
            (Ending::IdleLimit, FailureClass::Idle),
            (Ending::Stopped, FailureClass::Stopped),
            (Ending::Flooded, FailureClass::Oversized),
        ] {
            // Some CLIs leave with code 0 when they are asked to.
            assert_eq!(class("half an answ", "", &exit(ending.clone(), 0)), expected, "{ending:?}");
        }
    }

    #[test]
    fn exits_name_failures() {
        let left = |code| exit(Ending::Left, code);
        assert_eq!(class("", "", &left(0)), FailureClass::Empty);
        assert_eq!(class(" \n", "", &left(0)), FailureClass::Empty);
        assert_eq!(class("half", "", &left(1)), FailureClass::Crashed);
        assert_eq!(class("", "panicked at main.c", &left(101)), FailureClass::Crashed);
        assert_eq!(class("", "error: unknown option '--x'\n\nusage", &left(1)), FailureClass::Misconfigured);
        assert_eq!(class("", "Configuration error in x: JSON", &left(1)), FailureClass::Misconfigured);
        assert_eq!(class("", "unexpected argument '--x' found", &left(2)), FailureClass::Misconfigured);
        assert_eq!(class("it ran", "error: something", &left(1)), FailureClass::Crashed);
        let killed = Exit { code: None, signal: Some(9), ..left(0) };
        assert_eq!(class("half", "error: killed", &killed), FailureClass::Crashed);
    }

    #[test]
    fn the_table_comes_before_the_exit_and_after_the_clocks() {
        let rules = json!([{ "class": "not_logged_in", "stderr": ["log in first"] }]);
        let class = |ending| {
            let exit = exit(ending, 1);
            read(&CodecKind::Plain, context(&rules), "", "error: Log in first", &exit).result.unwrap_err().class
        };
        assert_eq!(class(Ending::Left), FailureClass::NotLoggedIn);
        assert_eq!(class(Ending::Stopped), FailureClass::Stopped);
        assert_eq!(class(Ending::HardLimit), FailureClass::TimedOut);
    }

    #[test]
    fn another_model_than_the_one_asked_for_is_told() {
        let told = |asked: &str, served: Option<&str>| {
            let context = CodecContext { model: Some(asked.to_owned()), ..CodecContext::default() };
            let reply = Reply { text: "x".into(), served: served.map(str::to_owned), ..Reply::default() };
            Watch::new(context).accept(reply).unwrap().warnings
        };
        let words = "gemini-3.1-pro-preview was asked for, but gemini-2.5-flash answered";
        assert_eq!(told("gemini-3.1-pro-preview", Some("gemini-2.5-flash")), [words]);
        for (asked, served) in [("opus", "claude-opus-4-8"), ("claude-sonnet-5[1m]", "claude-sonnet-5-20260901")] {
            assert_eq!(told(asked, Some(served)), [""; 0], "{asked}");
        }
        assert_eq!(told("gpt-5.5", None), [""; 0]);
    }

    #[test]
    fn messages_hold_no_secret() {
        let context = CodecContext { secret: Some(Secret::new("my-own-secret")), ..CodecContext::default() };
        let said = "error: key my-own-secret and sk-ant-api03-AbCdEfGh are wrong";
        let failure = read(&CodecKind::Plain, context, "", said, &exit(Ending::Left, 1)).result.unwrap_err();
        assert_eq!(failure.message, "error: key [secret] and [secret] are wrong");
    }

    #[test]
    fn answers_over_the_cap_are_not_taken() {
        let line = "x".repeat(1 << 20);
        let large = vec![line; 9].join("\n");
        let read = read(&CodecKind::Plain, CodecContext::default(), &large, "", &exit(Ending::Left, 0));
        assert_eq!(read.result.unwrap_err().class, FailureClass::Oversized);
        assert_eq!(read.steps.last().unwrap().flow, crate::invocation::Flow::Done);
    }

    #[test]
    fn a_cut_line_is_no_answer() {
        for kind in [CodecKind::Claude, CodecKind::Codex, CodecKind::Gemini, CodecKind::Plain] {
            let mut codec = super::super::codec(&kind, CodecContext::default());
            let line = Line { stream: Stream::Stdout, text: "half a line".to_owned(), cut: true };
            assert_eq!(codec.line(&line).flow, crate::invocation::Flow::Done, "{kind:?}");
            let failure =
                codec.end(&End { exit: &exit(Ending::Done, 0), now: super::super::testing::NOW }).unwrap_err();
            assert_eq!(failure.class, FailureClass::Oversized, "{kind:?}");
        }
    }
}
