//! JSON as programs really write it. Two things that serde refuses are read all the same, since a whole
//! paid reply would be lost with them: half a surrogate pair, and numbers that are not finite.

use serde_json::Value;
use std::borrow::Cow;

/// Reads a document. Half a surrogate pair (`\ud83d`) becomes U+FFFD; a number that serde has no place for
/// (`NaN`, `-Infinity`, `1e999`) becomes a string of the same letters. `None` if it is no JSON even so.
pub(crate) fn read(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&repaired(text)?).ok())
}

/// Reads a line of a program that takes its standard output for a terminal: a byte order mark, a title and colours
/// are passed over.
pub(crate) fn read_line(line: &str) -> Option<Value> {
    read(line).or_else(|| line.contains(['\u{1b}', MARK]).then(|| read(bare(line).trim_start_matches(MARK)))?)
}

/// The byte order mark.
const MARK: char = '\u{feff}';

/// How many blocks that are no JSON are tried to be repaired: the search stays linear.
const REPAIRS: usize = 64;

/// The outermost JSON objects of a text, whatever stands around them. Behind one that has no end there are none: a
/// piece of a document is not the whole.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    let text = bare(text.trim_end());
    let mut found = Vec::new();
    let (mut from, mut repairs) = (0, 0);
    while let Some(at) = text[from..].find('{').map(|at| from + at) {
        let rest = &text[at..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let error = match stream.next() {
            Some(Ok(value)) => {
                found.push(value);
                from = at + stream.byte_offset();
                continue;
            }
            Some(Err(error)) if error.is_eof() => break,
            Some(Err(error)) => error,
            None => break,
        };
        repairs += 1;
        let repaired = if repairs <= REPAIRS { balanced(rest) } else { None };
        from = at
            + match repaired.and_then(|length| Some((read(&rest[..length])?, length))) {
                Some((value, length)) => {
                    found.push(value);
                    length
                }
                // What was read up to there are pieces of a broken document.
                None => place(rest, &error).max(1),
            };
    }
    found
}

/// Where in a text an error is, at a boundary of characters.
fn place(text: &str, error: &serde_json::Error) -> usize {
    let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let place = line + error.column().saturating_sub(1);
    (0..=place.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// The length of the balanced block that a text begins with; nothing if it never closes. Both kinds of
/// bracket share one depth, and brackets within strings do not count.
pub(crate) fn balanced(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string && depth == 1 => return Some(at + 1),
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text without what a terminal would obey: titles (OSC and its like) and colours (CSI).
fn bare(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text.into();
    }
    let mut parts = text.split('\u{1b}');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = match part.bytes().next() {
            Some(b'[') => part[1..].find(|c| ('@'..='~').contains(&c)).map_or("", |end| &part[end + 2..]),
            // Ends with a bell, or with `ESC \`, which is the next part.
            Some(b']' | b'P' | b'^' | b'_' | b'X') => match part.find(['\u{7}', '\n']) {
                Some(end) => &part[end + 1..],
                None => "",
            },
            Some(b'(' | b')' | b'#' | b'%') => part.get(2..).unwrap_or_default(),
            _ => part.char_indices().nth(1).map_or("", |(next, _)| &part[next..]),
        };
        out.push_str(rest);
    }
    out.into()
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

    #[test]
    fn objects_are_found_in_whatever_stands_around_them() {
        let document = r#"{"a":{"b":"\u007b }"},"c":[{"d":1}]}"#;
        let value = json!({ "a": { "b": "{ }" }, "c": [{ "d": 1 }] });
        for (before, after) in [
            ("", ""),
            ("\u{feff}", "\n"),
            ("\u{1b}]0;a { title\u{7}", "\u{1b}[0m"),
            ("\u{1b}]0;a { title\u{1b}\\\u{1b}[?25l", "\u{1b}[?25h\u{1b}]0;\u{7}"),
            ("\u{1b}[1;32m", "\u{1b}[0m\ntelemetry sent\n"),
            ("note { not: json }\nand { an open one\nit's 5\" wide\n", "\n} the end"),
            ("[INFO] ", " 12 ms"),
        ] {
            assert_eq!(objects(&format!("{before}{document}{after}")), vec![value.clone()], "{before:?} {after:?}");
        }
        let coloured = document.replace('{', "\u{1b}[33m{\u{1b}[39m");
        assert_eq!(objects(&coloured), [value]);
        assert_eq!(objects("{\"a\":1}\n{\"a\":2}"), [json!({ "a": 1 }), json!({ "a": 2 })]);
        assert_eq!(objects("x {\"a\":\"\\ud83d\",\"b\":NaN} y"), [json!({ "a": "\u{fffd}", "b": "NaN" })]);
        for cut in [":", ":\"x", ":\"x\n", ":\"x\nKilled: 9\n", ":tru\nKilled"] {
            assert!(
                objects(&format!("{{\"a\":{{\"b\":1}},\"c\":{{\"b\"{cut}")).is_empty(),
                "{cut}: a piece is not the whole"
            );
        }
        let noise = "{ a: 1 }\n".repeat(10_000);
        assert_eq!(objects(&format!("{noise}{{\"é\":1}}{noise}")), [json!({ "é": 1 })]);
        assert!(objects(&"{".repeat(100_000)).is_empty());
    }

    #[test]
    fn a_line_for_a_terminal_is_a_line() {
        for line in ["{\"a\":1}", "\u{feff}{\"a\":1}", "\u{1b}]0;t\u{7}{\"a\":1}\u{1b}[0m"] {
            assert_eq!(read_line(line), Some(json!({ "a": 1 })), "{line:?}");
        }
        assert_eq!(read_line("note {\"a\":1}"), None);
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
        fn no_text_panics(text in ".*", json in "[\\\\ud8ce0\"{}:,NaIinfty+.é\u{1b}\u{7}\\]\\[-]{0,24}") {
            let _ = (read(&text), read(&json), objects(&text), objects(&json), bare(&text));
        }
    }
}
