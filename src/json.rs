//! JSON as programs really write it. Two things that serde refuses are read all the same, since a whole
//! paid reply would be lost with them: half a surrogate pair, and numbers that are not finite.

use serde_json::Value;

/// Reads a document. Half a surrogate pair (`\ud83d`) becomes U+FFFD; a number that serde has no place for
/// (`NaN`, `-Infinity`, `1e999`) becomes a string of the same letters. `None` if it is no JSON even so.
pub(crate) fn read(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&repaired(text)?).ok())
}

/// The text with everything repaired that [`read`] names; `None` if there is nothing to repair.
fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut changed = false;
    let mut in_string = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, replacement) = match (in_string, first) {
            (true, '\\') => escape(rest),
            (false, '+' | '-' | '.' | '0'..='9' | 'a'..='z' | 'A'..='Z') => bare_word(rest),
            _ => {
                in_string ^= first == '"';
                (first.len_utf8(), None)
            }
        };
        let (token, after) = rest.split_at(taken);
        changed |= replacement.is_some();
        out.push_str(replacement.as_deref().unwrap_or(token));
        rest = after;
    }
    changed.then_some(out)
}

/// The length of the escape that a text begins with, and what stands for it if it is half a pair.
fn escape(text: &str) -> (usize, Option<String>) {
    let half = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    match (half(0), half(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, None),
        (Some(0xd800..=0xdfff), _) => (6, Some("\\ufffd".to_owned())),
        _ => (1 + text.chars().nth(1).map_or(0, char::len_utf8), None),
    }
}

/// The length of the bare word that a text begins with, and the string that stands for it if it is a number
/// of which serde knows nothing.
fn bare_word(text: &str) -> (usize, Option<String>) {
    let of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    let length = text.find(|c| !of_word(c)).unwrap_or(text.len());
    let word = &text[..length];
    let strange = serde_json::from_str::<Value>(word).is_err() && word.parse::<f64>().is_ok();
    (length, strange.then(|| format!("\"{word}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn half_a_pair_is_replaced_and_whole_ones_stay() {
        for (text, expected) in [
            (r#"{"a":"x\ud83dy"}"#, json!({ "a": "x\u{fffd}y" })),
            (r#"{"a":"\ud83d"}"#, json!({ "a": "\u{fffd}" })),
            (r#"{"a":"\uDE00x"}"#, json!({ "a": "\u{fffd}x" })),
            (r#"{"a":"\ud83d\ud83d\ude00\ude00"}"#, json!({ "a": "\u{fffd}😀\u{fffd}" })),
            (r#"{"\ud83d":"\ud83d\n"}"#, json!({ "\u{fffd}": "\u{fffd}\n" })),
            (r#"["\\ud83d","\ud83d\\ude00","é\ud83d\u00e9"]"#, json!(["\\ud83d", "\u{fffd}\\ude00", "é\u{fffd}é"])),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_become_words() {
        let text = r#"{"a":NaN,"b":[-Infinity,Infinity,1e999],"c":"NaN","d":-1.5e3,"e":true,"f":null}"#;
        let expected = json!({ "a": "NaN", "b": ["-Infinity", "Infinity", "1e999"], "c": "NaN", "d": -1500.0, "e": true, "f": null });
        assert_eq!(read(text), Some(expected));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in ["", "{", r#"{"a":"\ud83d"#, "nonsense", r#"{"a":\ud83d}"#, r#""\u12"#, "\\", "\"\\"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_with_any_escapes_is_read(units in prop::collection::vec(any::<u16>(), 0..12), text in "[a-z\\\\\"é]{0,6}") {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let document = format!("{{\"a\":{},\"b\":\"{escaped}\",\"c\":1}}", json!(text));
            let expected = json!({ "a": text, "b": String::from_utf16_lossy(&units), "c": 1 });
            prop_assert_eq!(read(&document), Some(expected));
        }

        #[test]
        fn no_text_panics(text in ".*", json in "[\\\\ud8ce0\"{}:,NaIinfty+.-]{0,24}") {
            let _ = (read(&text), read(&json));
        }
    }
}
