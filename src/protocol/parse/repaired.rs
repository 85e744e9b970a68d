//! JSON as models write it, made into JSON that a parser takes.

/// A block of near-JSON as strict JSON: comments and trailing commas go, raw control characters and
/// stray backslashes in strings are escaped. A block without an
/// end is closed behind its last complete member, so that a cut number is never taken for a whole one.
///
/// Nothing else is guessed: what is still no JSON after this is refused by the parser.
pub(super) fn repaired(block: &str) -> String {
    let mut repair = Repair { out: String::with_capacity(block.len()), open: Vec::new(), complete: None };
    let mut rest = block;
    while let Some(letter) = rest.chars().next() {
        let taken = match letter {
            '"' => repair.string(rest),
            '/' => comment(rest).unwrap_or_else(|| repair.plain(letter)),
            _ => repair.plain(letter),
        };
        rest = &rest[taken..];
    }
    repair.closed()
}

struct Repair {
    out: String,
    /// The brackets that are open, as what closes them.
    open: Vec<char>,
    /// Where the last complete member ends, with as many brackets open there.
    complete: Option<(usize, usize)>,
}

impl Repair {
    /// Takes one character outside strings; its length.
    fn plain(&mut self, letter: char) -> usize {
        match letter {
            '{' | '[' => self.open.push(if letter == '{' { '}' } else { ']' }),
            '}' | ']' => {
                self.drop_trailing_comma();
                self.open.pop();
            }
            ',' => self.complete = Some((self.out.len(), self.open.len())),
            _ => {}
        }
        self.out.push(letter);
        if matches!(letter, '}' | ']') {
            self.complete = Some((self.out.len(), self.open.len()));
        }
        letter.len_utf8()
    }

    /// Takes a string and its quotation marks; its length.
    fn string(&mut self, rest: &str) -> usize {
        self.out.push('"');
        let mut at = 1;
        while let Some(letter) = rest[at..].chars().next() {
            match letter {
                '"' => {
                    self.out.push('"');
                    return at + 1;
                }
                '\\' => {
                    let (escape, length) = escaped(&rest[at..]);
                    self.out.push_str(&escape);
                    at += length;
                }
                _ => {
                    match letter {
                        '\n' => self.out.push_str("\\n"),
                        '\t' => self.out.push_str("\\t"),
                        '\u{0}'..='\u{1f}' => self.out.push(' '),
                        _ => self.out.push(letter),
                    }
                    at += letter.len_utf8();
                }
            }
        }
        rest.len()
    }

    fn drop_trailing_comma(&mut self) {
        let kept = self.out.trim_end();
        if let Some(bare) = kept.strip_suffix(',') {
            self.out.truncate(bare.len());
        }
    }

    fn closed(mut self) -> String {
        if let (false, Some((end, depth))) = (self.open.is_empty(), self.complete) {
            self.out.truncate(end);
            self.out.extend(self.open.iter().take(depth).rev());
        }
        self.out
    }
}

/// The length of a comment that begins here, if one does.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    let body = rest.strip_prefix("/*")?;
    Some(body.find("*/").map_or(rest.len(), |end| end + 4))
}

/// An escape as strict JSON, and how many bytes it takes in the text.
fn escaped(rest: &str) -> (String, usize) {
    match rest[1..].chars().next() {
        // Half a surrogate pair is the parser's to mend.
        Some('u') if rest.get(2..6).is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) => {
            (rest[..6].to_owned(), 6)
        }
        Some(letter) if "\"\\/bfnrt".contains(letter) => (rest[..2].to_owned(), 2),
        // `\d` of a pattern, or `\'`: the backslash itself was meant.
        Some(_) => ("\\\\".to_owned(), 1),
        None => (String::new(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(block: &str) -> Option<Value> {
        crate::json::read(&repaired(block))
    }

    #[test]
    fn what_models_get_wrong_is_put_right() {
        assert_eq!(read("{\"a\": [1, 2,], }"), Some(json!({"a": [1, 2]})));
        assert_eq!(read("{\"a\": \"x\n\ty\"}"), Some(json!({"a": "x\n\ty"})));
        assert_eq!(read("{\"a\": 1, // why\n /* or */ \"b\": \"// no\"}"), Some(json!({"a": 1, "b": "// no"})));
        assert_eq!(read(r#"{"a": "\d \ud83d \ud83d\ude00 \udc00"}"#), Some(json!({"a": "\\d \u{fffd} 😀 \u{fffd}"})));
    }

    #[test]
    fn a_block_that_was_cut_keeps_what_is_complete() {
        assert_eq!(read(r#"{"score": 8, "strengths": ["a", "b"#), Some(json!({"score": 8, "strengths": ["a"]})));
        assert_eq!(read(r#"{"review": {"score": 8, "ra"#), Some(json!({"review": {"score": 8}})));
        assert_eq!(read(r#"{"rationale": "r", "score": 1"#), Some(json!({"rationale": "r"})), "1 may be a cut 10");
        assert_eq!(read(r#"{"score": 8"#), None);
        assert_eq!(read(r#"{"review": {"score": 8}"#), Some(json!({"review": {"score": 8}})));
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~é\n\t\\\\\"😀/*,]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z/\\\\\"]{0,4}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn strict_json_stays_what_it_is(value in json_value()) {
            prop_assert_eq!(read(&value.to_string()), Some(value));
        }

        #[test]
        fn any_text_is_taken_without_panic(block in "[\\[\\]{}\"\\\\/*,:ud8c0-9a\n é]{0,60}") {
            let _ = repaired(&block);
        }
    }
}
