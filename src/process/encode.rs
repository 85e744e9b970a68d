//! From the pieces of a prompt to the bytes on a child's standard input, chunk by chunk.

use crate::invocation::Piece;
use std::collections::VecDeque;

/// Most bytes of a piece that are looked at in one go.
const CHUNK: usize = 16 * 1024;

/// A queue of pieces that is read as bytes. Escapes are made chunk by chunk, so that a prompt of
/// many megabytes is never copied as a whole.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    pieces: VecDeque<Piece>,
    /// Bytes of the first piece that are done.
    at: usize,
    escaped: String,
    /// Bytes of `escaped` that are done.
    sent: usize,
}

impl Encoder {
    /// Adds pieces at the end.
    pub(super) fn extend(&mut self, pieces: impl IntoIterator<Item = Piece>) {
        self.pieces.extend(pieces);
    }

    /// The next bytes to write; empty when nothing is left.
    pub(super) fn chunk(&mut self) -> &[u8] {
        while self.sent == self.escaped.len() {
            self.escaped.clear();
            self.sent = 0;
            match self.pieces.front() {
                None => return &[],
                Some(Piece::Raw(text)) if self.at < text.len() => break,
                Some(Piece::JsonEscaped(text)) if self.at < text.len() => {
                    let end = boundary(text, self.at + CHUNK);
                    escape(&text[self.at..end], &mut self.escaped);
                    self.at = end;
                }
                Some(Piece::Raw(_) | Piece::JsonEscaped(_)) => {
                    self.pieces.pop_front();
                    self.at = 0;
                }
            }
        }
        match self.pieces.front() {
            Some(Piece::Raw(text)) if self.escaped.is_empty() => {
                &text.as_bytes()[self.at..text.len().min(self.at + CHUNK)]
            }
            _ => &self.escaped.as_bytes()[self.sent..],
        }
    }

    /// Notes that the first `count` bytes of the last chunk were written.
    pub(super) fn advance(&mut self, count: usize) {
        if self.escaped.is_empty() { self.at += count } else { self.sent += count }
    }
}

/// The last character boundary at or before `end`.
fn boundary(text: &str, end: usize) -> usize {
    (0..=end.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Appends `text` as the inside of a JSON string.
fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut plain = 0;
    for (at, char) in text.char_indices() {
        let short = match char {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            // Legal in JSON, but node's readline takes both for line ends.
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            '\0'..='\u{1f}' => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        plain = at + char.len_utf8();
        if short.is_empty() {
            let code = char as usize;
            out.push_str("\\u00");
            out.push(char::from(HEX[code >> 4]));
            out.push(char::from(HEX[code & 15]));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(&text[plain..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads everything out, `step` bytes at a time.
    fn encode(pieces: Vec<Piece>, step: usize) -> String {
        let mut encoder = Encoder::default();
        encoder.extend(pieces);
        let mut bytes = Vec::new();
        loop {
            let chunk = encoder.chunk();
            if chunk.is_empty() {
                return String::from_utf8(bytes).unwrap();
            }
            let count = chunk.len().min(step);
            bytes.extend_from_slice(&chunk[..count]);
            encoder.advance(count);
        }
    }

    #[test]
    fn pieces_follow_each_other_with_nothing_between() {
        let pieces = vec![
            Piece::Raw("{\"text\":\"".into()),
            Piece::Raw("".into()),
            Piece::JsonEscaped("a\"b\\c\nd\u{1}\u{2028}é🦀".into()),
            Piece::JsonEscaped("".into()),
            Piece::Raw("\"}\n".into()),
        ];
        for step in [1, 2, 3, 1000] {
            assert_eq!(
                encode(pieces.clone(), step),
                "{\"text\":\"a\\\"b\\\\c\\nd\\u0001\\u2028é🦀\"}\n",
                "{step} bytes at a time"
            );
        }
    }

    #[test]
    fn characters_that_straddle_a_chunk_stay_whole() {
        for shift in 0..4 {
            let text = "x".repeat(CHUNK - shift) + &"🦀\"".repeat(CHUNK);
            let json = format!("\"{}\"", encode(vec![Piece::JsonEscaped(text.as_str().into())], 4093));
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn memory_stays_small() {
        let mut encoder = Encoder::default();
        encoder.extend([Piece::JsonEscaped("\u{1}".repeat(1 << 20).into())]);
        let mut longest = 0;
        loop {
            let count = encoder.chunk().len();
            if count == 0 {
                break;
            }
            longest = longest.max(count);
            encoder.advance(count);
        }
        assert!(longest <= 6 * CHUNK);
    }

    proptest! {
        #[test]
        fn escaped_text_is_read_back(text in any::<String>(), step in 1usize..9) {
            let json = format!("\"{}\"", encode(vec![Piece::JsonEscaped(text.as_str().into())], step));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
