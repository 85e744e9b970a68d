//! Words for people: counts, lists, and the nearest known word to one that is not known.

/// The word of `known` that `word` was probably meant to be: at most one edit away for words of up
/// to four letters, at most two for longer ones.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(edits, candidate)| *edits <= if candidate.chars().count() <= 4 { 1 } else { 2 })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// A whole number with thin groups: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A score with one decimal.
#[must_use]
pub fn score_text(score: f64) -> String {
    format!("{score:.1}")
}

/// A number with what is counted: `1 round`, `1,200 calls`.
#[must_use]
pub fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Names as a person lists them: `claude`, `claude and codex`, `claude, codex and gemini`.
#[must_use]
pub fn listed(names: &[&str], and: &str) -> String {
    match names {
        [others @ .., before, last] => [others, &[&format!("{before} {and} {last}")]].concat().join(", "),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_leaves_strangers_alone() {
        let known = ["adapters", "doctor", "demo"];
        assert_eq!(closest("docter", known), Some("doctor"));
        assert_eq!(closest("demos", known), Some("demo"));
        assert_eq!(closest("Doctor", known), Some("doctor"));
        assert_eq!(closest("deom", known), Some("demo"));
        assert_eq!(closest("dogma", known), None);
        assert_eq!(closest("why", known), None);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
