//! Lines that fit into the columns of a terminal.

use super::table::padded;
use super::terminal::{is_styled, width};
use unicode_width::UnicodeWidthChar as _;

/// Named rows, their texts aligned behind the longest name, each wrapped.
pub(super) fn rows(rows: &[(String, String)], indent: usize, columns: usize) -> String {
    let longest = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0) + 1;
    let line = |(name, text): &(String, String)| {
        let name = padded(&format!("{name}:"), longest);
        filled(&format!("{}{name}  ", " ".repeat(indent)), text, columns) + "\n"
    };
    rows.iter().map(line).collect()
}

/// A text behind `before`, wrapped at word ends; later lines begin below its first word. A word that is longer than
/// a line is cut.
pub(super) fn filled(before: &str, text: &str, columns: usize) -> String {
    let hang = width(before).min(columns / 2);
    let mut lines = before.to_owned();
    let (mut at, mut begun) = (width(before), false);
    for word in text.split_whitespace() {
        let wide = width(word);
        if begun && at.saturating_add(1 + wide) > columns {
            lines.push('\n');
            lines.push_str(&" ".repeat(hang));
            (at, begun) = (hang, false);
        }
        if begun {
            lines.push(' ');
            at += 1;
        }
        if at.saturating_add(wide) <= columns || is_styled(word) {
            lines.push_str(word);
            at += wide;
        } else {
            for letter in word.chars() {
                let wide = letter.width().unwrap_or(1);
                if begun && at + wide > columns {
                    lines.push('\n');
                    lines.push_str(&" ".repeat(hang));
                    at = hang;
                }
                lines.push(letter);
                (at, begun) = (at + wide, true);
            }
        }
        begun = true;
    }
    lines.truncate(lines.trim_end_matches(' ').len());
    lines
}

/// A text of ours that others' words stand in, as one line; where it is wrapped, later lines begin further right than
/// any line of ours does.
pub(super) fn one_line(text: &str, columns: usize) -> String {
    let text = text.lines().collect::<Vec<_>>().join(" ");
    if width(&text) <= columns {
        return text;
    }
    let own = &text[..text.len() - text.trim_start().len()];
    let before = " ".repeat(12);
    format!("{own}{}", filled(&before, &text, columns).trim_start())
}

/// A text of several lines, each wrapped and indented, as its author broke them.
pub(super) fn paragraphs(text: &str, indent: usize, columns: usize) -> String {
    let margin = " ".repeat(indent);
    let line = |line: &str| {
        let line = line.trim_end();
        let whole = format!("{margin}{line}");
        if width(&whole) <= columns {
            return whole.trim_end().to_owned();
        }
        let own = &line[..line.len() - line.trim_start().len()];
        filled(&format!("{margin}{own}"), line, columns)
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The beginning of a text, in at most so many columns.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut at = 1;
    let fits = |letter: &char| {
        at += letter.width().unwrap_or(1);
        at <= columns
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::Paint;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    #[test]
    fn words_wrap_below_the_first_one() {
        let of = [("Tie".to_owned(), "one two three".to_owned()), ("Against".to_owned(), "x".to_owned())];
        assert_eq!(rows(&of, 2, 24), "  Tie:      one two\n            three\n  Against:  x\n");
        assert_eq!(rows(&of, 0, usize::MAX), "Tie:      one two three\nAgainst:  x\n");
        assert_eq!(filled("- ", "漢字漢字漢字", 8), "- 漢字漢\n  字漢字");
        let bold = Paint { on: true }.bold("two words");
        assert_eq!(filled("", &format!("{bold} x"), 11), format!("{bold} x"), "a style takes no columns");
    }

    #[test]
    fn lines_stay_as_they_were_broken() {
        assert_eq!(paragraphs("a\n\n  b c d e\n", 1, 8), " a\n\n   b c d\n   e");
    }

    proptest! {
        #[test]
        fn every_line_fits_and_no_letter_is_lost(text in "[a-z漢 ]{0,80}", columns in 6_usize..40) {
            let lines = filled("x: ", &text, columns);
            prop_assert!(lines.lines().all(|line| line.width() <= columns), "{lines:?}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines), format!("x:{}", letters(&text)));
        }

        #[test]
        fn what_is_cut_fits(text: String, columns in 1_usize..40) {
            prop_assert!(width(&cut(&text, columns)) <= columns.max(width(&text).min(columns)));
        }
    }
}
