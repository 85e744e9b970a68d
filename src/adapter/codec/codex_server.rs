//! What `codex app-server` says of a call: the notifications of its thread, and what it refuses. The words of
//! failures are those of `codex exec`, with a code beside them. Measured with 0.171.0.

use super::codex::CodexCodec;
use super::{Step, number};
use crate::exchange::Usage;
use serde_json::Value;

/// The code and the HTTP status of an error: `"other"`, `{"httpConnectionFailed":{"httpStatusCode":503}}`, or of
/// something that was refused `{"input_error_code":"input_too_large"}`.
#[derive(Debug, Default)]
pub(super) struct ErrorInfo {
    pub(super) code: Option<String>,
    pub(super) status: Option<u16>,
}

impl ErrorInfo {
    fn of(error: &Value) -> Self {
        let info = &error["codexErrorInfo"];
        let named = info.as_object().and_then(|members| members.iter().next());
        let code = info.as_str().or_else(|| error["data"]["input_error_code"].as_str());
        let code = code.or_else(|| named.map(|(name, _)| name.as_str())).map(str::to_owned);
        let status = named.and_then(|(_, inner)| inner["httpStatusCode"].as_u64()?.try_into().ok());
        Self { code, status }
    }
}

impl CodexCodec {
    /// Takes a line of a worker in.
    pub(super) fn message(&mut self, message: &Value) -> Step {
        let params = &message["params"];
        let item = &params["item"];
        match (message["method"].as_str().unwrap_or_default(), item["type"].as_str().unwrap_or_default()) {
            ("turn/started", _) => {
                self.watch.ran = true;
                Step::MORE
            }
            ("item/started", "agentMessage") => {
                self.text.clear();
                Step::MORE
            }
            ("item/agentMessage/delta", _) => {
                let delta = params["delta"].as_str().unwrap_or_default();
                self.watch.append(&mut self.text, delta);
                Step::text(delta.to_owned())
            }
            ("item/completed", "agentMessage") => {
                self.text.clear();
                self.watch.append(&mut self.text, item["text"].as_str().unwrap_or_default());
                Step::MORE
            }
            (_, "reasoning") => Step::thinking(),
            ("warning", _) => {
                self.note(params["message"].as_str().unwrap_or_default());
                Step::MORE
            }
            ("thread/tokenUsage/updated", _) => {
                self.usage = Some(usage(&params["tokenUsage"]["total"]));
                Step::MORE
            }
            ("error", _) => self.error(params["error"]["message"].as_str().unwrap_or_default()),
            ("turn/completed", _) if params["turn"]["status"] == "completed" => {
                self.completed = true;
                Step::DONE
            }
            ("turn/completed", _) => self.refused(&params["turn"]["error"]),
            ("", _) if message["id"].is_string() && message["error"].is_object() => self.refused(&message["error"]),
            _ => Step::MORE,
        }
    }

    fn refused(&mut self, error: &Value) -> Step {
        self.info = ErrorInfo::of(error);
        self.fail(error);
        Step::DONE
    }
}

fn usage(total: &Value) -> Usage {
    Usage {
        input_tokens: number::count(&total["inputTokens"]),
        cached_input_tokens: number::count(&total["cachedInputTokens"]),
        output_tokens: number::count(&total["outputTokens"]),
        reasoning_tokens: number::count(&total["reasoningOutputTokens"]),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Read, context, exit, read};
    use super::super::{CodecKind, Progress};
    use crate::failure::FailureClass;
    use crate::invocation::{Ending, Flow};
    use serde_json::{Value, json};

    fn run(lines: &[Value]) -> Read {
        let stdout = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let rules = json!([
            { "class": "bad_model", "fields": { "code": "modelNotFound" } },
            { "class": "context_too_long", "fields": { "code": "input_too_large" } },
            { "class": "usage_limit", "message": ["hit your usage limit"] },
        ]);
        read(&CodecKind::Codex, context(&rules), &stdout, "", &exit(Ending::Done, 0))
    }

    fn item(method: &str, text: &str) -> Value {
        json!({"method": method, "params": {"item": {"type": "agentMessage", "id": "m1", "text": text}, "threadId": "t"}})
    }

    fn delta(text: &str) -> Value {
        json!({"method": "item/agentMessage/delta", "params": {"threadId": "t", "itemId": "m1", "delta": text}})
    }

    fn ended(status: &str, error: &Value) -> Value {
        json!({"method": "turn/completed", "params": {"threadId": "t", "turn": {"status": status, "error": error}}})
    }

    fn tokens(input: u64, output: u64) -> Value {
        let total =
            json!({"inputTokens": input, "cachedInputTokens": 40, "outputTokens": output, "reasoningOutputTokens": 5});
        json!({"method": "thread/tokenUsage/updated", "params": {"tokenUsage": {"total": total, "last": {}}}})
    }

    fn failed(message: &str, info: &Value) -> FailureClass {
        let error = json!({"message": message, "codexErrorInfo": info});
        let said = json!({"method": "error", "params": {"error": error, "willRetry": false}});
        run(&[said, ended("failed", &error)]).result.unwrap_err().class
    }

    #[test]
    fn the_last_message_is_shown_as_it_comes() {
        let started = json!({"method": "turn/started", "params": {"threadId": "t", "turn": {"id": "u"}}});
        let thinks = json!({"method": "item/started", "params": {"item": {"type": "reasoning"}}});
        let (early, late) = (item("item/completed", "Let me see."), item("item/completed", "forty-two"));
        let begins = item("item/started", "");
        let lines = [
            started,
            thinks,
            begins.clone(),
            delta("Let me see."),
            early,
            tokens(60, 8),
            begins,
            delta("forty"),
            delta("-two"),
            late,
            tokens(100, 20),
            ended("completed", &Value::Null),
        ];
        let read = run(&lines);
        let shown: String = read
            .steps
            .iter()
            .filter_map(|step| match &step.progress {
                Some(Progress::Text(text)) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(shown, "Let me see.forty-two");
        assert_eq!(read.steps[1].progress, Some(Progress::Thinking));
        assert_eq!(read.steps.last().unwrap().flow, Flow::Done);
        let reply = read.result.unwrap();
        assert_eq!(
            (&*reply.text, reply.usage.input_tokens, reply.usage.output_tokens),
            ("forty-two", Some(100), Some(20))
        );
        assert_eq!((reply.usage.reasoning_tokens, reply.usage.extra_requests), (Some(5), Some(0)));
    }

    #[test]
    fn codes_and_statuses_name_failures() {
        let http = |status: u16| json!({"httpConnectionFailed": {"httpStatusCode": status}});
        assert_eq!(failed("words", &http(401)), FailureClass::BadCredential);
        assert_eq!(failed("words", &http(503)), FailureClass::Overloaded);
        let attempts = json!({"responseTooManyFailedAttempts": {"httpStatusCode": 429}});
        assert_eq!(failed("words", &attempts), FailureClass::RateLimited);
        assert_eq!(failed("words", &json!("modelNotFound")), FailureClass::BadModel);
        assert_eq!(failed(r#"{"error":{"message":"words"}}"#, &json!("other")), FailureClass::BadRequest);
        assert_eq!(failed("something new", &json!("other")), FailureClass::Crashed);
    }

    #[test]
    fn a_limit_says_when_it_ends() {
        let error = json!({"message": "You’ve hit your usage limit. Try again at 10:10 AM.", "codexErrorInfo": "usageLimitExceeded"});
        let failure = run(&[ended("failed", &error)]).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::UsageLimit);
        assert_eq!(failure.resets_at.unwrap().to_string(), "2026-11-21T10:10:00.000Z");
    }

    #[test]
    fn what_is_refused_has_a_class() {
        let data = json!({"input_error_code": "input_too_large", "max_chars": 1_048_576});
        let error = json!({"code": -32602, "data": data, "message": "Input exceeds the maximum length."});
        let failure = run(&[json!({"id": "1 turn", "error": error})]).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::ContextTooLong);
        let failure = run(&[ended("interrupted", &Value::Null)]).result.unwrap_err();
        assert_eq!(failure.class, FailureClass::Crashed);
    }

    #[test]
    fn cut_answers_and_their_cost_are_kept() {
        let error =
            json!({"message": "Incomplete response returned, reason: max_output_tokens", "codexErrorInfo": "other"});
        let failure = run(&[delta("forty-"), tokens(100, 20), ended("failed", &error)]).result.unwrap_err();
        assert_eq!((failure.class, failure.partial.as_deref()), (FailureClass::Truncated, Some("forty-")));
        assert_eq!(failure.usage.input_tokens, Some(100));
    }
}
