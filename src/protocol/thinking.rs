//! What a model thinks aloud before it answers: never part of an answer or a verdict.

use std::sync::Arc;

/// Marks around what is thought, as chat templates and local runners print them, in lower case.
const MARKS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("thinking...", "...done thinking."),
];

/// The reply without what was thought before it, or between its lines. A block that never ends leaves nothing of what
/// follows: the reply was cut before the answer began. Where a template opens the block itself, only its end is in the
/// reply. Within code such a block is content.
#[must_use]
pub fn without_thinking(reply: &Arc<str>) -> Arc<str> {
    // Only ASCII letters change, so that places in one are places in the other.
    let text = Text::new(reply.to_ascii_lowercase());
    let lower = &*text.lower;
    let begin = text.led();
    let mut kept = String::new();
    let (mut from, mut at, mut in_code) = (begin, begin, false);
    while at < lower.len() {
        let end = lower[at..].find('\n').map_or(lower.len(), |end| at + end + 1);
        let line = lower[at..end].trim();
        in_code ^= line.starts_with("```") || line.starts_with("~~~");
        let alone = || MARKS.iter().any(|(open, _)| line == *open);
        at = match text.block(at).filter(|(_, closed)| !in_code && (*closed || alone())) {
            Some((after, _)) => {
                kept.push_str(&reply[from..at]);
                from = after;
                after
            }
            None => end,
        };
    }
    if from == 0 {
        return Arc::clone(reply);
    }
    kept.push_str(&reply[from..]);
    if begin > 0 { kept.trim_start().into() } else { kept.into() }
}

struct Text {
    lower: String,
    /// Where the last end of each kind stands: what begins after it has none, and is not searched for it.
    last: [Option<usize>; MARKS.len()],
}

impl Text {
    fn new(lower: String) -> Self {
        let last = MARKS.map(|(_, close)| lower.rfind(close));
        Self { lower, last }
    }

    /// Where the answer begins, behind what was thought before it.
    fn led(&self) -> usize {
        let mut at = 0;
        loop {
            let rest = self.lower[at..].trim_start();
            let start = self.lower.len() - rest.len();
            at = match self.block(start) {
                Some((after, _)) => after,
                // Without its beginning only the mark that no text has by chance is believed.
                None => match lone_end(rest) {
                    Some(end) => start + end,
                    None => return at,
                },
            };
        }
    }

    /// Where the block that begins here ends, and whether it does.
    fn block(&self, at: usize) -> Option<(usize, bool)> {
        let rest = self.lower[at..].trim_start_matches([' ', '\t']);
        let inside = self.lower.len() - rest.len();
        let kind = MARKS.iter().position(|(open, _)| rest.starts_with(open))?;
        let (open, close) = MARKS[kind];
        if self.last[kind].is_none_or(|last| last < inside) {
            return Some((self.lower.len(), false));
        }
        let first = inside + rest.find(close)?;
        // Of blocks within it the ends follow, before anything else begins.
        let within = self.lower[inside + open.len()..first].matches(open).count();
        let mut end = first + close.len();
        for _ in 0..within {
            let rest = &self.lower[end..];
            match rest[..rest.find(open).unwrap_or(rest.len())].find(close) {
                Some(next) => end += next + close.len(),
                None => return Some((first + close.len(), true)),
            }
        }
        Some((end, true))
    }
}

/// Where the end of a block stands whose beginning is not in the text.
fn lone_end(text: &str) -> Option<usize> {
    let end = text.find("\n</think>\n")?;
    let before = &text[..end];
    let lone = !before.contains("<think>") && before.matches("```").count().is_multiple_of(2);
    lone.then_some(end + "\n</think>".len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_thought_is_left_out() {
        for (reply, answer) in [
            ("<think>\nIs it 8? {\"score\": 3}\n</think>\n\n{\"score\": 8}", "{\"score\": 8}"),
            ("Thinking...\nHm.\n...done thinking.\n\nParis.", "Paris."),
            ("Hm, so.\n</think>\n\nParis.", "Paris."),
            ("<think></think><think>a</think>Paris.", "Paris."),
            ("<think>cut in the mid", ""),
            ("<THINK>a</Think>\nParis.", "Paris."),
            ("<think>one <think>two</think> three</think>Paris.", "Paris."),
            ("<think>is `<think>` a tag?</think>Paris.", "Paris."),
            ("<thought>a</thought>[THINK]b[/THINK]◁think▷c◁/think▷Paris.", "Paris."),
            ("Paris.\n<think>\nIs it?\n</think>\nYes.", "Paris.\n\nYes."),
            ("Paris.\n<think>\nIs it", "Paris.\n"),
            ("Use the tag `<think>` with care.", "Use the tag `<think>` with care."),
            ("A line may begin so:\n<think> with words", "A line may begin so:\n<think> with words"),
            ("```\n<think>\nx\n</think>\n```", "```\n<think>\nx\n</think>\n```"),
            ("Like so:\n```\n<think>\nx\n```\nDone.", "Like so:\n```\n<think>\nx\n```\nDone."),
            ("<think>\n```\nx\n</think>\nParis.\n```\n<think>\n```", "Paris.\n```\n<think>\n```"),
            (" Paris.\n", " Paris.\n"),
        ] {
            assert_eq!(&*without_thinking(&reply.into()), answer, "{reply}");
        }
    }

    #[test]
    fn a_flood_of_marks_takes_linear_time() {
        let flood: Arc<str> = "a\n<think> b\n".repeat(50_000).into();
        assert_eq!(without_thinking(&flood).len(), flood.len());
    }

    proptest! {
        #[test]
        fn any_reply_is_read_without_panic(reply in "(<think>|</think>|```|\n|é|x | ){0,16}") {
            let read = without_thinking(&reply.as_str().into());
            prop_assert!(read.len() <= reply.len());
        }
    }
}
