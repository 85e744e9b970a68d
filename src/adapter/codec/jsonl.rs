//! CLIs that print one JSON document in each line, described by a manifest alone.

use super::ending::Watch;
use super::pointers::{Facts, hold};
use super::{Codec, CodecContext, End, Pointers, Step};
use crate::adapter::rules::Signs;
use crate::exchange::{Reply, Usage};
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Ending, Line};
use crate::json;
use serde_json::Value;

/// Reads a stream of JSON documents.
#[derive(Debug)]
pub(super) struct JsonlCodec {
    watch: Watch,
    pointers: Pointers,
    text: String,
    error: Option<String>,
    usage: Usage,
    served: Option<String>,
    facts: Facts,
    done: bool,
}

impl JsonlCodec {
    pub(super) fn new(context: CodecContext, pointers: Pointers) -> Self {
        let facts = Facts::of(&context.rules);
        Self {
            watch: Watch::new(context),
            pointers,
            text: String::new(),
            error: None,
            usage: Usage::default(),
            served: None,
            facts,
            done: false,
        }
    }

    fn event(&mut self, event: &Value) -> Step {
        self.watch.ran = true;
        let mut step = Step::MORE;
        if hold(&self.pointers.text_when, event)
            && let Some(text) = self.pointers.text(event)
        {
            if !self.pointers.join {
                self.text.clear();
            }
            self.watch.append(&mut self.text, text);
            step = Step::text(text.to_owned());
        }
        if let Some(error) = self.pointers.error(event) {
            self.error = Some(error);
        }
        self.facts.read(event);
        self.served = self.pointers.served(event).or_else(|| self.served.take());
        // Each number where a line states it; the last statement counts, as totals come last.
        let usage = self.pointers.usage(event);
        self.usage = Usage {
            input_tokens: usage.input_tokens.or(self.usage.input_tokens),
            cached_input_tokens: usage.cached_input_tokens.or(self.usage.cached_input_tokens),
            output_tokens: usage.output_tokens.or(self.usage.output_tokens),
            reasoning_tokens: usage.reasoning_tokens.or(self.usage.reasoning_tokens),
            cost_usd: usage.cost_usd.or(self.usage.cost_usd),
            extra_requests: None,
        };
        if !self.pointers.done.is_empty() && hold(&self.pointers.done, event) {
            self.done = true;
            step.flow = Step::DONE.flow;
        }
        step
    }
}

impl Codec for JsonlCodec {
    fn line(&mut self, line: &Line) -> Step {
        let Some(text) = self.watch.stdout(line) else { return self.watch.step(Step::MORE) };
        let step = match json::read_line(text) {
            Some(event) if event.is_object() && !self.done => self.event(&event),
            _ => Step::MORE,
        };
        self.watch.step(step)
    }

    fn end(self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure> {
        let left = end.exit.ending == Ending::Left && end.exit.code == Some(0);
        let complete = self.done || (self.pointers.done.is_empty() && left && self.watch.ran);
        if self.error.is_none()
            && let Some(failure) = self.watch.disguised(&self.text, self.usage, end)
        {
            return Err(failure);
        }
        match self.error {
            None if complete => self.watch.accept(Reply {
                text: self.text.into(),
                usage: self.usage,
                served: self.served,
                ..Reply::default()
            }),
            error => {
                let reported = error.as_ref().map(|_| FailureClass::BadRequest);
                let message = error.unwrap_or_default();
                let (partial, values) = (Some(self.text), self.facts.stated());
                let signs = Signs { message, usage: self.usage, partial, values, ..Signs::default() };
                Err(self.watch.failure(end, signs, reported))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{exit, read};
    use super::super::{CodecContext, CodecKind};
    use super::*;

    fn run(manifest: &str, stdout: &str, code: i32) -> Result<Reply, CallFailure> {
        let kind = CodecKind::Jsonl(toml::from_str(manifest).unwrap());
        read(&kind, CodecContext::default(), stdout, "", &exit(Ending::Left, code)).result
    }

    const PIECES: &str = "text = ['/content']\njoin = true\ntext_when = { '/role' = 'assistant' }\n\
        done = { '/type' = 'result' }\nerror = '/error/message'\noutput_tokens = '/stats/out'\nserved = '/model'";

    #[test]
    fn pieces_are_joined_until_the_last_line() {
        let pieces = "{\"role\":\"user\",\"content\":\"hi\"}\n{\"role\":\"assistant\",\"content\":\"forty-\",\"model\":\"m\"}\n\
            noise\n{\"role\":\"assistant\",\"content\":\"two\"}\n";
        let reply = run(PIECES, &format!("{pieces}{{\"type\":\"result\",\"stats\":{{\"out\":3}}}}"), 1).unwrap();
        assert_eq!(
            (&*reply.text, reply.usage.output_tokens, reply.served.as_deref()),
            ("forty-two", Some(3), Some("m"))
        );
        let failure = run(PIECES, pieces, 0).unwrap_err();
        assert_eq!((failure.class, failure.partial.as_deref()), (FailureClass::Crashed, Some("forty-two")));
        let failure = run(PIECES, "{\"type\":\"result\",\"error\":{\"message\":\"no\"}}", 0).unwrap_err();
        assert_eq!((failure.class, &*failure.message), (FailureClass::BadRequest, "no"));
    }

    #[test]
    fn without_a_mark_the_exit_code_says_that_it_is_whole() {
        let lines = "{\"text\":\"first\"}\n{\"text\":\"last\"}";
        assert_eq!(&*run("text = ['/answer', '/text']", lines, 0).unwrap().text, "last");
        assert_eq!(run("text = ['/text']", lines, 1).unwrap_err().class, FailureClass::Crashed);
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<Pointers>("text = ['/a']\nmodel = '/b'").is_err());
        assert!(toml::from_str::<Pointers>("text = ['a']").is_err());
    }
}
