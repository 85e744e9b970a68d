//! `codex exec --json`: one event per line, no deltas; failures are prose. Measured with 0.169.0. What a process
//! that is kept prints instead, [`super::codex_server`] reads.

use super::codex_server::ErrorInfo;
use super::ending::{Watch, status_class};
use super::{Codec, CodecContext, End, Step, number};
use crate::adapter::rules::Signs;
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::Line;
use crate::json;
use serde_json::Value;

/// Items of type `error` that say nothing to a person: the fallback is what we want.
const KNOWN_NOTES: [&str; 2] = ["Model metadata for", "Code Mode is unavailable"];

/// Reads the events of one turn.
#[derive(Debug)]
pub(super) struct CodexCodec {
    pub(super) watch: Watch,
    /// The last message: those before it are commentary.
    pub(super) text: String,
    /// The last error that is not about a retry.
    error: Option<String>,
    /// What is known of it beside its words.
    pub(super) info: ErrorInfo,
    /// The last words about a retry.
    retry: Option<String>,
    retries: u32,
    warnings: Vec<String>,
    pub(super) usage: Option<Usage>,
    offline: bool,
    pub(super) completed: bool,
}

impl CodexCodec {
    pub(super) fn new(context: CodecContext) -> Self {
        Self {
            watch: Watch::new(context),
            text: String::new(),
            error: None,
            info: ErrorInfo::default(),
            retry: None,
            retries: 0,
            warnings: Vec::new(),
            usage: None,
            offline: false,
            completed: false,
        }
    }

    fn event(&mut self, event: &Value) -> Step {
        match event["type"].as_str().unwrap_or_default() {
            "turn.started" => {
                self.watch.ran = true;
                Step::MORE
            }
            "item.completed" | "item.updated" | "item.started" => self.item(&event["item"], &event["type"]),
            "error" => self.error(event["message"].as_str().unwrap_or_default()),
            "turn.failed" => {
                self.fail(&event["error"]);
                Step::DONE
            }
            "turn.completed" => {
                self.usage = Some(usage(&event["usage"]));
                self.completed = true;
                Step::DONE
            }
            "" => self.message(event),
            _ => Step::MORE,
        }
    }

    /// The turn has failed.
    pub(super) fn fail(&mut self, error: &Value) {
        self.error = error["message"].as_str().map(str::to_owned).or_else(|| self.error.take());
        self.error.get_or_insert_with(|| "the turn failed".to_owned());
    }

    /// What a person should know of the call.
    pub(super) fn note(&mut self, note: &str) {
        if !KNOWN_NOTES.iter().any(|known| note.starts_with(known)) {
            self.warnings.push(note.to_owned());
        }
    }

    fn item(&mut self, item: &Value, event: &Value) -> Step {
        let text = item["text"].as_str().unwrap_or_default();
        match (item["type"].as_str().unwrap_or_default(), event == "item.completed") {
            ("agent_message", true) => {
                self.text.clear();
                self.watch.append(&mut self.text, text);
                Step::text(text.to_owned())
            }
            ("reasoning", _) => Step::thinking(),
            ("error", true) => {
                self.note(item["message"].as_str().unwrap_or_default());
                Step::MORE
            }
            _ => Step::MORE,
        }
    }

    pub(super) fn error(&mut self, message: &str) -> Step {
        if !message.starts_with("Reconnecting") {
            self.error = Some(message.to_owned());
            return Step::MORE;
        }
        self.retry = Some(message.to_owned());
        // Without an end of its own: it waits until the network is back.
        if message.contains("waiting for network") {
            self.offline = true;
            return Step::DONE;
        }
        self.retries = self.retries.saturating_add(1);
        Step::retrying(self.watch.clean(message))
    }

    /// What the error means, apart from the vendor's table.
    fn failed(self, end: &End<'_>, error: &str, usage: Usage) -> CallFailure {
        let (message, code) = unwrap(error);
        let status = self.info.status.or_else(|| http_status(&message));
        let mut signs = Signs { message, usage, partial: Some(self.text), ..Signs::default() };
        let mut reported = FailureClass::Crashed;
        if let Some(code) = code.or(self.info.code) {
            signs.fields.insert("code", code);
        }
        if error.starts_with('{') {
            reported = FailureClass::BadRequest;
        }
        if let Some(status) = status {
            signs.fields.insert("status", status.to_string());
            reported = status_class(status);
        }
        if let Some(reason) = signs.message.strip_prefix("Incomplete response returned") {
            let declined = reason.contains("content_filter");
            let class = if declined { FailureClass::Declined } else { FailureClass::Truncated };
            return self.watch.certain(class, signs);
        }
        self.watch.failure(end, signs, Some(reported))
    }
}

impl Codec for CodexCodec {
    fn line(&mut self, line: &Line) -> Step {
        let Some(text) = self.watch.stdout(line) else { return self.watch.step(Step::MORE) };
        let step = match json::read_line(text) {
            Some(event) if !self.completed => self.event(&event),
            _ => Step::MORE,
        };
        self.watch.step(step)
    }

    fn is_complete(&self) -> bool {
        self.completed
    }

    fn end(mut self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure> {
        let mut usage = self.usage.unwrap_or_default();
        if self.retries > 0 || self.completed {
            usage.extra_requests = Some(self.retries);
        }
        if self.completed {
            let (text, warnings) = (self.text.into(), self.warnings);
            return self.watch.accept(Reply { text, usage, warnings, ..Reply::default() });
        }
        if let Some(error) = self.error.take() {
            return Err(self.failed(end, &error, usage));
        }
        let message = self.retry.take().unwrap_or_default();
        let signs = Signs { message, usage, partial: Some(self.text), ..Signs::default() };
        if self.offline {
            return Err(self.watch.certain(FailureClass::Network, signs));
        }
        Err(self.watch.failure(end, signs, None))
    }
}

fn usage(usage: &Value) -> Usage {
    Usage {
        input_tokens: number::count(&usage["input_tokens"]),
        cached_input_tokens: number::count(&usage["cached_input_tokens"]),
        output_tokens: number::count(&usage["output_tokens"]),
        reasoning_tokens: number::count(&usage["reasoning_output_tokens"]),
        cost_usd: None,
        extra_requests: None,
    }
}

/// The words and the code in an error whose message is the server's JSON body as text.
fn unwrap(error: &str) -> (String, Option<String>) {
    let Some(body) = json::read(error) else { return (error.to_owned(), None) };
    let inner = &body["error"];
    let message = [&inner["message"], &body["detail"], &body["message"], inner];
    let code = [&inner["code"], &inner["type"]];
    (
        message.into_iter().find_map(Value::as_str).unwrap_or(error).to_owned(),
        code.into_iter().find_map(Value::as_str).map(str::to_owned),
    )
}

/// The status in `unexpected status 503 Service Unavailable` and `last status: 429`.
fn http_status(message: &str) -> Option<u16> {
    let (_, rest) = message.split_once("status: ").or_else(|| message.split_once("unexpected status "))?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok().filter(|status| (100..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Read, context, exit, read};
    use super::super::{CodecKind, Progress};
    use super::*;
    use crate::invocation::{Ending, Flow};
    use serde_json::json;

    fn run(lines: &[Value], ending: Ending) -> Read {
        let stdout = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let rules = json!([
            { "class": "bad_model", "fields": { "code": "model_not_found" } },
            { "class": "usage_limit", "message": ["hit your usage limit"] },
        ]);
        read(&CodecKind::Codex, context(&rules), &stdout, "", &exit(ending, 1))
    }

    fn said(text: &str) -> Value {
        json!({ "type": "item.completed", "item": { "type": "agent_message", "text": text } })
    }

    fn done() -> Value {
        json!({ "type": "turn.completed", "usage": { "input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 20, "reasoning_output_tokens": 5 } })
    }

    fn error(message: &str) -> Value {
        json!({ "type": "error", "message": message })
    }

    fn failed(message: &str) -> CallFailure {
        let turn = json!({ "type": "turn.failed", "error": { "message": message } });
        run(&[error(message), turn], Ending::Left).result.unwrap_err()
    }

    #[test]
    fn the_last_message_is_the_answer_once_the_turn_is_complete() {
        let note =
            json!({ "type": "item.completed", "item": { "type": "error", "message": "Codex is ignoring 1 setting" } });
        let read = run(&[note, said("Let me see."), said("forty-two"), done()], Ending::HardLimit);
        assert_eq!(read.steps.last().unwrap().flow, Flow::Done);
        let reply = read.result.unwrap();
        assert_eq!(&*reply.text, "forty-two");
        assert_eq!(reply.warnings, ["Codex is ignoring 1 setting"]);
        assert_eq!((reply.usage.input_tokens, reply.usage.reasoning_tokens), (Some(100), Some(5)));
        assert_eq!((reply.usage.extra_requests, reply.served), (Some(0), None));
        assert_eq!(run(&[said("half")], Ending::Left).result.unwrap_err().class, FailureClass::Crashed);
        assert_eq!(run(&[done()], Ending::Left).result.unwrap_err().class, FailureClass::Empty);
    }

    #[test]
    fn reconnecting_is_no_failure() {
        let retry = error("Reconnecting... 2/5 (unexpected status 503 Service Unavailable)");
        let read = run(&[retry.clone(), said("forty-two"), done()], Ending::Left);
        assert!(matches!(&read.steps[0].progress, Some(Progress::Retrying(why)) if why.contains("2/5")));
        assert_eq!(read.result.unwrap().usage.extra_requests, Some(1));
        let failure = run(&[retry], Ending::HardLimit).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::TimedOut);
        assert!(failure.message.contains("503"), "{failure}");
    }

    #[test]
    fn waiting_for_the_network_ends_it_early() {
        let read = run(&[error("Reconnecting... waiting for network (dns error)")], Ending::Done);
        assert_eq!(read.steps[0].flow, Flow::Done);
        assert_eq!(read.result.unwrap_err().class, FailureClass::Network);
    }

    #[test]
    fn bodies_of_errors_are_opened() {
        let failure = failed(r#"{"error":{"code":"model_not_found","message":"No such model."}}"#);
        assert_eq!((failure.class, &*failure.message), (FailureClass::BadModel, "No such model."));
        let failure = failed(r#"{"detail":"Not like this."}"#);
        assert_eq!((failure.class, &*failure.message), (FailureClass::BadRequest, "Not like this."));
    }

    #[test]
    fn failures_outside_the_table_go_by_their_status() {
        assert_eq!(failed("unexpected status 502 Bad Gateway: x, url: y").class, FailureClass::Overloaded);
        assert_eq!(failed("exceeded retry limit, last status: 429 Too Many Requests").class, FailureClass::RateLimited);
        assert_eq!(failed("unexpected status 418 Teapot: x").class, FailureClass::BadRequest);
        assert_eq!(failed("something new").class, FailureClass::Crashed);
    }

    #[test]
    fn cut_answers_are_kept_apart() {
        let turn = |why| json!({ "type": "turn.failed", "error": { "message": format!("Incomplete response returned, reason: {why}") } });
        let failure = run(&[said("forty-"), turn("max_output_tokens")], Ending::Left).result.unwrap_err();
        assert_eq!((failure.class, failure.partial.as_deref()), (FailureClass::Truncated, Some("forty-")));
        let failure = run(&[turn("content_filter")], Ending::Left).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::Declined);
    }

    #[test]
    fn a_failure_that_was_reported_outlives_the_clock() {
        let failure =
            run(&[error("You’ve hit your usage limit. Try again at 10:10 AM.")], Ending::HardLimit).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::UsageLimit);
        assert_eq!(failure.resets_at.unwrap().to_string(), "2026-11-21T10:10:00.000Z");
    }
}
