//! The end of a stream of lines.

use std::collections::VecDeque;

/// How many bytes are kept.
const KEPT: usize = 64 * 1024;

/// The last lines of a stream, at most 64 KiB of them.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Tail {
    /// Adds a line; of a long one, its beginning.
    pub(super) fn push(&mut self, line: &str) {
        let mut end = line.len().min(KEPT - 1);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        let line = &line[..end];
        self.bytes += line.len() + 1;
        self.lines.push_back(line.to_owned());
        while self.bytes > KEPT {
            let Some(first) = self.lines.pop_front() else { break };
            self.bytes -= first.len() + 1;
        }
    }

    /// The lines that are left, oldest first.
    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The lines, joined.
    pub(super) fn text(&self) -> String {
        self.lines().collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_first() {
        let mut tail = Tail::default();
        for i in 0..20_000 {
            tail.push(&i.to_string());
        }
        assert!(tail.text().len() <= KEPT);
        assert!(tail.text().ends_with("19998\n19999"));
        tail.push(&"é".repeat(KEPT));
        assert_eq!(tail.lines().count(), 1);
        assert!(tail.text().len() <= KEPT);
    }
}
