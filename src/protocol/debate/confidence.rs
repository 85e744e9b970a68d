//! How confident a participant says it is: `CONFIDENCE: 85`, in the many ways in which models write
//! that.

use crate::protocol::parse::Shown;

/// What a reply without a marker counts as.
pub const NEUTRAL: u32 = 50;

/// What a reply says about its author's confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confidence {
    /// 0 to 100; [`NEUTRAL`] if nothing is said.
    pub value: u32,
    /// Whether anything is said.
    pub marker_found: bool,
}

/// Reads the last marker of a reply.
///
/// The word stands alone (`overconfidence` and `JUDGE_CONFIDENCE` are other words), in any case,
/// with markdown around it or the number; `:`, `：` or `=` follow, then at most one opening bracket
/// or `~`, then a number in ASCII digits. A decimal from 0 to 1 without `%` is a fraction; halves
/// round up; what is outside 0 to 100 is moved to the nearer end. A range, such as the placeholder
/// `[0-100]`, says nothing.
#[must_use]
pub fn confidence(text: &str) -> Confidence {
    read(text, Word::Confidence)
}

/// Reads the marker that is the speaker's own: the one that is all of the last line, where it was asked for; else the
/// last one that does not stand in what the speaker was `shown`, and is no quotation.
#[must_use]
pub fn own_confidence(text: &str, shown: &Shown<'_>) -> Confidence {
    read_own(text, shown, Word::Confidence)
}

/// Reads a judge's own `JUDGE_CONFIDENCE:`, by the same rules.
#[must_use]
pub fn own_judge_confidence(text: &str, shown: &Shown<'_>) -> Confidence {
    read_own(text, shown, Word::JudgeConfidence)
}

fn read_own(text: &str, shown: &Shown<'_>, word: Word) -> Confidence {
    let text = text.trim_end();
    let line = text.rsplit('\n').next().unwrap_or(text);
    let alone = |marker: &Marker| is_dressing(&line[..marker.start]) && is_dressing(&line[marker.end..]);
    if last_marker(line, word).is_some_and(|marker| alone(&marker)) {
        return read(line, word);
    }
    let own = |line: &&str| match last_marker(line, word) {
        Some(marker) => !line.trim_start().starts_with('>') && !shown.holds(&line[marker.start..marker.end]),
        None => true,
    };
    read(&text.lines().filter(own).collect::<Vec<_>>().join("\n"), word)
}

fn is_dressing(text: &str) -> bool {
    text.chars().all(|letter| is_blank(letter) || "*_`[](){}>#-.%".contains(letter))
}

/// Reads the last `JUDGE_CONFIDENCE:` of a synthesis, by the same rules.
#[must_use]
pub fn judge_confidence(text: &str) -> Confidence {
    read(text, Word::JudgeConfidence)
}

/// The reply as others are shown it: without the marker, where that is the last line, and not the
/// only one.
#[must_use]
pub fn strip_confidence_line(text: &str) -> &str {
    strip(text, Word::Confidence)
}

/// The same for a section of a synthesis that ends with the judge's marker.
#[must_use]
pub(super) fn strip_judge_confidence_line(text: &str) -> &str {
    strip(text, Word::JudgeConfidence)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Confidence,
    JudgeConfidence,
}

/// A marker's place in a text, in bytes.
struct Marker {
    start: usize,
    end: usize,
    value: u32,
}

fn read(text: &str, word: Word) -> Confidence {
    match last_marker(text, word) {
        Some(marker) => Confidence { value: marker.value, marker_found: true },
        None => Confidence { value: NEUTRAL, marker_found: false },
    }
}

fn strip(text: &str, word: Word) -> &str {
    let Some(marker) = last_marker(text, word) else { return text };
    let Some(line) = text[..marker.start].rfind('\n') else { return text };
    let out_of_100 = text[marker.end..].trim_start().trim_start_matches("/100");
    if !is_dressing(&text[line..marker.start]) || !is_dressing(out_of_100) || text[..line].trim().is_empty() {
        return text;
    }
    text[..line].trim_end()
}

fn last_marker(text: &str, word: Word) -> Option<Marker> {
    const NAME: &str = "confidence";
    let lower = text.to_ascii_lowercase();
    lower.rmatch_indices(NAME).find_map(|(at, _)| {
        let start = begins(&lower[..at], word)?;
        let (value, length) = number_after(&lower[at + NAME.len()..])?;
        Some(Marker { start, end: at + NAME.len() + length, value })
    })
}

/// Where the word begins, if what stands before it makes it the one that is looked for.
fn begins(before: &str, word: Word) -> Option<usize> {
    // Underscores may be markdown, or join two words.
    let bare = before.trim_end_matches(['_', '\\']);
    let alone = |text: &str| !text.trim_end_matches(['_', '\\']).ends_with(char::is_alphanumeric);
    match word {
        Word::Confidence => alone(bare).then_some(before.len()),
        Word::JudgeConfidence => {
            let head = bare.strip_suffix([' ', '-']).unwrap_or(bare).strip_suffix("judge")?;
            alone(head).then_some(head.len())
        }
    }
}

/// The number that a separator announces, as a confidence, and how many bytes it all takes.
fn number_after(rest: &str) -> Option<(u32, usize)> {
    let separated = rest.trim_start_matches([' ', '\t', '*', '_', '`']).strip_prefix([':', '：', '='])?;
    let opened = undressed(separated);
    let opened = undressed(opened.strip_prefix(['[', '(', '{', '~']).unwrap_or(opened));
    let (negative, digits) = match opened.strip_prefix(['-', '−']) {
        Some(digits) => (true, digits),
        None => (false, opened.strip_prefix('+').unwrap_or(opened)),
    };
    let (whole, after) = split_digits(digits);
    if whole.is_empty() {
        return None;
    }
    let decimals = after.strip_prefix('.').map(split_digits).filter(|(decimals, _)| !decimals.is_empty());
    let (decimals, after) = decimals.map_or((None, after), |(decimals, after)| (Some(decimals), after));
    if is_range(after) {
        return None;
    }
    let percent = undressed(after).strip_prefix(['%', '％']);
    let value = if negative { 0 } else { value(whole, decimals, percent.is_some()) };
    Some((value, rest.len() - percent.unwrap_or(after).len()))
}

/// Halves round up, decided by the digits themselves: no binary fraction comes between.
fn value(whole: &str, decimals: Option<&str>, percent: bool) -> u32 {
    let digit = |place: usize| decimals.and_then(|digits| digits.as_bytes().get(place)).map_or(0, |digit| digit - b'0');
    let whole = whole.trim_start_matches('0');
    let whole = if whole.len() > 3 { 1000 } else { whole.parse().unwrap_or(0) };
    let is_fraction =
        !percent && (whole == 0 || (whole == 1 && decimals.is_some_and(|d| d.trim_matches('0').is_empty())));
    let value = match decimals {
        Some(_) if is_fraction => {
            whole * 100 + 10 * u32::from(digit(0)) + u32::from(digit(1)) + u32::from(digit(2) >= 5)
        }
        _ => whole + u32::from(digit(0) >= 5),
    };
    value.min(100)
}

/// `0-100`, `80–90`, `0..100`, `80 to 90`: whoever writes that has not decided.
fn is_range(after: &str) -> bool {
    let after = after.trim_start_matches([' ', '%']);
    let dashes = ["-", "–", "—", "−", "..", "…", "to "];
    dashes.iter().filter_map(|dash| after.strip_prefix(dash)).any(|rest| rest.trim_start().starts_with(is_digit))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter| !is_digit(letter)).unwrap_or(text.len()))
}

fn undressed(text: &str) -> &str {
    text.trim_start_matches(|letter| is_blank(letter) || matches!(letter, '*' | '_' | '`'))
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// White space, and the mark that some editors put at the beginning of a file.
fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Option<u32> {
        let read = confidence(text);
        read.marker_found.then_some(read.value)
    }

    #[test]
    fn a_quoted_marker_is_not_the_speaker_s_own() {
        let parts = ["The file says:\nCONFIDENCE: 99\n".into()];
        let shown = Shown::new(&parts);
        let own = |text: &str| own_confidence(text, &shown);
        assert_eq!(own("It plants this:\nCONFIDENCE: 99\nI do not follow it.\nCONFIDENCE: 40").value, 40);
        assert_eq!(own("CONFIDENCE: 40\n\nThe file says:\nCONFIDENCE: 99\nas if it knew.").value, 40);
        assert!(!own("The file says:\nCONFIDENCE: 99\nas if it knew.").marker_found);
        assert!(!own("> CONFIDENCE: 12\nsaid another.").marker_found);
        assert_eq!(own("CONFIDENCE: 40\n\nThe file's \"CONFIDENCE: 99\" is too bold.").value, 40);
        assert!(!own("The file's \"**CONFIDENCE:** 99\" is too bold.").marker_found);
        assert_eq!(own("I agree with the file.\nCONFIDENCE: 99").value, 99);
    }

    #[test]
    fn markdown_brackets_and_percent_are_tolerated() {
        for text in [
            "**CONFIDENCE:** 85",
            "**CONFIDENCE**: 85",
            "_CONFIDENCE_: 85",
            "__Confidence:__ 85%",
            "`CONFIDENCE: 85`",
            "CONFIDENCE : 85",
            "CONFIDENCE: [85]",
            "CONFIDENCE: [ 85 ]",
            "CONFIDENCE: **85**",
            "CONFIDENCE: (85%)",
            "> CONFIDENCE: 85 / 100",
            "## Confidence: 85.",
            "CONFIDENCE: +85",
            "confidence=0.85",
            "CONFIDENCE: 84.5",
            "CONFIDENCE: 85 - I am fairly sure",
            "CONFIDENCE:\u{feff}85",
        ] {
            assert_eq!(found(text), Some(85), "{text}");
        }
    }

    #[test]
    fn other_words_and_ranges_say_nothing() {
        for text in [
            "overconfidence: 20",
            "JUDGE_CONFIDENCE: 70",
            "self_confidence: 70",
            "CONFIDENCE: [0-100]",
            "CONFIDENCE: 80–90",
            "CONFIDENCE: 80% - 90%",
            "CONFIDENCE: 0..100",
            "CONFIDENCE: 70 to 80",
            "CONFIDENCE: [[85]]",
            "CONFIDENCE: <85>",
            "CONFIDENCE: N",
            "CONFIDENCE:",
            "CONFIDENCE",
            "confidences: 12",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn fractions_are_decimals_from_0_to_1_without_a_percent_sign() {
        let cases = [("0.5", 50), ("1.0", 100), ("1", 1), ("0", 0), ("0.0", 0), ("0.85%", 1), ("1.5", 2), ("0.005", 1)];
        for (number, value) in cases {
            assert_eq!(found(&format!("CONFIDENCE: {number}")), Some(value), "{number}");
        }
        assert_eq!(found("CONFIDENCE: 0.285"), Some(29), "by its digits, not by the nearest binary fraction");
        assert_eq!(found("CONFIDENCE: -0.5"), Some(0));
        assert_eq!(found("CONFIDENCE: 101"), Some(100));
    }

    #[test]
    fn what_counts_as_a_marker_is_what_is_stripped() {
        for marker in [
            "CONFIDENCE: 80",
            "**CONFIDENCE: 80%**",
            "> _Confidence_ = [0.8]",
            "CONFIDENCE:\n80/100",
            "- CONFIDENCE: 80.",
        ] {
            assert_eq!(strip_confidence_line(&format!("body\n\n{marker}\n")), "body", "{marker}");
        }
        for text in [
            "CONFIDENCE: 80",
            "\n\nCONFIDENCE: 80",
            "body CONFIDENCE: 80",
            "body\nso I say CONFIDENCE: 80",
            "CONFIDENCE: 80\nand a last word",
            "body\nCONFIDENCE: 80, because it was measured",
            "body\nCONFIDENCE: [0-100]",
        ] {
            assert_eq!(strip_confidence_line(text), text);
        }
    }

    #[test]
    fn the_judge_has_a_word_of_its_own() {
        let read = |text: &str| Some(judge_confidence(text)).filter(|read| read.marker_found).map(|read| read.value);
        assert_eq!(read("JUDGE_CONFIDENCE: [82"), Some(82));
        assert_eq!(read("**Judge confidence**: 82%"), Some(82));
        assert_eq!(read("JUDGE\\_CONFIDENCE: 82"), Some(82));
        assert_eq!(read("JUDGE_CONFIDENCE: 10\nJUDGE_CONFIDENCE: 82"), Some(82));
        assert_eq!(read("CONFIDENCE: 82"), None);
        assert_eq!(read("PREJUDGE_CONFIDENCE: 82"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_stripped_without_panic(text in "[CONFIDEcence:=\\[(~*_%.0-9é€ \n-]{0,60}") {
            let read = confidence(&text);
            prop_assert!(read.value <= 100);
            prop_assert!(text.starts_with(strip_confidence_line(&text)));
        }

        #[test]
        fn the_last_marker_counts(earlier in 0u32..=100, last in 0u32..=100) {
            let text = format!("CONFIDENCE: {earlier}\nOn reflection:\nCONFIDENCE: {last}");
            prop_assert_eq!(confidence(&text), Confidence { value: last, marker_found: true });
        }
    }
}
