//! `claude -p --output-format stream-json --verbose`, with or without partial messages. Measured
//! with 2.1.197 and 2.1.332.

use super::ending::{Watch, status_class};
use super::{Codec, CodecContext, End, Step, number};
use crate::adapter::rules::Signs;
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::Line;
use crate::json;
use crate::time::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The model name of messages that the CLI made up itself: its errors.
const SYNTHETIC: &str = "<synthetic>";

/// The tool through which a structured reply is given.
const ANSWER_TOOL: &str = "StructuredOutput";

/// Reads the events of one turn.
#[derive(Debug)]
pub(super) struct ClaudeCodec {
    watch: Watch,
    /// The text blocks of the answer so far: all pieces of a message that was cut and continued.
    text: String,
    /// How many text blocks that are.
    blocks: usize,
    /// The text block that is being streamed.
    open: String,
    /// The structured reply as the model gave it, whether or not it has the shape that was asked for.
    form: Option<String>,
    /// Why the last message ended, where partial messages say so.
    stop: Option<String>,
    /// The messages that the model gave, by id.
    messages: BTreeSet<String>,
    /// The last message's id, to know where a new one begins.
    message: String,
    /// Who answered.
    model: Option<String>,
    /// Requests that it says it makes anew.
    retries: u32,
    /// Requests that it says were refused, where it may make none anew and yet does so once.
    refusals: u32,
    retry: Option<String>,
    /// What the CLI says of the error that is its last message: class, cause, and the API's own class.
    error: [(&'static str, Option<String>); 3],
    /// A credential that was refused: hopeless, however often the CLI tries again.
    refused: bool,
    resets_at: Option<Timestamp>,
    warnings: Vec<String>,
    result: Option<Map<String, Value>>,
}

impl ClaudeCodec {
    pub(super) fn new(context: CodecContext) -> Self {
        Self {
            watch: Watch::new(context),
            text: String::new(),
            blocks: 0,
            open: String::new(),
            form: None,
            stop: None,
            messages: BTreeSet::new(),
            message: String::new(),
            model: None,
            retries: 0,
            refusals: 0,
            retry: None,
            error: ["error", "api_error", "api_error_type"].map(|name| (name, None)),
            refused: false,
            resets_at: None,
            warnings: Vec::new(),
            result: None,
        }
    }

    fn event(&mut self, event: Value) -> Step {
        self.watch.ran = true;
        match event["type"].as_str().unwrap_or_default() {
            "stream_event" => self.partial(&event["event"]),
            "assistant" => self.assistant(&event),
            "system" => self.system(&event),
            "rate_limit_event" => {
                let info = &event["rate_limit_info"];
                if info["status"] == "rejected" {
                    let seconds = info["resetsAt"].as_i64();
                    self.resets_at = seconds.map(|seconds| Timestamp(seconds.saturating_mul(1000)));
                }
                Step::MORE
            }
            "result" => {
                if let Value::Object(result) = event {
                    self.result = Some(result);
                }
                Step::DONE
            }
            _ => Step::MORE,
        }
    }

    fn partial(&mut self, event: &Value) -> Step {
        match event["type"].as_str().unwrap_or_default() {
            "message_start" => {
                self.begin(&event["message"]);
                Step::MORE
            }
            "content_block_start" if event["content_block"]["type"] == "thinking" => Step::thinking(),
            "content_block_delta" => {
                let delta = &event["delta"];
                match delta["type"].as_str().unwrap_or_default() {
                    "text_delta" => {
                        let text = delta["text"].as_str().unwrap_or_default();
                        self.watch.append(&mut self.open, text);
                        Step::text(text.to_owned())
                    }
                    "input_json_delta" if self.watch.context.shaped => {
                        Step::text(delta["partial_json"].as_str().unwrap_or_default().to_owned())
                    }
                    "thinking_delta" => Step::thinking(),
                    _ => Step::MORE,
                }
            }
            "message_delta" => {
                self.stop = event["delta"]["stop_reason"].as_str().map(str::to_owned);
                Step::MORE
            }
            _ => Step::MORE,
        }
    }

    /// A message begins, or goes on.
    fn begin(&mut self, message: &Value) {
        let id = message["id"].as_str().unwrap_or_default();
        if id != self.message {
            id.clone_into(&mut self.message);
            self.open.clear();
            // What came before a call of a tool is commentary; what was cut at the limit goes on.
            if self.stop.take().is_some_and(|stop| stop != "max_tokens") {
                self.text.clear();
                self.blocks = 0;
            }
        }
        let model = message["model"].as_str().unwrap_or(SYNTHETIC);
        if model != SYNTHETIC {
            self.messages.insert(id.to_owned());
            self.model = Some(plain_model(model));
        }
    }

    fn assistant(&mut self, event: &Value) -> Step {
        for (name, said) in &mut self.error {
            if let Some(word) = event[*name].as_str() {
                *said = Some(word.to_owned());
            }
        }
        let message = &event["message"];
        if message["model"] == SYNTHETIC {
            return Step::MORE;
        }
        self.begin(message);
        for block in message["content"].as_array().into_iter().flatten() {
            if let ("text", Some(text)) = (block["type"].as_str().unwrap_or_default(), block["text"].as_str()) {
                self.watch.append(&mut self.text, text);
                self.blocks += 1;
                self.open.clear();
            }
            if block["name"] == ANSWER_TOOL {
                self.form = Some(block["input"].to_string());
            }
        }
        Step::MORE
    }

    fn system(&mut self, event: &Value) -> Step {
        match event["subtype"].as_str().unwrap_or_default() {
            "api_retry" => {
                let last = event["max_retries"] == 0;
                let count = if last { &mut self.refusals } else { &mut self.retries };
                *count = count.saturating_add(1);
                let error = event["error"].as_str().unwrap_or("error");
                let status = event["error_status"].as_u64();
                let attempt = event["attempt"].as_u64().unwrap_or_else(|| self.retries.into());
                let status_words = status.map(|status| format!(" ({status})")).unwrap_or_default();
                let words = self.watch.clean(&format!("retry {attempt} after {error}{status_words}"));
                self.retry = Some(words.clone());
                // The CLI would go on for three minutes.
                if status == Some(401) && !last {
                    self.refused = true;
                    return Step::DONE;
                }
                Step::retrying(words)
            }
            "model_fallback" | "model_refusal_fallback" | "model_consent_fallback" => {
                let name = |key: &str| plain_model(event[key].as_str().unwrap_or("?"));
                let (asked, answers) = (name("original_model"), name("fallback_model"));
                self.warnings.push(format!("the CLI fell back from {asked} to {answers}"));
                Step::MORE
            }
            _ => Step::MORE,
        }
    }

    /// What came of the answer, as far as it came.
    fn so_far(&self) -> Option<String> {
        let text = format!("{}{}", self.text, self.open);
        (!text.is_empty()).then_some(text)
    }

    /// Requests beyond the first. Of a 404 it does not say that it asked once more, without streaming.
    fn extra_requests(&self, result: &Map<String, Value>) -> u32 {
        let begun = result.get("begun_message_ids").and_then(Value::as_array).map_or(0, Vec::len);
        let begun = u32::try_from(begun.max(self.messages.len())).unwrap_or(u32::MAX);
        let anew = u32::from(result.get("api_error_status").and_then(Value::as_u64) == Some(404));
        let beyond = begun.saturating_add(self.refusals).saturating_sub(1);
        self.retries.saturating_add(beyond).saturating_add(anew)
    }

    fn usage(&self) -> Usage {
        let none = Map::new();
        let result = self.result.as_ref().unwrap_or(&none);
        let extra = self.extra_requests(result);
        let Some(Value::Object(usage)) = result.get("usage") else {
            return Usage { extra_requests: (extra > 0).then_some(extra), ..Usage::default() };
        };
        let count = |key: &str| usage.get(key).and_then(number::count);
        let sum = |keys: &[&str]| keys.iter().filter_map(|key| count(key)).reduce(u64::saturating_add);
        let extra_requests = Some(extra);
        // Without a model it counts zeros for what it does not know.
        if result.get("modelUsage").and_then(Value::as_object).is_none_or(Map::is_empty) {
            return Usage { extra_requests, ..Usage::default() };
        }
        Usage {
            input_tokens: sum(&["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]),
            cached_input_tokens: count("cache_read_input_tokens"),
            output_tokens: count("output_tokens"),
            reasoning_tokens: usage
                .get("output_tokens_details")
                .and_then(|details| details.get("thinking_tokens"))
                .and_then(number::count),
            cost_usd: result.get("total_cost_usd").and_then(number::amount),
            extra_requests,
        }
    }

    /// The model that answered: helpers that the CLI asks by itself have no messages.
    fn served(&mut self, result: &Map<String, Value>) -> Option<String> {
        self.model.take().or_else(|| {
            let models = result.get("modelUsage")?.as_object()?;
            if models.len() == 1 { models.keys().next().map(|model| plain_model(model)) } else { None }
        })
    }

    /// The turn ended without an error.
    fn answered(mut self, result: &Map<String, Value>, mut signs: Signs) -> Result<Reply, CallFailure> {
        let stop = result.get("stop_reason");
        let text = match result.get("result").and_then(Value::as_str) {
            Some(text) if self.blocks <= 1 => text.to_owned(),
            _ => std::mem::take(&mut self.text),
        };
        signs.partial = Some(text.clone());
        let structured = result.get("structured_output").filter(|value| !value.is_null()).cloned();
        let certain = if result.get("num_turns").and_then(Value::as_u64) == Some(0) {
            Some((FailureClass::NotAsked, text.clone()))
        } else if structured.is_some() {
            None
        } else {
            match stop.map(|stop| stop.as_str().unwrap_or_default()) {
                Some("refusal") => Some((FailureClass::Declined, "the model declined".to_owned())),
                Some("max_tokens" | "model_context_window_exceeded") => {
                    Some((FailureClass::Truncated, "the answer was cut at its limit".to_owned()))
                }
                // The stream ended before the message did; the CLI takes what it has for whole.
                Some("") => Some((FailureClass::Network, "the answer broke off: no stop reason".to_owned())),
                _ if self.watch.context.shaped => {
                    Some((FailureClass::Malformed, "the reply has not the shape that was asked for".to_owned()))
                }
                _ => None,
            }
        };
        if let Some((class, message)) = certain {
            signs.message = message;
            return Err(self.watch.certain(class, signs));
        }
        let structured = structured.filter(|_| self.watch.context.shaped);
        let text = structured.as_ref().map_or(text, Value::to_string);
        let served = self.served(result);
        let warnings = std::mem::take(&mut self.warnings);
        self.watch.accept(Reply { text: Arc::from(text), structured, usage: signs.usage, served, warnings })
    }

    /// The turn ended with an error.
    fn failed(self, end: &End<'_>, result: &Map<String, Value>, mut signs: Signs) -> CallFailure {
        let word = |key: &str| result.get(key).and_then(Value::as_str);
        let errors = result.get("errors").and_then(Value::as_array);
        let errors = errors.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("; ");
        signs.message = word("result").map_or(errors, str::to_owned);
        let status = result.get("api_error_status").and_then(Value::as_u64);
        for key in ["terminal_reason", "subtype", "stop_reason"] {
            signs.fields.extend(word(key).map(|word| (key, word.to_owned())));
        }
        signs.fields.extend(status.map(|status| ("api_error_status", status.to_string())));
        for (name, said) in &self.error {
            let said = word(name).map(str::to_owned).or_else(|| said.clone());
            signs.fields.extend(said.map(|said| (*name, said)));
        }
        let class = if word("stop_reason") == Some("refusal") {
            Some(FailureClass::Declined)
        } else if word("subtype") == Some("error_max_structured_output_retries") {
            // What does not fit can be repaired, or read with tolerance.
            signs.partial = self.form.clone().or(signs.partial);
            Some(FailureClass::Malformed)
        } else if signs.message.contains("output token maximum") {
            Some(FailureClass::Truncated)
        } else {
            None
        };
        if let Some(class) = class {
            return self.watch.certain(class, signs);
        }
        let status = status.and_then(|status| u16::try_from(status).ok());
        // An error of the API without a status: no whole answer came.
        let none =
            if word("terminal_reason") == Some("api_error") { FailureClass::Network } else { FailureClass::Crashed };
        let reported = status.map_or(none, status_class);
        self.watch.failure(end, signs, Some(reported))
    }
}

impl Codec for ClaudeCodec {
    fn line(&mut self, line: &Line) -> Step {
        let Some(text) = self.watch.stdout(line) else { return self.watch.step(Step::MORE) };
        let step = match json::read_line(text) {
            Some(event) if event.is_object() && self.result.is_none() => self.event(event),
            _ => Step::MORE,
        };
        self.watch.step(step)
    }

    fn end(mut self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure> {
        let usage = self.usage();
        let mut signs = Signs { usage, partial: self.so_far(), resets_at: self.resets_at, ..Signs::default() };
        match self.result.take() {
            Some(result) if result.get("is_error") == Some(&Value::Bool(true)) => Err(self.failed(end, &result, signs)),
            Some(result) => self.answered(&result, signs),
            None => {
                signs.message = self.retry.take().unwrap_or_default();
                if self.refused {
                    return Err(self.watch.certain(FailureClass::BadCredential, signs));
                }
                Err(self.watch.failure(end, signs, None))
            }
        }
    }
}

/// A model's name without the mark of its context size.
fn plain_model(name: &str) -> String {
    name.trim_end_matches("[1m]").to_owned()
}

#[cfg(test)]
mod tests;
