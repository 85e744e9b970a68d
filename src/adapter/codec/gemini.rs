//! `gemini -o json`: one document on standard output at the end, or one with the error on standard
//! error. Measured with 0.61.0.

use super::ending::{Watch, status_class};
use super::json::{Document, find};
use super::{Codec, CodecContext, End, Step, number};
use crate::adapter::rules::Signs;
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::Line;
use crate::json;
use serde_json::{Map, Value};
use std::time::Duration;

/// The CLI waits so long for the first word of an answer, and no setting of it changes that; an unreachable vendor
/// fails sooner.
const HEADERS: Duration = Duration::from_secs(60);

/// Collects the document and reads it at the end.
#[derive(Debug)]
pub(super) struct GeminiCodec {
    watch: Watch,
    document: Document,
}

impl GeminiCodec {
    pub(super) fn new(context: CodecContext) -> Self {
        Self { watch: Watch::new(context), document: Document::default() }
    }

    /// A whole document came: an answer, or a failure with exit code 0.
    fn answered(self, end: &End<'_>, document: &Value) -> Result<Reply, CallFailure> {
        let text = document["response"].as_str().unwrap_or_default();
        let none = Map::new();
        let models = document["stats"]["models"].as_object().unwrap_or(&none);
        let usage = usage(models);
        let mut signs = Signs { usage, partial: Some(text.to_owned()), ..Signs::default() };
        if let Some(error) = document["error"].as_object() {
            signs.message = error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
            let kind = error.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind == "INVALID_STREAM" {
                return Err(self.watch.certain(invalid_stream(&signs.message, text), signs));
            }
            signs.fields.insert("type", kind.to_owned());
            return Err(self.watch.failure(end, signs, Some(FailureClass::Crashed)));
        }
        if models.is_empty() && text.trim().is_empty() {
            signs.message = "nothing was sent: the CLI holds the prompt for too long".to_owned();
            return Err(self.watch.certain(FailureClass::ContextTooLong, signs));
        }
        if models.is_empty() {
            signs.message = "the CLI answered without asking a model".to_owned();
            return Err(self.watch.certain(FailureClass::NotAsked, signs));
        }
        let main = models.iter().find(|(_, model)| model["roles"]["main"].is_object());
        let (served, model) = main.or_else(|| models.iter().next()).unzip();
        let limit = self.watch.context.max_output_tokens.map(u64::from);
        // The CLI hides that the model was cut at its limit; the count gives it away.
        let tokens = model.and_then(output_tokens).filter(|tokens| *tokens <= Usage::MOST_TOKENS);
        if limit.is_some_and(|limit| tokens.is_some_and(|tokens| tokens >= limit)) {
            signs.message = format!("the answer was cut at {} tokens", limit.unwrap_or_default());
            return Err(self.watch.certain(FailureClass::Truncated, signs));
        }
        let warnings = document["warnings"].as_array().into_iter().flatten();
        self.watch.accept(Reply {
            text: text.into(),
            structured: None,
            usage,
            served: served.cloned(),
            warnings: warnings.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }

    /// Nothing whole came on standard output: the error is the last object on standard error.
    fn failed(self, end: &End<'_>) -> CallFailure {
        let mut signs = Signs::default();
        let Some(error) = self.error() else { return self.watch.failure(end, login(signs, &self.watch), None) };
        let error = &error["error"];
        signs.message = error["message"].as_str().unwrap_or_default().to_owned();
        if let Some(kind) = error["type"].as_str() {
            signs.fields.insert("type", kind.to_owned());
        }
        let mut code = error["code"].as_u64();
        if let Some(google) = find(&signs.message, &[&|value| value["error"].is_object(), &|_| true]) {
            let google = &google["error"];
            code = google["code"].as_u64().or(code);
            if let Some(status) = google["status"].as_str() {
                signs.fields.insert("status", status.to_owned());
            }
            let details = google["details"].as_array().into_iter().flatten();
            if let Some(reason) = details.filter_map(|detail| detail["reason"].as_str()).next() {
                signs.fields.insert("reason", reason.to_owned());
            }
            signs.message = google["message"].as_str().unwrap_or("an error without words").to_owned();
        }
        if signs.message.contains("fetch failed") && end.exit.elapsed >= HEADERS {
            signs.message = "the model said nothing for 60 s, and gemini waits no longer".to_owned();
            return self.watch.certain(FailureClass::TimedOut, signs);
        }
        let mut reported = FailureClass::Crashed;
        if let Some(code) = code {
            signs.fields.insert("code", code.to_string());
            reported = u16::try_from(code).ok().filter(|code| *code >= 400).map_or(reported, status_class);
        }
        self.watch.failure(end, login(signs, &self.watch), Some(reported))
    }

    /// The last object on standard error that is printed over several lines.
    fn error(&self) -> Option<Value> {
        let lines: Vec<&str> = self.watch.stderr.lines().collect();
        let from = lines.iter().rposition(|line| matches!(*line, "{" | "[ERROR] {"))?;
        let to = from + lines[from..].iter().position(|line| *line == "}")?;
        let object = format!("{{{}}}", lines[from + 1..to].join("\n"));
        json::read(&object).filter(|value| value["error"].is_object())
    }
}

impl Codec for GeminiCodec {
    fn line(&mut self, line: &Line) -> Step {
        let is_answer = |document: &Value| document["stats"].is_object() && !document["error"].is_object();
        self.document.push(&mut self.watch, line, Some(&is_answer))
    }

    fn is_complete(&self) -> bool {
        self.document.complete
    }

    fn end(self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure> {
        match self.document.find(&[&|document| document["stats"].is_object()]) {
            Some(document) => self.answered(end, &document),
            None => Err(self.failed(end)),
        }
    }
}

/// What an answer means that the CLI itself calls invalid.
fn invalid_stream(message: &str, text: &str) -> FailureClass {
    if message.contains("safety") {
        return FailureClass::Declined;
    }
    match (message.contains("without a finish reason"), text.trim().is_empty()) {
        // The stream broke in the middle of an answer; before one, the prompt was blocked.
        (true, false) => FailureClass::Network,
        (true, true) => FailureClass::Declined,
        (false, _) => FailureClass::Empty,
    }
}

/// The CLI asks for a login also where it could not reach the vendor to check it.
fn login(mut signs: Signs, watch: &Watch) -> Signs {
    const ASKED: &str = "Manual authorization is required";
    if signs.message.contains(ASKED) || watch.stderr.lines().any(|line| line.contains(ASKED)) {
        signs.message = format!("{ASKED}: not logged in, or the vendor could not be reached to check the login");
    }
    signs
}

/// Tokens and requests of all models together.
fn usage(models: &Map<String, Value>) -> Usage {
    let sum = |count: &dyn Fn(&Value) -> Option<u64>| models.values().filter_map(count).reduce(u64::saturating_add);
    let tokens = |name: &'static str| sum(&|model| number::count(&model["tokens"][name]));
    let requests = sum(&|model| number::count(&model["api"]["totalRequests"]));
    Usage {
        input_tokens: tokens("prompt"),
        cached_input_tokens: tokens("cached"),
        output_tokens: sum(&output_tokens),
        reasoning_tokens: tokens("thoughts"),
        cost_usd: None,
        extra_requests: requests.map(|requests| u32::try_from(requests.saturating_sub(1)).unwrap_or(u32::MAX)),
    }
}

/// All output tokens of a model, thinking included.
fn output_tokens(model: &Value) -> Option<u64> {
    let tokens = &model["tokens"];
    Some(number::count(&tokens["candidates"])?.saturating_add(number::count(&tokens["thoughts"]).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::super::CodecKind;
    use super::super::testing::{context, exit, read};
    use super::*;
    use crate::invocation::Ending;
    use serde_json::json;

    fn run(context: CodecContext, stdout: &Value, stderr: &str, code: i32) -> Result<Reply, CallFailure> {
        let stdout = if stdout.is_null() { String::new() } else { serde_json::to_string_pretty(stdout).unwrap() };
        read(&CodecKind::Gemini, context, &stdout, stderr, &exit(Ending::Left, code)).result
    }

    fn answer(text: &str) -> Value {
        let tokens = json!({ "input": 4, "prompt": 7, "cached": 3, "candidates": 5, "thoughts": 2 });
        json!({ "response": text, "stats": { "models": {
            "gemini-lite": { "api": { "totalRequests": 1 }, "tokens": tokens, "roles": { "utility_router": {} } },
            "gemini-pro": { "api": { "totalRequests": 1 }, "tokens": tokens, "roles": { "main": {} } },
        } } })
    }

    fn with_error(text: &str, kind: &str, message: &str) -> Value {
        let mut document = answer(text);
        document["error"] = json!({ "type": kind, "message": message });
        document
    }

    fn on_stderr(error: &Value, code: i32) -> CallFailure {
        let object = serde_json::to_string_pretty(&json!({ "session_id": "s", "error": error })).unwrap();
        let rules = json!([{ "class": "bad_credential", "fields": { "reason": "API_KEY_INVALID", "status": "INVALID_ARGUMENT" } }]);
        run(context(&rules), &Value::Null, &format!("noise {{\n  x: 1\n}}\n{object}"), code).unwrap_err()
    }

    #[test]
    fn a_reply_names_the_main_model_and_counts_all() {
        let reply = run(CodecContext::default(), &answer("forty-two"), "", 0).unwrap();
        assert_eq!((&*reply.text, reply.served.as_deref()), ("forty-two", Some("gemini-pro")));
        let usage = Usage {
            input_tokens: Some(14),
            cached_input_tokens: Some(6),
            output_tokens: Some(14),
            reasoning_tokens: Some(4),
            cost_usd: None,
            extra_requests: Some(1),
        };
        assert_eq!(reply.usage, usage);
    }

    #[test]
    fn a_count_at_the_limit_is_a_cut_answer() {
        let limited = |limit| CodecContext { max_output_tokens: Some(limit), ..CodecContext::default() };
        assert!(run(limited(8), &answer("forty-two"), "", 0).is_ok());
        let failure = run(limited(7), &answer("forty-"), "", 0).unwrap_err();
        assert_eq!((failure.class, failure.partial.as_deref()), (FailureClass::Truncated, Some("forty-")));
    }

    #[test]
    fn exit_code_0_is_not_success() {
        let class = |document: &Value| run(CodecContext::default(), document, "", 0).unwrap_err().class;
        assert_eq!(class(&Value::Null), FailureClass::Crashed);
        assert_eq!(class(&json!({ "response": "", "stats": { "models": {} } })), FailureClass::ContextTooLong);
        assert_eq!(class(&json!({ "response": "/help", "stats": { "models": {} } })), FailureClass::NotAsked);
        assert_eq!(class(&answer(" ")), FailureClass::Empty);
        let invalid = |text: &str, message: &str| class(&with_error(text, "INVALID_STREAM", message));
        assert_eq!(invalid("", "The model response was blocked due to safety settings."), FailureClass::Declined);
        assert_eq!(invalid("", "Model stream ended without a finish reason."), FailureClass::Declined);
        assert_eq!(invalid("forty-", "Model stream ended without a finish reason."), FailureClass::Network);
        assert_eq!(invalid("", "The model returned an empty response"), FailureClass::Empty);
    }

    #[test]
    fn the_vendors_own_error_is_dug_out() {
        let google = json!({ "error": { "code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
            "details": [{ "@type": "x" }, { "reason": "API_KEY_INVALID" }] } });
        let failure = on_stderr(&json!({ "type": "Error", "message": google.to_string(), "code": 400 }), 144);
        assert_eq!((failure.class, &*failure.message), (FailureClass::BadCredential, "API key not valid."));
        assert_eq!(on_stderr(&json!({ "message": "?", "code": 502 }), 246).class, FailureClass::Overloaded);
        assert_eq!(on_stderr(&json!({ "message": "?", "code": 1 }), 1).class, FailureClass::Crashed);
    }

    #[test]
    fn a_model_that_says_nothing_is_no_lost_network() {
        let words = json!({ "error": { "message": "exception TypeError: fetch failed sending request", "code": 1 } });
        let words = serde_json::to_string_pretty(&words).unwrap();
        let after = |seconds| {
            let exit = crate::invocation::Exit { elapsed: Duration::from_secs(seconds), ..exit(Ending::Left, 1) };
            let rules = json!([{ "class": "network", "message": ["fetch failed"] }]);
            read(&CodecKind::Gemini, context(&rules), "", &words, &exit).result.unwrap_err()
        };
        assert_eq!(after(9).class, FailureClass::Network);
        let failure = after(62);
        assert_eq!(failure.class, FailureClass::TimedOut);
        assert!(failure.message.contains("gemini waits no longer"), "{failure}");
    }

    #[test]
    fn a_missing_login_may_be_a_missing_network() {
        let rules = json!([{ "class": "not_logged_in", "exit": [41] }]);
        let words = "Manual authorization is required but the current session is non-interactive.";
        let failure = run(context(&rules), &Value::Null, words, 41).unwrap_err();
        assert_eq!(failure.class, FailureClass::NotLoggedIn);
        assert!(failure.message.contains("could not be reached"), "{failure}");
    }
}
