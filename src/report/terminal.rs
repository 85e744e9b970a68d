//! Text for a terminal: no control characters but newline and tab, no bidirectional overrides, no styles but our own.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::LazyLock;
use unicode_width::UnicodeWidthStr;

/// Begins a style of ours within a text. It is drawn for each process, so that the text of a model or of an old run
/// cannot imitate it.
static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("\u{1b}{:016x}[", RandomState::new().build_hasher().finish()));

/// `text` in the style of an SGR `code`. Only [`render`] makes a control sequence of it.
pub(super) fn styled(code: &str, text: &str) -> String {
    format!("{0}{code}m{text}{0}0m", *STYLE)
}

/// The columns that a text takes, its styles not counted.
pub(super) fn width(text: &str) -> usize {
    let mut pieces = text.split(STYLE.as_str());
    let first = pieces.next().map_or(0, UnicodeWidthStr::width);
    first + pieces.filter_map(|piece| piece.split_once('m')).map(|(_, text)| text.width()).sum::<usize>()
}

/// Whether a text has a style of ours.
pub(super) fn is_styled(text: &str) -> bool {
    text.contains(STYLE.as_str())
}

/// A text with its styles as control sequences; everything else is made safe.
pub(super) fn render(text: &str) -> String {
    text.split(STYLE.as_str()).map(safe).collect::<Vec<_>>().join("\u{1b}[")
}

/// A text that no terminal acts on: each character that it could act on becomes U+FFFD; direction marks and the carriage
/// return of a line's end are left out.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\u{61c}' | '\u{200e}' | '\u{200f}' => {}
            c if is_unsafe(c) => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe.into()
}

/// A JSON text of the same value that no terminal acts on.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) {
            // All of them are of the basic plane; writing to a string cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

/// C0 and C1 controls but newline and tab; bidirectional marks, embeddings, overrides and isolates.
fn is_unsafe(c: char) -> bool {
    let direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    direction || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_styles_survive_and_others_do_not() {
        let text =
            format!("{} \u{1b}[31mred\u{9b}2J\u{202e}x\u{200f}y\r\nz\u{7f}\t", styled("1", "a\u{1b}]52;c;x\u{7}"));
        assert_eq!(
            render(&text),
            "\u{1b}[1ma\u{fffd}]52;c;x\u{fffd}\u{1b}[0m \u{fffd}[31mred\u{fffd}2J\u{fffd}xy\nz\u{fffd}\t"
        );
    }

    #[test]
    fn json_keeps_its_value() {
        let value = "a\u{9b}\u{7f}\u{202e}\u{200f}é\u{1b}";
        let text = serde_json::to_string(value).unwrap();
        let safe = escaped(&text);
        assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), value);
    }
}
