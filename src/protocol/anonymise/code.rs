//! Where code stands in a markdown text: nothing is ever changed there.

use std::ops::Range;

/// The byte ranges of fenced blocks, indented blocks and inline code, in order.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut prose = 0..0;
    let mut fence: Option<(usize, &str)> = None;
    let mut after_blank = true;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if let Some((start, mark)) = fence {
            if closes(line, mark) {
                spans.push(start..range.end);
                fence = None;
                prose = range.end..range.end;
                after_blank = true;
            }
            continue;
        }
        let blank = line.trim().is_empty();
        let indented = !blank && after_blank && (line.starts_with("    ") || line.starts_with('\t'));
        let opening = if indented { None } else { opens(line) };
        if blank || indented || opening.is_some() {
            inline(text, prose.clone(), &mut spans);
            prose = range.end..range.end;
        } else {
            prose.end = range.end;
        }
        if indented {
            spans.push(range.clone());
        }
        fence = opening.map(|mark| (range.start, mark));
        // Lines that go on with an indented block are code as well.
        after_blank = blank || indented;
    }
    match fence {
        Some((start, _)) => spans.push(start..text.len()),
        None => inline(text, prose, &mut spans),
    }
    spans
}

/// The mark of three or more backticks or tildes that opens a fenced block.
fn opens(line: &str) -> Option<&str> {
    let line = line.trim_start_matches([' ', '\t', '>']);
    let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(sign).len();
    // Three backticks that are closed on the same line are inline code.
    (length >= 3 && !(sign == '`' && line[length..].contains('`'))).then(|| &line[..length])
}

fn closes(line: &str, mark: &str) -> bool {
    let line = line.trim_matches([' ', '\t', '>', '\r', '\n']);
    line.starts_with(mark) && line.chars().all(|letter| mark.starts_with(letter))
}

/// Inline code within one paragraph: a run of backticks up to the next run of the same length.
fn inline(text: &str, paragraph: Range<usize>, spans: &mut Vec<Range<usize>>) {
    let runs = runs(text, paragraph);
    let mut next = 0;
    while let Some(open) = runs.get(next) {
        let close = runs[next + 1..].iter().position(|run| run.len() == open.len());
        next += 1;
        if let Some(distance) = close {
            spans.push(open.start..runs[next + distance].end);
            next += distance + 1;
        }
    }
}

fn runs(text: &str, paragraph: Range<usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let end = paragraph.end.min(text.len());
    for (offset, _) in text[paragraph.start.min(end)..end].match_indices('`') {
        let at = paragraph.start + offset;
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> Vec<&str> {
        spans(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn fences_indents_and_inline_code_are_found() {
        let text =
            "Use `a` or ``b`c``.\n\n```rust\nI am `x`\n```\n\n    indented\n    too\n\nIt's ` alone\n\n~~~\nopen";
        assert_eq!(
            code(text),
            ["`a`", "``b`c``", "```rust\nI am `x`\n```\n", "    indented\n", "    too\n", "~~~\nopen"]
        );
    }

    #[test]
    fn a_longer_mark_holds_a_shorter_one() {
        let text = "````md\n```\nx\n```\n````\nprose";
        assert_eq!(code(text), ["````md\n```\nx\n```\n````\n"]);
    }

    #[test]
    fn an_indented_line_within_a_paragraph_is_prose() {
        assert!(code("first line\n    goes on").is_empty());
    }

    #[test]
    fn inline_code_does_not_reach_over_a_blank_line() {
        assert!(code("a ` b\n\nc ` d").is_empty());
        assert_eq!(code("a ` b\nc ` d"), ["` b\nc `"]);
    }

    proptest! {
        #[test]
        fn spans_are_in_order_and_on_boundaries(text in "[`~ \tax\né>]{0,60}") {
            let mut end = 0;
            for span in spans(&text) {
                prop_assert!(span.start >= end && span.end > span.start && span.end <= text.len());
                prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
                end = span.end;
            }
        }
    }
}
