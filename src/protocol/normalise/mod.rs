//! What makes two answers the same: each is brought to a form, and equal forms are one answer.

mod choice;
mod clause;
mod number;
mod plain;
mod unit;

use crate::protocol::parse::lenient_json;
use crate::value::Word;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

/// How an answer is brought to its form. The answer that is returned is always the original text.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    IntoStaticStr,
    VariantNames,
    EnumString,
    VariantArray,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
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
    /// The number that the answer comes to: `1,234.50`, `1.234,5` and `= 1234.5` are one, and so are `50%`, `1/2`
    /// and `0.5`. A unit counts, a currency does not: `5 km` is neither `5` nor `5 m`. A time, a date or a version is the
    /// same only as itself. An answer without a number, or with several of which none can be told to be the answer, counts
    /// by its white space.
    Number,
    /// The option that the answer names: `B`, `(b)`, `B) Paris`, `The answer is **B**.` are one. An answer that
    /// names none counts as under [`Casefold`](Self::Casefold), punctuation at its ends dropped.
    Choice,
}

impl Word for Normaliser {}

impl Normaliser {
    /// The name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
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
            Self::Number => number::number(text).unwrap_or_else(|| folded(text)).into(),
            Self::Choice => choice::choice(text).into(),
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
    fn the_number_that_an_answer_comes_to_counts() {
        same(Normaliser::Number, &["42", "The answer is 42.", "6 * 7 = **42.0**", "#### 0042", "4.2e1", "$42"]);
        same(Normaliser::Number, &["1,234,567.50", "1234567.5", "about 1234567.500 euros"]);
        same(Normaliser::Number, &["-3", "it is −3", "x = -3.0", "-$3"]);
        same(Normaliser::Number, &["50%", "0.5", "1/2", "\\frac{1}{2}", "50 %", "\\boxed{50\\%}", "５０％"]);
        same(Normaliser::Number, &["1.234,56 €", "1234.56", "1,234.56", "1 234,56", "1'234.56"]);
        same(Normaliser::Number, &["1 234", "1\u{a0}234", "1\u{202f}234", "1’234", "1234", "1,234"]);
        same(Normaliser::Number, &["10^3", "10^{3}", "10³", "1000", "1e3", "1 × 10^3"]);
        same(Normaliser::Number, &["42. (Confidence: 90%)", "42 (see step 3)", "42\nConfidence: 90%", "42"]);
        same(
            Normaliser::Number,
            &["Die Antwort ist 42, siehe Schritt 3.", "La réponse est 42.", "La respuesta es: 42", "答案是 42", "42"],
        );
        same(Normaliser::Number, &["3,14", "3.14"]);
        same(Normaliser::Number, &["v1.2.3", "1.2.3"]);
        same(Normaliser::Number, &[".5", "0.5", "0.50"]);
        same(Normaliser::Number, &["-0", "0", "0.0"]);
        same(Normaliser::Number, &["none", " none "]);
        same(Normaliser::Number, &["25%", "25 percent", "25 Prozent", "1/4", "¼", "\\dfrac14", "0,25"]);
        same(Normaliser::Number, &["2½", "2 1/2", "2.5", "5/2"]);
        same(Normaliser::Number, &["1 million", "1,000,000", "1.000.000", "1_000_000", "10^6"]);
        same(Normaliser::Number, &["1.5 × 10⁻³", "1.5e-3", "0.0015", "1.5 \\times 10^{-3}"]);
        same(
            Normaliser::Number,
            &["42 km", "42km", "42 kilometers", "\\boxed{\\text{42 km}}", "The 2 towns: the way is 42 km."],
        );
        same(Normaliser::Number, &["–5", "minus 5", "(-5)", "-5"]);
        same(
            Normaliser::Number,
            &["٤٢", "４２", "\\(42\\)", "42 [1]", "42 — 95% confident", "42. I am 90% sure.", "42!"],
        );
        same(
            Normaliser::Number,
            &["Each costs $2, so 5 of them cost $10.", "5 apples: 5 * 2 = 10", "So **10** for the 5.", "10"],
        );
        apart(Normaliser::Number, "1,2345", "12345");
        apart(Normaliser::Number, "123456789012345678901", "123456789012345678902");
    }

    /// What differs in one place only is two answers, whichever number stands last.
    #[test]
    fn answers_of_several_numbers_are_never_merged_by_one_of_them() {
        for group in [
            "3,14|2,14|7,14",
            "1.234,56 €|9.876,56 €",
            "3/4|1/4",
            "1/3|2/3",
            "10:30|22:30|10:30 am|10:30 pm|1030",
            "2026-11-30|2025-11-30|2026-11-03",
            "30.11.2026|29.11.2026",
            "11/30/2026|12/30/2026",
            "November 30, 2026|November 29, 2026|December 30, 2026",
            "30. November 2026|29. November 2026",
            "v1.2.3|v9.7.3|v1.2.3-rc1|v1.2.3-rc2",
            "1.10|1.9",
            "192.168.0.1|10.0.0.1",
            "1 234|5 234",
            "1\u{a0}234|5\u{a0}234",
            "1\u{202f}234|5\u{202f}234",
            "1'234|5'234",
            "\\frac{1}{2}|\\frac{3}{2}|\\frac{-1}{2}",
            "10^3|2^3|10^-3",
            "42. (Confidence: 90%)|17. (Confidence: 90%)",
            "42 (see step 3)|17 (see step 3)",
            "42 [1]|17 [1]",
            "42, with 90% confidence|17, with 90% confidence",
            "42. I am 90% sure.|17. I am 90% sure.",
            "I computed 42 in step 3.|I computed 17 in step 3.",
            "42 in 3 steps|17 in 3 steps",
            "5 km|5 miles|5 m|5 cm",
            "5 million|5 billion|5",
            "5%|5",
            "7 a.m.|7 p.m.",
            "12h30|13h30",
            "20°C|20°F",
            "5'6\"|6'6\"",
            "Q1 2026|Q2 2026",
            "10 hours 30 minutes|11 hours 30 minutes",
            "5 ± 1|9 ± 1",
            "> 5|< 5|5",
            "between 1 and 5|between 2 and 5",
            "1–5|2–5",
            "3 out of 5|2 out of 5",
            "(1, 2)|(3, 2)",
            "x = 1, y = 2|x = 3, y = 2",
            "3+4i|5+4i",
            "1/2 + 1/3|5/2 + 1/3",
            "2x|2y|3x",
            "x^2|y^2",
            "\\sqrt{2}|2|\\sqrt{3}",
            "2\\pi|3\\pi|2",
            "log2(8)|log3(8)",
            "AB-123|CD-123",
            "2 1/2|3 1/2",
            "1e-3|1e3",
            "-5|5",
            "1.5|15",
            "1,234 items on 5 shelves|9,234 items on 5 shelves",
            "The answer is 1 to 3|The answer is 1",
        ] {
            let texts: Vec<_> = group.split('|').collect();
            for (at, one) in texts.iter().enumerate() {
                texts[at + 1..].iter().for_each(|other| apart(Normaliser::Number, one, other));
            }
        }
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
        same(
            Normaliser::Choice,
            &[
                "B",
                "B) Paris",
                "B. Paris",
                "(B) Paris",
                "**B** – Paris",
                "\\boxed{B}",
                "\\boxed{\\text{B}}",
                "I choose B.",
                "**B**",
                "Die Antwort ist B.",
                "La réponse est B",
                "La respuesta es la opción B.",
                "答案是B",
                "答案：B。",
                "Ｂ",
                "A) no\nB) yes\n\nThe correct answer is: B) Paris",
                "B is correct.",
                "It's B.",
                "\\boxed{\\textbf{B}}",
                "Risposta: B",
                "Resposta: B",
                "Ответ: B",
                "答えはBです",
                "选B",
            ],
        );
        same(Normaliser::Choice, &["IV", "(iv)", "IV) Paris", "Option IV", "The answer is IV."]);
        same(Normaliser::Choice, &["Ja", "ja.", "Ja, das stimmt."]);
        same(Normaliser::Choice, &["はい", "はい、そうです。"]);
        for group in [
            "The answer is A and C.|The answer is A and B.|A",
            "(A) and (C)|(A) and (B)|A",
            "A or B|A|B",
            "B+|B-|B",
            "C++|C#|C",
            "-1|1",
            "A. M. Turing|A",
            "(B) is wrong|B",
            "All of (A), (B)|B",
            "Neither A nor B|A|B",
            "Both A and B|B",
            "IV|I|V",
            "Not B.|B",
            "A, C|A|C",
            "1.5|1",
            "No one knows|No",
            "Ja|Nein",
        ] {
            let texts: Vec<_> = group.split('|').collect();
            for (at, one) in texts.iter().enumerate() {
                texts[at + 1..].iter().for_each(|other| apart(Normaliser::Choice, one, other));
            }
        }
        same(Normaliser::Choice, &["Yes.", "yes", "The answer is: yes", "Yes, it is permissive."]);
        apart(Normaliser::Choice, "A good answer is hard to find", "A");
        apart(Normaliser::Choice, "Yes and no", "yes");
        apart(Normaliser::Choice, "3.14", "3");
        same(Normaliser::Choice, &["Neither of them.", "neither of them"]);
        apart(Normaliser::Choice, "The answer is a matter of taste", "A");
    }

    proptest! {
        #[test]
        fn any_text_has_a_form_and_white_space_around_it_never_matters(text in "[a-zA-Z0-9 .,()*$−é\\-\n{}\\[\\]\":]{0,40}") {
            for normaliser in <Normaliser as VariantArray>::VARIANTS.iter().copied() {
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
