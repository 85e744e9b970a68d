//! From the bytes of both streams to the codec, within the caps.

use super::lines::{CutLine, Splitter};
use crate::invocation::{Flow, Line, Stream};

/// Longest line of standard output, in bytes.
pub(super) const STDOUT_LINE: usize = 16 << 20;
/// Most bytes of standard output in one turn. An answer of 8 MiB comes to a multiple of that in a
/// streaming format, which escapes it, wraps each piece of it, and says it all again at the end.
pub(super) const STDOUT_TURN: u64 = 64 << 20;
/// Longest line of standard error, in bytes.
pub(super) const STDERR_LINE: usize = 1 << 20;
/// Most bytes of standard error that anybody is shown.
pub(super) const STDERR_TOTAL: u64 = 8 << 20;

/// Splits both streams into lines and shows them to the codec.
pub(super) struct Reader<'a> {
    lines: &'a mut (dyn FnMut(Line) -> Flow + Send),
    stdout: Splitter,
    stderr: Splitter,
    turn_bytes: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    deaf: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lines: &'a mut (dyn FnMut(Line) -> Flow + Send)) -> Self {
        Self {
            lines,
            stdout: Splitter::new(STDOUT_LINE),
            stderr: Splitter::new(STDERR_LINE),
            turn_bytes: 0,
            stdout_bytes: 0,
            stderr_bytes: 0,
            deaf: false,
        }
    }

    /// Takes bytes in. Returns what the codec says of the lines that they end.
    pub(super) fn take(&mut self, stream: Stream, mut bytes: &[u8]) -> Flow {
        let count = bytes.len() as u64;
        let splitter = match stream {
            Stream::Stdout => {
                self.stdout_bytes += count;
                self.turn_bytes += count;
                &mut self.stdout
            }
            Stream::Stderr => {
                self.stderr_bytes += count;
                if self.stderr_bytes > STDERR_TOTAL {
                    bytes = &[];
                }
                &mut self.stderr
            }
        };
        let mut flow = Flow::More;
        while !self.deaf
            && let Some(line) = splitter.next_line(&mut bytes)
        {
            match show(self.lines, stream, line) {
                Flow::More => {}
                Flow::Done => {
                    self.deaf = true;
                    flow = Flow::Done;
                }
            }
        }
        flow
    }

    /// Takes the end of both streams in: their last lines may lack an end.
    pub(super) fn end(&mut self) -> Flow {
        let mut flow = Flow::More;
        let capped = self.stderr_bytes > STDERR_TOTAL;
        for (stream, splitter, capped) in
            [(Stream::Stderr, &mut self.stderr, capped), (Stream::Stdout, &mut self.stdout, false)]
        {
            if !self.deaf
                && let Some((text, cut)) = splitter.last_line()
            {
                flow = show(self.lines, stream, (text, cut || capped));
                self.deaf = flow == Flow::Done;
            }
        }
        flow
    }

    /// Begins a turn.
    pub(super) fn begin_turn(&mut self) {
        self.turn_bytes = 0;
    }

    /// Whether more came in this turn than anybody can want, and somebody still listens.
    pub(super) fn is_flooded(&self) -> bool {
        self.turn_bytes > STDOUT_TURN && !self.deaf
    }

    /// Shows nothing more to the codec; bytes are still counted.
    pub(super) fn silence(&mut self) {
        self.deaf = true;
        self.stdout = Splitter::new(STDOUT_LINE);
        self.stderr = Splitter::new(STDERR_LINE);
    }
}

fn show(lines: &mut (dyn FnMut(Line) -> Flow + Send), stream: Stream, (text, cut): CutLine) -> Flow {
    lines(Line { stream, text, cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_after_done() {
        let mut seen = Vec::new();
        let mut codec = |line: Line| {
            seen.push(line.text.clone());
            match line.text.as_str() {
                "done" => Flow::Done,
                _ => Flow::More,
            }
        };
        let mut reader = Reader::new(&mut codec);
        assert_eq!(reader.take(Stream::Stdout, b"a\nb\n"), Flow::More);
        assert_eq!(reader.take(Stream::Stdout, b"c\ndone\nlate\n"), Flow::Done);
        assert_eq!(reader.take(Stream::Stderr, b"later\n"), Flow::More);
        assert_eq!(reader.end(), Flow::More);
        assert_eq!((reader.stdout_bytes, reader.stderr_bytes), (16, 6));
        assert_eq!(seen, ["a", "b", "c", "done"]);
    }

    #[test]
    fn standard_error_is_shown_up_to_its_cap() {
        let mut shown = 0;
        let mut codec = |line: Line| {
            shown += line.text.len() as u64 + 1;
            Flow::More
        };
        let mut reader = Reader::new(&mut codec);
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        for _ in 0..2 * STDERR_TOTAL / 1024 {
            assert_eq!(reader.take(Stream::Stderr, &line), Flow::More);
        }
        assert_eq!(reader.stderr_bytes, 2 * STDERR_TOTAL);
        assert!(!reader.is_flooded());
        assert_eq!(shown, STDERR_TOTAL);
    }

    #[test]
    fn a_turn_is_flooded_beyond_its_cap_and_the_next_one_is_not() {
        let mut codec = |_: Line| Flow::More;
        let mut reader = Reader::new(&mut codec);
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..64 {
            reader.take(Stream::Stdout, &chunk);
        }
        assert!(!reader.is_flooded());
        reader.take(Stream::Stdout, b"x");
        assert!(reader.is_flooded());
        reader.begin_turn();
        assert!(!reader.is_flooded());
    }
}
