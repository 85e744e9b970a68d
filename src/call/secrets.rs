//! What a child was told in confidence, taken out of what it says: a CLI that repeats its key, or a
//! token of its login, must not bring it into answers, journals, events or kept folders.

use super::secret_forms::forms;
use crate::adapter::Host;
#[cfg(feature = "cli")]
use crate::adapter::holds_secret;
use crate::exchange::Reply;
use crate::failure::CallFailure;
use crate::invocation::{EnvValue, Invocation, Secret};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde_json::Value;
use std::fmt;
use std::ops::Range;

/// The shortest value of a login file that is taken for a token: others are words.
const TOKEN_BYTES: usize = 12;

/// The shortest secret that is taken out: shorter ones would take ordinary words away.
const SECRET_BYTES: usize = 6;

/// What the names of variables that hold a credential hold.
#[cfg(feature = "cli")]
const NAMES: [&str; 5] = ["KEY", "TOKEN", "SECRET", "PASS", "CREDENTIAL"];

/// The secrets that one child can see.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    all: Vec<Secret>,
    /// One pass for all of them.
    search: Option<AhoCorasick>,
}

// The search would show them.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secrets").field(&self.all).finish()
    }
}

impl Secrets {
    /// Those of its environment and of the stored logins: who runs in the person's own home can read
    /// every one of them.
    pub(crate) fn of_child(invocation: &Invocation, host: &Host) -> Self {
        let given = invocation.env.values().filter_map(|value| match value {
            EnvValue::Secret { value, .. } => Some(value.clone()),
            EnvValue::Plain(_) => None,
        });
        Self::of(given.chain(stored(host)))
    }

    /// Those of a whole machine, for a program that sees all of it.
    #[cfg(feature = "cli")]
    pub(crate) fn of_machine(host: &Host) -> Self {
        let given = host.env.iter().filter(|(name, value)| {
            let name = name.to_uppercase();
            let named = !value.starts_with('/') && NAMES.iter().any(|word| name.contains(word));
            value.len() >= TOKEN_BYTES && (named || holds_secret(value))
        });
        let given = given.map(|(_, value)| Secret::new(value.as_str()));
        Self::of(given.chain(stored(host)))
    }

    /// Of one that has several lines, each line is a secret too: output is read by lines. Each counts in its
    /// usual encodings as well.
    pub(super) fn of(secrets: impl Iterator<Item = Secret>) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            let lines = secret.expose().lines().map(str::trim).filter(|line| line.len() >= TOKEN_BYTES);
            let lines: Vec<_> = lines.filter(|line| *line != secret.expose()).map(Secret::new).collect();
            all.extend(lines);
            all.push(secret);
        }
        all.retain(|secret| secret.expose().len() >= SECRET_BYTES);
        let encoded: Vec<_> = all.iter().flat_map(|secret| forms(secret.expose())).map(Secret::new).collect();
        all.extend(encoded);
        // Each call makes one of its own: it is to be built fast, too.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let search = AhoCorasick::builder().kind(kind).build(all.iter().map(Secret::expose)).ok();
        Self { all, search }
    }

    /// Where the first of them begins in a text.
    #[cfg(feature = "cli")]
    pub(crate) fn first_in(&self, text: &str) -> Option<usize> {
        self.spans(text).first().map(|span| span.start)
    }

    /// The text without them.
    pub(crate) fn take_out_of(&self, text: String) -> String {
        let spans = self.spans(&text);
        if spans.is_empty() { text } else { replaced(&text, &spans) }
    }

    /// The reply without them.
    pub(crate) fn clean(&self, mut reply: Reply) -> Reply {
        let text = self.take_out_of(reply.text.to_string());
        if text != *reply.text {
            reply.text = text.into();
        }
        if let Some(structured) = &mut reply.structured {
            self.clean_value(structured);
        }
        reply.served = reply.served.map(|model| self.take_out_of(model));
        reply.warnings = reply.warnings.into_iter().map(|text| self.take_out_of(text)).collect();
        reply
    }

    /// The failure without them.
    pub(crate) fn clean_failure(&self, mut failure: CallFailure) -> CallFailure {
        failure.message = self.take_out_of(failure.message);
        failure.partial = failure.partial.map(|partial| self.take_out_of(partial));
        failure
    }

    fn clean_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.take_out_of(std::mem::take(text)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_value(item)),
            Value::Object(members) => {
                let cleaned = std::mem::take(members).into_iter().map(|(name, mut value)| {
                    self.clean_value(&mut value);
                    (self.take_out_of(name), value)
                });
                *members = cleaned.collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Where they stand in a text, in order; what overlaps is one.
    pub(super) fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut found: Vec<_> = match &self.search {
            Some(search) => search.find_overlapping_iter(text).map(|hit| hit.range()).collect(),
            None if self.all.is_empty() => Vec::new(),
            // What cannot be searched is not shown.
            None => std::iter::once(0..text.len()).collect(),
        };
        found.sort_by_key(|span| span.start);
        let mut merged: Vec<Range<usize>> = Vec::new();
        for span in found {
            match merged.last_mut() {
                Some(last) if span.start < last.end => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
        }
        merged
    }

    /// Where the longest end of a text begins with which one of them may begin.
    fn beginning(&self, text: &str) -> usize {
        let longest = self.values().map(str::len).max().unwrap_or(0);
        let first = text.len().saturating_sub(longest.saturating_sub(1));
        let starts = (first..text.len()).filter(|at| text.is_char_boundary(*at));
        let may_begin = |at: &usize| {
            let end = &text[*at..];
            self.values().any(|secret| secret.len() > end.len() && secret.starts_with(end))
        };
        starts.into_iter().find(may_begin).unwrap_or(text.len())
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Secret::expose)
    }
}

/// The text with `[secret]` in the place of each span.
fn replaced(text: &str, spans: &[Range<usize>]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        clean.push_str(&text[from..span.start]);
        clean.push_str("[secret]");
        from = span.end;
    }
    clean + &text[from..]
}

/// Takes secrets out of a text that comes in pieces, however they are cut.
pub(super) struct Redactor<'a> {
    secrets: &'a Secrets,
    /// The end of what came, with which a secret may begin.
    held: String,
}

impl<'a> Redactor<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, held: String::new() }
    }

    /// Takes a piece in, and returns what can be shown.
    pub(super) fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let spans = self.secrets.spans(&self.held);
        let mut end = self.secrets.beginning(&self.held);
        // What overlaps with something that may begin is not over yet.
        end = spans.iter().find(|span| span.contains(&end)).map_or(end, |span| span.start);
        let rest = self.held.split_off(end);
        let whole = std::mem::replace(&mut self.held, rest);
        self.secrets.take_out_of(whole)
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self) -> String {
        self.secrets.take_out_of(std::mem::take(&mut self.held))
    }
}

fn stored(host: &Host) -> Vec<Secret> {
    let mut all = Vec::new();
    for text in host.logins.values().flatten().filter_map(|file| file.contents.as_deref()) {
        if let Ok(document) = serde_json::from_str(text) {
            collect(&document, false, &mut all);
        }
    }
    all
}

/// Every value whose name, or that of something around it, says that it is a token, a key or a secret.
fn collect(value: &Value, named: bool, all: &mut Vec<Secret>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.to_lowercase();
                let says = ["token", "key", "secret"].iter().any(|word| name.contains(word));
                collect(value, named || says, all);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, named, all)),
        Value::String(text) if named && text.len() >= TOKEN_BYTES => all.push(Secret::new(text.as_str())),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_of_a_login_are_known_by_their_names() {
        let document = serde_json::json!({
            "claudeAiOauth": { "accessToken": "hidden-access-1", "scopes": ["user:inference"], "expiresAt": 1 },
            "tokens": { "account": "hidden-account-1" }, "email": "somebody@example.org", "OPENAI_API_KEY": "short",
        });
        let mut all = Vec::new();
        collect(&document, false, &mut all);
        let said = "hidden-access-1 hidden-account-1 user:inference somebody@example.org short".to_owned();
        let clean = Secrets::of(all.into_iter()).take_out_of(said);
        assert_eq!(clean, "[secret] [secret] user:inference somebody@example.org short");
    }
    fn secrets(values: &[&str]) -> Secrets {
        Secrets::of(values.iter().map(|value| Secret::new(*value)))
    }

    fn in_pieces<'a>(secrets: &Secrets, pieces: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut redactor = Redactor::new(secrets);
        let mut shown: Vec<_> = pieces.into_iter().map(|piece| redactor.push(piece)).collect();
        shown.push(redactor.finish());
        shown
    }

    #[test]
    fn secrets_that_overlap_leave_nothing_of_each_other() {
        let all = secrets(&["abcXYZ", "XYZdef", "abcXYZdefg", "aabaab"]);
        assert_eq!(
            all.take_out_of("-abcXYZdef-abcXYZdefg-XYZdefabcXYZ-aabaabaab-".to_owned()),
            "-[secret]-[secret]-[secret][secret]-[secret]-"
        );
        assert_eq!(secrets(&["short", ""]).take_out_of("short words".to_owned()), "short words");
    }

    #[test]
    fn every_line_of_a_secret_with_lines_is_one() {
        let all = secrets(&["-----BEGIN KEY-----\nMIIEvQIBADANBg\nx\n-----END KEY-----"]);
        assert_eq!(all.take_out_of("so: MIIEvQIBADANBg, x".to_owned()), "so: [secret], x");
        let whole = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nx\n-----END KEY-----";
        assert_eq!(all.take_out_of(whole.to_owned()), "[secret]");
    }

    #[test]
    fn structured_replies_hold_none_either() {
        let structured = Some(serde_json::json!({ "hunter2-hunter2": ["so: hunter2-hunter2", 1] }));
        let reply = Reply { structured, served: Some("hunter2-hunter2".to_owned()), ..Reply::default() };
        let clean = secrets(&["hunter2-hunter2"]).clean(reply);
        assert_eq!(clean.structured, Some(serde_json::json!({ "[secret]": ["so: [secret]", 1] })));
        assert_eq!(clean.served.as_deref(), Some("[secret]"));
    }

    #[test]
    fn a_secret_is_found_at_every_split_in_three() {
        let all = secrets(&["sk-ant-ä-0123", "sk-ant-9", "0123-more-of-it"]);
        let text = "so sk-ant-9 and sk-ant-ä-0123-more-of-it, not sk-ant-ä-01 or sk-an";
        let whole = all.take_out_of(text.to_owned());
        let cuts: Vec<_> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for &first in &cuts {
            for &second in cuts.iter().filter(|second| **second >= first) {
                let shown = in_pieces(&all, [&text[..first], &text[first..second], &text[second..]]);
                assert_eq!(shown.concat(), whole, "{first} {second}");
            }
        }
    }

    #[test]
    fn what_may_begin_a_secret_is_held_back_and_comes_at_the_end() {
        let shown = in_pieces(&secrets(&["hunter2-hunter2"]), ["I know hun", "ter2-", "no, hunte"]);
        assert_eq!(shown, ["I know ", "", "hunter2-no, ", "hunte"]);
    }

    proptest! {
        #[test]
        fn however_a_text_is_cut_it_comes_out_as_the_whole_does(
            values in prop::collection::vec("[abé]{6,9}", 1..4),
            words in prop::collection::vec((any::<prop::sample::Index>(), "[abé ]{0,3}"), 0..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
        ) {
            let all = secrets(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let text: String = words.iter().map(|(which, gap)| format!("{}{gap}", which.get(&values))).collect();
            let letters: Vec<char> = text.chars().collect();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(letters.len() + 1)).collect();
            cuts.extend([0, letters.len()]);
            cuts.sort_unstable();
            let pieces: Vec<String> = cuts.windows(2).map(|cut| letters[cut[0]..cut[1]].iter().collect()).collect();
            let shown = in_pieces(&all, pieces.iter().map(String::as_str)).concat();
            prop_assert_eq!(&shown, &all.take_out_of(text));
            prop_assert!(values.iter().all(|value| !shown.contains(value.as_str())));
        }
    }
}
