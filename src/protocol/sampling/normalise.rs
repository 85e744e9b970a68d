//! What makes two answers the same: each is brought to a form, and equal forms are one answer.

use crate::protocol::parse::lenient_json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// How an answer is brought to its form. The answer that is returned is always the original text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Normaliser {
    /// White space at the ends is dropped, every other run of it is one space.
    #[default]
    Whitespace,
    /// The same, and upper and lower case are one.
    Casefold,
    /// The JSON in the answer, whatever stands around it: the order of keys and the spelling of
    /// numbers do not matter. An answer without JSON counts by its white space.
    Json,
    /// The last number in the answer: `1,234.50`, `$1234.5` and `= 1234.5` are one. An answer without a
    /// number counts by its white space.
    Number,
    /// The option that the answer names: `B`, `(b)`, `The answer is **B**.` are one. An answer that
    /// names none counts as under [`Casefold`](Self::Casefold), punctuation at its ends dropped.
    Choice,
}

impl Normaliser {
    /// All of them, by name.
    pub const WORDS: [(&str, Self); 5] = [
        ("whitespace", Self::Whitespace),
        ("casefold", Self::Casefold),
        ("json", Self::Json),
        ("number", Self::Number),
        ("choice", Self::Choice),
    ];

    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, normaliser)| *normaliser == self).map_or("", |(word, _)| *word)
    }

    /// The form of an answer.
    ///
    /// ```
    /// # use refinery_core::protocol::sampling::Normaliser;
    /// assert_eq!(Normaliser::Number.form("It is **1,200**."), Normaliser::Number.form("1200.0"));
    /// assert_ne!(Normaliser::Whitespace.form("yes"), Normaliser::Whitespace.form("Yes"));
    /// ```
    #[must_use]
    pub fn form(self, text: &str) -> Arc<str> {
        match self {
            Self::Whitespace => folded(text).into(),
            Self::Casefold => lower(&folded(text)).into(),
            Self::Json => json(text).unwrap_or_else(|| folded(text)).into(),
            Self::Number => number(text).unwrap_or_else(|| folded(text)).into(),
            Self::Choice => choice(text).into(),
        }
    }
}

/// White space as the seed's `\s` sees it, which counts four separators that Unicode does not.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

fn folded(text: &str) -> String {
    text.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// By way of upper case, so that `ß` and `SS` are one, and both kinds of small sigma.
fn lower(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

fn json(text: &str) -> Option<String> {
    let scalar = || crate::json::read(text.trim());
    let value = lenient_json(text).ok().or_else(scalar)?;
    let mut canonical = String::new();
    write_canonical(&value, &mut canonical);
    Some(canonical)
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort();
            out.push('{');
            for key in keys {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(&entries[key], out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        // Beyond 2^53 a float would make different whole numbers one.
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&float.to_string()),
            _ => out.push_str(&number.to_string()),
        },
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

/// The last number in a text, in one spelling.
fn number(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut last = None;
    let mut at = 0;
    while at < bytes.len() {
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        if !(digit(at) || (bytes[at] == b'.' && digit(at + 1))) {
            at += 1;
            continue;
        }
        let start = at;
        let mut literal = String::new();
        while digit(at) {
            literal.push(char::from(bytes[at]));
            at += 1;
            // A comma between thousands: three digits follow, and no fourth.
            let thousands = bytes.get(at) == Some(&b',') && (1..=3).all(|next| digit(at + next)) && !digit(at + 4);
            if thousands && !literal.is_empty() {
                at += 1;
            }
        }
        if bytes.get(at) == Some(&b'.') && digit(at + 1) {
            literal.push('.');
            at += 1;
            while digit(at) {
                literal.push(char::from(bytes[at]));
                at += 1;
            }
        }
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if matches!(bytes.get(at), Some(b'e' | b'E')) && digit(at + 1 + sign) {
            literal.push('e');
            literal.push_str(&text[at + 1..at + 1 + sign]);
            at += 1 + sign;
            while digit(at) {
                literal.push(char::from(bytes[at]));
                at += 1;
            }
        }
        if is_negative(&text[..start]) {
            literal.insert(0, '-');
        }
        last = Some(spelled(&literal));
    }
    last
}

/// Whether a sign stands right before, one that is no hyphen or dash between words or numbers.
fn is_negative(before: &str) -> bool {
    let before = before.strip_suffix(['$', '€', '£']).unwrap_or(before);
    let Some(before) = before.strip_suffix(['-', '\u{2212}']) else { return false };
    before.chars().next_back().is_none_or(|letter| !(letter.is_alphanumeric() || letter == ')'))
}

/// One spelling for numbers that are equal: no zeros that say nothing. Whole numbers of any length
/// stay exact.
fn spelled(literal: &str) -> String {
    if literal.contains('e') {
        return match literal.parse::<f64>() {
            Ok(float) if float.is_finite() => (float + 0.0).to_string(),
            _ => literal.to_owned(),
        };
    }
    let (sign, digits) = literal.strip_prefix('-').map_or(("", literal), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && part.is_empty() { "" } else { sign };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// The option that an answer names.
fn choice(text: &str) -> String {
    let whole = lower(bare(&folded(text)));
    if is_option(&whole) {
        return whole;
    }
    named(text).or_else(|| bracketed(text)).unwrap_or(whole)
}

/// Without marks and punctuation at its ends.
fn bare(text: &str) -> &str {
    text.trim_matches(|letter: char| !letter.is_alphanumeric())
}

fn is_option(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        || matches!(word, "yes" | "no" | "true" | "false")
}

/// What stands last after a word that announces it: `the answer is (B)`, `Option: C`.
fn named(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let announces = |word: &str| matches!(lower(bare(word)).as_str(), "answer" | "choice" | "option");
    let mut found = None;
    for place in (0..words.len()).filter(|place| announces(words[*place])) {
        let mut rest = words[place + 1..].iter().copied();
        let between = |word: &&str| {
            matches!(lower(bare(word)).as_str(), "is" | "would" | "be" | "must" | "should" | "option" | "choice" | "")
        };
        // `a` is an article more often than an option, unless it is marked as one.
        let option = rest.find(|word| !between(word)).filter(|word| *word != "a");
        found = option.map(|word| lower(bare(word))).filter(|word| is_option(word)).or(found);
    }
    found
}

/// A single letter that stands last in brackets or bold: `(B)`, `[B]`, `**B**`, `**B)**`.
fn bracketed(text: &str) -> Option<String> {
    let words = text.split(is_space).filter(|word| word.starts_with(['(', '[', '*']));
    words.map(|word| lower(bare(word))).rfind(|word| word.len() == 1 && is_option(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(normaliser: Normaliser, texts: &[&str]) {
        let forms: Vec<_> = texts.iter().map(|text| normaliser.form(text)).collect();
        assert!(forms.windows(2).all(|pair| pair[0] == pair[1]), "{normaliser:?}: {texts:?} are {forms:?}");
    }

    fn apart(normaliser: Normaliser, one: &str, other: &str) {
        assert_ne!(normaliser.form(one), normaliser.form(other), "{normaliser:?}");
    }

    #[test]
    fn case_is_folded_as_far_as_letters_go() {
        same(Normaliser::Casefold, &["Straße  A", "STRASSE a", " strasse\ta "]);
        same(Normaliser::Casefold, &["ΣΑΣ", "σας", "σασ"]);
        apart(Normaliser::Casefold, "a.", "a");
    }

    #[test]
    fn json_is_compared_by_what_it_says() {
        same(Normaliser::Json, &[r#"{"a": 1, "b": [2.0, "x"]}"#, "Here:\n```json\n{\"b\":[2.0,\"x\"],\"a\":1}\n```"]);
        same(Normaliser::Json, &["true", " true\n"]);
        same(Normaliser::Json, &["no  json", "no json"]);
        apart(Normaliser::Json, "[1,2]", "[2,1]");
        apart(Normaliser::Json, "[9007199254740993]", "[9007199254740992]");
    }

    #[test]
    fn the_last_number_counts() {
        same(Normaliser::Number, &["42", "The answer is 42.", "6 * 7 = **42.0**", "#### 0042", "4.2e1", "$42"]);
        same(Normaliser::Number, &["1,234,567.50", "1234567.5", "about 1234567.500 euros"]);
        same(Normaliser::Number, &["-3", "it is −3", "x = -3.0", "-$3"]);
        same(Normaliser::Number, &["1-3", "from 1 to 3", "gpt-3"]);
        same(Normaliser::Number, &[".5", "0.5", "0.50"]);
        same(Normaliser::Number, &["-0", "0", "0.0"]);
        same(Normaliser::Number, &["none", " none "]);
        same(Normaliser::Number, &["1, 2, 3", "3"]);
        apart(Normaliser::Number, "1,2345", "12345");
        apart(Normaliser::Number, "123456789012345678901", "123456789012345678902");
    }

    #[test]
    fn an_option_is_found_however_it_is_dressed() {
        same(
            Normaliser::Choice,
            &[
                "B",
                " (b) ",
                "**B.**",
                "The answer is **B**.",
                "A is wrong because of C. Answer: B",
                "I weighed (A) and (C); the best is (B)",
                "Final answer:\n\nB)",
                "So the answer is option B, since a pipe fills.",
            ],
        );
        same(Normaliser::Choice, &["Yes.", "yes", "The answer is: yes"]);
        same(Normaliser::Choice, &["Neither of them.", "neither of them"]);
        apart(Normaliser::Choice, "The answer is a matter of taste", "A");
    }

    proptest! {
        #[test]
        fn any_text_has_a_form_and_white_space_around_it_never_matters(text in "[a-zA-Z0-9 .,()*$−é\\-\n{}\\[\\]\":]{0,40}") {
            for (_, normaliser) in Normaliser::WORDS {
                prop_assert_eq!(normaliser.form(&text), normaliser.form(&format!("\n {text}\t ")));
            }
        }

        #[test]
        fn a_number_is_found_in_any_sentence(value in -1_000_000i64..1_000_000) {
            let sentence = format!("After 12 steps we find x = {value}. Done");
            prop_assert_eq!(Normaliser::Number.form(&sentence), Normaliser::Number.form(&value.to_string()));
        }
    }
}
