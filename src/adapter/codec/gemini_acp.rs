//! What `gemini --acp` says of a call: the notifications of its session, and the answer to the prompt. Measured
//! with 0.61.0.

use super::gemini::GeminiCodec;
use super::{End, Step, number};
use crate::adapter::rules::Signs;
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use serde_json::Value;

/// What came of a session, as far as it came.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) text: String,
    /// The answer to the prompt, or to the request for a session.
    pub(super) ended: Option<Value>,
}

impl GeminiCodec {
    /// Takes a message in.
    pub(super) fn message(&mut self, message: Value) -> Step {
        self.watch.ran = true;
        if message.get("id").is_some() {
            self.session.ended = Some(message);
            return Step::DONE;
        }
        let update = &message["params"]["update"];
        let step = match update["sessionUpdate"].as_str() {
            Some("agent_message_chunk") => {
                let text = update["content"]["text"].as_str().unwrap_or_default();
                self.watch.append(&mut self.session.text, text);
                Step::text(text.to_owned())
            }
            Some("agent_thought_chunk") => Step::thinking(),
            _ => Step::MORE,
        };
        self.watch.step(step)
    }

    /// What the session came to. `crashed` is what the process does not say: it has not.
    pub(super) fn session_ended(mut self, end: &End<'_>, mut answer: Value) -> Result<Reply, CallFailure> {
        // It is that of all sessions.
        self.watch.stderr = Default::default();
        let text = std::mem::take(&mut self.session.text);
        if answer["error"].is_object() {
            // The CLI's word for whatever has no code.
            if answer["error"]["code"] == 500 {
                answer["error"]["code"] = Value::Null;
            }
            // Without a session nothing was asked, and with one no more than once.
            let asked = answer["id"].as_str().is_some_and(|id| !id.ends_with("session"));
            let usage = Usage { extra_requests: asked.then_some(0), ..Usage::default() };
            return Err(self.reported(end, &answer["error"], Signs { partial: Some(text), usage, ..Signs::default() }));
        }
        let quota = &answer["result"]["_meta"]["quota"];
        let model = quota["model_usage"][0]["model"].as_str().map(str::to_owned);
        // Thinking is not in its count of output tokens, and so that is not known.
        let input_tokens = model.as_ref().and_then(|_| number::count(&quota["token_count"]["input_tokens"]));
        let usage = Usage { input_tokens, extra_requests: Some(0), ..Usage::default() };
        let stop = answer["result"]["stopReason"].as_str().unwrap_or_default();
        let (class, message) = match stop {
            // Without usage the stream broke off, and a blank answer may be one that was blocked.
            "end_turn" if model.is_some() && !text.trim().is_empty() => {
                return self.watch.accept(Reply { text: text.into(), usage, served: model, ..Reply::default() });
            }
            "max_tokens" if text.is_empty() => (FailureClass::ContextTooLong, "the CLI holds the prompt for too long"),
            "max_tokens" => (FailureClass::Truncated, "the answer was cut"),
            "refusal" => (FailureClass::Declined, "the model declined to answer"),
            "max_turn_requests" => (FailureClass::Empty, "the model called a tool although there is none"),
            _ => (FailureClass::Crashed, "the turn ended without an answer, and the CLI does not say why"),
        };
        let signs = Signs { message: message.to_owned(), usage, partial: Some(text), ..Signs::default() };
        Err(self.watch.certain(class, signs))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, exit};
    use super::super::{CodecContext, CodecKind, Progress, codec};
    use super::*;
    use crate::invocation::{Ending, Flow, Line, Stream};
    use serde_json::json;

    fn line(text: String) -> Line {
        Line { stream: Stream::Stdout, text, cut: false }
    }

    fn update(kind: &str, text: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","method":"session/update","params":{{"sessionId":"s","update":{{"sessionUpdate":"{kind}","content":{{"type":"text","text":{}}}}}}}}}"#,
            json!(text)
        )
    }

    fn answer(stop: &str, models: &Value) -> String {
        let tokens = if models == &json!([]) { 0 } else { 7 };
        let quota = json!({"token_count": {"input_tokens": tokens, "output_tokens": 5}, "model_usage": models});
        let result = json!({"stopReason": stop, "_meta": {"quota": quota}});
        format!(r#"{{"jsonrpc":"2.0","id":"1 prompt","result":{result}}}"#)
    }

    fn error(code: i64, message: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","id":"1 prompt","error":{}}}"#, json!({"code": code, "message": message}))
    }

    /// What is read of a call whose process printed this on standard error meanwhile.
    fn read(lines: &[String], stderr: &str) -> Result<Reply, CallFailure> {
        let rules = json!([
            {"class": "usage_limit", "stderr": ["TerminalQuotaError"]},
            {"class": "overloaded", "fields": {"code": "500"}},
            {"class": "rate_limited", "fields": {"code": "429"}},
            {"class": "network", "message": ["terminated"]},
        ]);
        let mut codec = codec(&CodecKind::Gemini, context(&rules));
        codec.line(&Line { stream: Stream::Stderr, text: stderr.to_owned(), cut: false });
        let steps: Vec<_> = lines.iter().map(|text| codec.line(&line(text.clone()))).collect();
        assert!(steps.iter().enumerate().all(|(at, step)| (step.flow == Flow::Done) == (at + 1 == lines.len())));
        codec.end(&End { exit: &exit(Ending::Done, 0), now: super::super::testing::NOW })
    }

    fn model() -> Value {
        json!([{"model": "gemini-2.5-flash", "token_count": {"input_tokens": 7, "output_tokens": 5}}])
    }

    #[test]
    fn chunks_are_shown_and_are_the_answer() {
        let mut codec = codec(&CodecKind::Gemini, CodecContext::default());
        let mut shown = |text| codec.line(&line(text)).progress;
        assert_eq!(shown(update("available_commands_update", "x")), None);
        assert_eq!(shown(update("agent_thought_chunk", "x")), Some(Progress::Thinking));
        assert_eq!(shown(update("agent_message_chunk", "for")), Some(Progress::Text("for".to_owned())));
        let lines =
            [update("agent_message_chunk", "for"), update("agent_message_chunk", "ty\n"), answer("end_turn", &model())];
        let reply = read(&lines, "").unwrap();
        assert_eq!((&*reply.text, reply.served.as_deref()), ("forty\n", Some("gemini-2.5-flash")));
        let usage = Usage { input_tokens: Some(7), extra_requests: Some(0), ..Usage::default() };
        assert_eq!(reply.usage, usage, "what the model thought is not in the count of output tokens");
    }

    #[test]
    fn each_stop_reason_has_its_class() {
        let class = |text: &str, stop: &str, models: &Value| {
            let failure = read(&[update("agent_message_chunk", text), answer(stop, models)], "").unwrap_err();
            assert_eq!(failure.partial.as_deref().unwrap_or_default(), text);
            failure.class
        };
        for (text, stop, expected) in [
            ("", "max_tokens", FailureClass::ContextTooLong),
            ("for", "max_tokens", FailureClass::Truncated),
            ("", "refusal", FailureClass::Declined),
            ("", "max_turn_requests", FailureClass::Empty),
            ("", "cancelled", FailureClass::Crashed),
            // Blocked, or really empty.
            ("", "end_turn", FailureClass::Crashed),
        ] {
            assert_eq!(class(text, stop, &model()), expected, "{stop}");
        }
        // The stream broke off.
        assert_eq!(class("forty-", "end_turn", &json!([])), FailureClass::Crashed);
    }

    #[test]
    fn errors_are_those_of_this_session() {
        let of = |code, message: &str| {
            let lines = [update("agent_message_chunk", "for"), error(code, message)];
            read(&lines, "TerminalQuotaError: of another session").unwrap_err()
        };
        let google = json!({"error": {"code": 500, "status": "INTERNAL", "message": "An internal error."}}).to_string();
        for (code, message, expected) in [
            (429, "Resource has been exhausted", FailureClass::RateLimited),
            (500, "terminated", FailureClass::Network),
            (500, &*google, FailureClass::Overloaded),
            // What has no code has this one.
            (500, "?", FailureClass::Crashed),
            (-32000, "Gemini API key is missing or not configured.", FailureClass::Crashed),
        ] {
            let failure = of(code, message);
            assert_eq!((failure.class, failure.partial.as_deref()), (expected, Some("for")), "{message}");
        }
        assert_eq!(of(500, &google).message, "An internal error.");
    }
}
