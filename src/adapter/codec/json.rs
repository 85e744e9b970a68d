//! CLIs that print one JSON document, described by a manifest alone.

use super::ending::Watch;
use super::pointers::{Facts, hold};
use super::{Codec, CodecContext, End, Pointers, Step};
use crate::adapter::rules::Signs;
use crate::exchange::Reply;
use crate::failure::{CallFailure, FailureClass};
use crate::invocation::{Line, Stream};
use crate::json;
use serde_json::Value;

/// The largest document that is taken: an answer at its cap, with escapes and what is around it.
const DOCUMENT_BYTES: usize = 64 * 1024 * 1024;

/// Collects one JSON document and reads it at the end.
#[derive(Debug)]
pub(super) struct JsonCodec {
    watch: Watch,
    pointers: Pointers,
    document: Document,
}

impl JsonCodec {
    pub(super) fn new(context: CodecContext, pointers: Pointers) -> Self {
        Self { watch: Watch::new(context), pointers, document: Document::default() }
    }
}

impl Codec for JsonCodec {
    fn line(&mut self, line: &Line) -> Step {
        let pointers = &self.pointers;
        let has = |document: &Value| pointers.text(document).is_some() && pointers.error(document).is_none();
        let is_answer = |document: &Value| has(document) && hold(&pointers.done, document);
        // Without a sign of its own the document is whole only with exit code 0.
        let has_sign = !pointers.done.is_empty();
        self.document.push(&mut self.watch, line, has_sign.then_some(&is_answer))
    }

    fn is_complete(&self) -> bool {
        self.document.complete
    }

    fn end(self: Box<Self>, end: &End<'_>) -> Result<Reply, CallFailure> {
        let has_text = |document: &Value| self.pointers.text(document).is_some();
        let has_error = |document: &Value| self.pointers.error(document).is_some();
        let Some(document) = self.document.find(&[&has_text, &has_error, &|_| true]) else {
            // Some CLIs say on standard output, in plain words, why they failed.
            let message = self.watch.words_or(&self.document.text);
            return Err(self.watch.failure(end, Signs { message, ..Signs::default() }, None));
        };
        let usage = self.pointers.usage(&document);
        let text = self.pointers.text(&document);
        let mut facts = Facts::of(&self.watch.context.rules);
        facts.read(&document);
        let complete =
            if self.pointers.done.is_empty() { end.exit.code == Some(0) } else { hold(&self.pointers.done, &document) };
        let error = self.pointers.error(&document);
        if let (Some(text), None) = (text, &error)
            && let Some(failure) = self.watch.disguised(text, usage, end)
        {
            return Err(failure);
        }
        if let (Some(text), true, None) = (text, complete, &error) {
            let served = self.pointers.served(&document);
            return self.watch.accept(Reply { text: text.into(), usage, served, ..Reply::default() });
        }
        let reported = error.as_ref().map(|_| FailureClass::BadRequest);
        let message = error.unwrap_or_else(|| if text.is_none() { document.to_string() } else { String::new() });
        let (partial, values) = (text.map(str::to_owned), facts.stated());
        Err(self.watch.failure(end, Signs { message, usage, partial, values, ..Signs::default() }, reported))
    }
}

/// What is asked of an object.
type Holds<'a> = &'a dyn Fn(&Value) -> bool;

/// The document on standard output, as far as it came.
#[derive(Debug, Default)]
pub(super) struct Document {
    text: String,
    pub complete: bool,
    /// How often it was looked at for its end.
    looks: u32,
}

impl Document {
    /// Adds a line; with the object of which `is_answer` holds the document is complete.
    pub(super) fn push(&mut self, watch: &mut Watch, line: &Line, is_answer: Option<Holds<'_>>) -> Step {
        if let Some(text) = watch.stdout(line) {
            watch.ran |= !text.trim().is_empty();
            if self.text.len() + text.len() < DOCUMENT_BYTES {
                self.text.push_str(text);
                self.text.push('\n');
            } else {
                watch.oversized = true;
            }
        }
        if let Some(is_answer) = is_answer.filter(|_| self.may_end(line)) {
            self.complete = self.find(&[is_answer]).is_some();
        }
        if self.complete { Step::DONE } else { watch.step(Step::MORE) }
    }

    /// Whether it is worth looking whether the document is whole with this line: it closes an object at the margin.
    /// Each look reads all of it, so that there are not many.
    fn may_end(&mut self, line: &Line) -> bool {
        const LOOKS: u32 = 16;
        let text = line.text.trim_end();
        let may = line.stream == Stream::Stdout && text.ends_with('}') && (text == "}" || text.starts_with('{'));
        self.looks += u32::from(may);
        may && self.looks <= LOOKS
    }

    pub(super) fn find(&self, wanted: &[Holds<'_>]) -> Option<Value> {
        find(&self.text, wanted)
    }
}

/// The last JSON object in a text of which one of these holds, the first that holds of any. Notes of the program's or
/// of what started it may stand before and behind it.
pub(super) fn find(text: &str, wanted: &[Holds<'_>]) -> Option<Value> {
    let mut all = json::objects(text);
    let at = wanted.iter().find_map(|is_wanted| all.iter().rposition(is_wanted))?;
    Some(all.swap_remove(at))
}

#[cfg(test)]
mod tests {
    use super::super::CodecKind;
    use super::super::testing::{context, exit, read};
    use super::*;
    use crate::invocation::Ending;
    use serde_json::json;

    fn run(manifest: &str, stdout: &str, code: i32) -> Result<Reply, CallFailure> {
        let kind = CodecKind::Json(toml::from_str(manifest).unwrap());
        let rules = context(&json!([{ "class": "usage_limit", "message": ["quota"] }]));
        read(&kind, rules, stdout, "", &exit(Ending::Left, code)).result
    }

    #[test]
    fn the_first_path_with_a_text_is_the_answer() {
        let manifest = "text = ['/result', '/response']\ninput_tokens = '/models/*/in'\nerror = '/error'";
        let document = json!({ "response": "forty-two", "models": { "a": { "in": 2 }, "b": { "in": 3 } } });
        let reply = run(manifest, &format!("a note\n{document:#}"), 0).unwrap();
        assert_eq!((&*reply.text, reply.usage.input_tokens), ("forty-two", Some(5)));
        assert_eq!(run(manifest, &document.to_string(), 1).unwrap_err().class, FailureClass::Crashed);
        let failed = json!({ "response": "", "error": "no quota; resets in 2h39m52s" });
        let failure = run(manifest, &failed.to_string(), 0).unwrap_err();
        assert_eq!(failure.class, FailureClass::UsageLimit);
        assert_eq!(failure.resets_at.unwrap().to_string(), "2026-11-21T12:39:52.000Z");
    }

    #[test]
    fn the_document_is_found_in_what_is_printed_around_it() {
        let manifest = "text = ['/result']\nerror = '/error'";
        let document = r#"{"result":"forty-two"}"#;
        for stdout in [
            format!("\u{feff}{document}"),
            format!("\u{1b}]0;agent\u{7}{document}"),
            format!("\u{1b}[2K\u{1b}[1G{document}\u{1b}[0m"),
            format!("{{\"level\":\"info\",\"message\":\"quota\"}}\n{document}\n{{\"event\":\"sent\"}}"),
            format!("Loaded cached credentials.\n{document}\nA new version is available: 2.0\n"),
            format!("warning: {{ a: 1 }} {document} done"),
        ] {
            assert_eq!(&*run(manifest, &stdout, 0).unwrap().text, "forty-two", "{stdout:?}");
        }
        let failed = "{\"error\":\"no quota\"}\n{\"event\":\"sent\"}";
        assert_eq!(run(manifest, failed, 0).unwrap_err().class, FailureClass::UsageLimit);
        let cut = "{\"log\":[{\"result\":\"old\"}],\"result\":\"forty";
        assert_eq!(run(manifest, cut, 0).unwrap_err().class, FailureClass::Crashed);
    }

    #[test]
    fn words_instead_of_a_document_are_read() {
        assert_eq!(run("text = ['/a']", "Out of quota.", 0).unwrap_err().class, FailureClass::UsageLimit);
        assert_eq!(run("text = ['/a']", "{\"b\":\"quota\"}", 0).unwrap_err().class, FailureClass::UsageLimit);
        assert_eq!(run("text = ['/a']", "{\"a\":\"forty", 0).unwrap_err().class, FailureClass::Crashed);
    }

    #[test]
    fn a_mark_in_the_document_beats_the_exit_code() {
        let manifest = "text = ['/a']\ndone = { '/ok' = 'true' }";
        assert!(run(manifest, "{\"a\":\"x\",\"ok\":true}", 1).is_ok());
        assert!(run(manifest, "{\"a\":\"x\",\"ok\":false}", 0).is_err());
    }
}
