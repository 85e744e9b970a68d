//! From chunks of bytes to bounded lines of text.

/// Splits a byte stream into lines. Never holds more than one line of at most `cap` bytes.
#[derive(Debug)]
pub(super) struct Splitter {
    cap: usize,
    text: String,
    /// The beginning of a character whose rest has not come yet: at most three bytes.
    partial: Vec<u8>,
    /// Whether the rest of a line that was cut is being thrown away.
    skipping: bool,
}

/// A line without its end, and whether it was cut at the cap.
pub(super) type CutLine = (String, bool);

impl Splitter {
    /// A splitter whose lines have at most `cap` bytes of text.
    pub(super) fn new(cap: usize) -> Self {
        Self { cap, text: String::new(), partial: Vec::new(), skipping: false }
    }

    /// The next line that ends, or outgrows the cap, within `bytes`; these are consumed as far as
    /// they were needed. Call it again until it returns nothing.
    pub(super) fn next_line(&mut self, bytes: &mut &[u8]) -> Option<CutLine> {
        while !bytes.is_empty() {
            let (segment, ended) = match bytes.iter().position(|byte| *byte == b'\n') {
                Some(end) => (&bytes[..end], true),
                None => (*bytes, false),
            };
            *bytes = &bytes[segment.len() + usize::from(ended)..];
            if self.skipping {
                self.skipping = !ended;
                continue;
            }
            if !self.append(segment) || (ended && !self.end_partial()) {
                self.skipping = !ended;
                return Some(self.take(true));
            }
            if ended {
                return Some(self.take(false));
            }
        }
        None
    }

    /// The last line, if the stream did not end with a line end.
    pub(super) fn last_line(&mut self) -> Option<CutLine> {
        let fits = self.end_partial();
        (!self.text.is_empty()).then(|| self.take(!fits))
    }

    /// Decodes bytes into the line; false if that outgrew the cap.
    fn append(&mut self, segment: &[u8]) -> bool {
        let joined;
        let segment = if self.partial.is_empty() {
            segment
        } else {
            joined = [self.partial.as_slice(), segment].concat();
            self.partial.clear();
            &joined
        };
        let mut chunks = segment.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            if !self.push(chunk.valid()) {
                return false;
            }
            let invalid = chunk.invalid();
            let unfinished =
                chunks.peek().is_none() && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if unfinished {
                self.partial.extend_from_slice(invalid);
            } else if !invalid.is_empty() && !self.push("\u{fffd}") {
                return false;
            }
        }
        true
    }

    /// A character whose rest never came becomes U+FFFD; false if that outgrew the cap.
    fn end_partial(&mut self) -> bool {
        let unfinished = !self.partial.is_empty();
        self.partial.clear();
        !unfinished || self.push("\u{fffd}")
    }

    /// Appends as much as fits, whole characters only; false if not all did.
    fn push(&mut self, text: &str) -> bool {
        let room = self.cap - self.text.len();
        let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let need = self.text.len() + end;
        if need > self.text.capacity() {
            // Doubling by hand: the string's own growth would go past the cap, to twice the memory.
            let grown = (self.text.capacity() * 2).clamp(need, self.cap.max(need));
            self.text.reserve_exact(grown - self.text.len());
        }
        self.text.push_str(&text[..end]);
        end == text.len()
    }

    fn take(&mut self, cut: bool) -> CutLine {
        self.partial.clear();
        let mut text = std::mem::take(&mut self.text);
        if !cut && text.ends_with('\r') {
            text.pop();
        }
        (text, cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All lines of `bytes`, which come `step` at a time.
    fn split(bytes: &[u8], step: usize, cap: usize) -> Vec<CutLine> {
        let mut splitter = Splitter::new(cap);
        let mut lines = Vec::new();
        for mut chunk in bytes.chunks(step) {
            while let Some(line) = splitter.next_line(&mut chunk) {
                lines.push(line);
            }
            assert!(splitter.text.capacity() <= cap.max(8));
        }
        lines.extend(splitter.last_line());
        lines
    }

    fn whole(lines: &[&str]) -> Vec<CutLine> {
        lines.iter().map(|line| ((*line).to_owned(), false)).collect()
    }

    #[test]
    fn ends_of_lines() {
        for step in 1..12 {
            assert_eq!(split(b"a\n\r\nb\r\n\nlast", step, 64), whole(&["a", "", "b", "", "last"]));
            assert_eq!(split(b"a\n", step, 64), whole(&["a"]));
            assert_eq!(split(b"in\rside\n", step, 64), whole(&["in\rside"]));
            assert_eq!(split(b"", step, 64), whole(&[]));
        }
    }

    #[test]
    fn characters_split_over_chunks_stay_whole() {
        for step in 1..12 {
            assert_eq!(split("é🦀€\né".as_bytes(), step, 64), whole(&["é🦀€", "é"]));
        }
    }

    #[test]
    fn invalid_bytes_become_replacement_characters() {
        for step in 1..12 {
            assert_eq!(
                split(b"a\xff\xfeb\n\xf0\x9f\nx\xe2\x82", step, 64),
                whole(&["a\u{fffd}\u{fffd}b", "\u{fffd}", "x\u{fffd}"])
            );
        }
    }

    #[test]
    fn long_lines_are_cut_once_and_the_next_one_is_whole() {
        for step in 1..12 {
            let cut = ("12345678".to_owned(), true);
            assert_eq!(
                split(b"12345678\n123456789abc\nok\n", step, 8),
                [("12345678".to_owned(), false), cut, ("ok".to_owned(), false)]
            );
            // No character is cut in two.
            assert_eq!(split("1234567é\n".as_bytes(), step, 8), [("1234567".to_owned(), true)]);
            assert_eq!(split(b"1234567\xff", step, 8), [("1234567".to_owned(), true)]);
        }
    }

    #[test]
    fn invalid_bytes_do_not_outgrow_the_cap() {
        // Each invalid byte takes three as U+FFFD.
        let lines = split(&vec![0xff; 100_000], 4096, 1000);
        assert_eq!(lines, [("\u{fffd}".repeat(333), true)]);
    }

    proptest! {
        #[test]
        fn same_as_the_standard_library(text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), step in 1usize..7) {
            let decoded = String::from_utf8_lossy(&text);
            let mut expected: Vec<&str> = decoded.split('\n').collect();
            if expected.last().is_some_and(|line| line.is_empty()) {
                expected.pop();
            }
            let expected: Vec<CutLine> = expected.iter().map(|line| (line.strip_suffix('\r').unwrap_or(line).to_owned(), false)).collect();
            prop_assert_eq!(split(&text, step, 10_000), expected);
        }
    }
}
