//! What a model thinks aloud before it answers: never part of an answer or a verdict.

use std::sync::Arc;

/// Marks around what is thought, as chat templates and local runners print them.
const MARKS: [(&str, &str); 3] =
    [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("Thinking...", "...done thinking.")];

/// The reply without what was thought before it. A block that never ends leaves nothing: the reply was cut before the
/// answer began. Where a template opens the block itself, only its end is in the reply.
#[must_use]
pub fn without_thinking(reply: &Arc<str>) -> Arc<str> {
    let mut rest: &str = reply;
    loop {
        let text = rest.trim_start();
        let opened = MARKS.iter().find_map(|(open, close)| Some((text.strip_prefix(*open)?, *close)));
        let (inside, close) = match opened {
            Some((inside, close)) => (inside, close),
            // Without its beginning only the mark that no text has by chance is believed.
            None if lone_end(text) => (text, "</think>"),
            None => break,
        };
        rest = inside.split_once(close).map_or("", |(_, answer)| answer);
    }
    if rest.len() == reply.len() { Arc::clone(reply) } else { rest.trim_start().into() }
}

fn lone_end(text: &str) -> bool {
    let end = text.find("\n</think>\n");
    end.is_some_and(|end| !text[..end].contains("<think>") && text[..end].matches("```").count().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_thought_is_left_out() {
        for (reply, answer) in [
            ("<think>\nIs it 8? {\"score\": 3}\n</think>\n\n{\"score\": 8}", "{\"score\": 8}"),
            ("Thinking...\nHm.\n...done thinking.\n\nParis.", "Paris."),
            ("Hm, so.\n</think>\n\nParis.", "Paris."),
            ("<think></think><think>a</think>Paris.", "Paris."),
            ("<think>cut in the mid", ""),
            ("Use the tag `<think>` with care.", "Use the tag `<think>` with care."),
            ("```\n<think>\nx\n</think>\n```", "```\n<think>\nx\n</think>\n```"),
            (" Paris.\n", " Paris.\n"),
        ] {
            assert_eq!(&*without_thinking(&reply.into()), answer, "{reply}");
        }
    }
}
