//! Which part of an answer holds its number: clauses, asides, and what is said about confidence.

use std::ops::Range;

/// Words behind which a conclusion stands.
const CONCLUDES: [&str; 9] = ["so ", "therefore", "thus ", "hence ", "also ", "daher", "donc ", "por lo tanto", "所以"];
/// Words by which a clause is about how sure its author is.
const SURE: [&str; 9] =
    ["confiden", "% sure", "% certain", "certainty", "zuversicht", "% sicher", "certitude", "confianza", "置信"];
/// Months in English, German, French and Spanish.
const MONTHS: &str = "january february march april may june july august september october november december jan feb mar apr \
    jun jul aug sep sept oct nov dec januar februar märz mai juni juli oktober dezember janvier février mars avril juin \
    juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio agosto septiembre octubre \
    noviembre diciembre";

/// Where parentheses with words in them stand, and notes such as `[1]` behind a text.
pub(super) fn asides(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open = None;
    for (at, letter) in text.char_indices() {
        match (letter, open) {
            ('(' | '[', None) => open = Some(at),
            (')' | ']', Some(start)) => {
                let inside = &text[start + 1..at];
                let note = letter == ']' && !text[..start].trim().is_empty();
                if inside.contains(char::is_alphabetic) || (note && inside.bytes().all(|byte| byte.is_ascii_digit())) {
                    found.push(start..at);
                }
                open = None;
            }
            _ => {}
        }
    }
    found
}

/// The text without the lines, sentences and clauses that say how sure its author is.
pub(super) fn without_confidence(text: &str) -> String {
    // A parenthesis is an aside of its own, whatever it says.
    let words = |clause: &str| clause.split('(').next().unwrap_or_default().to_lowercase();
    let about = |clause: &&&str| SURE.iter().any(|word| words(clause).contains(word));
    let clauses = pieces(text, &[", ", "; ", " — ", " – ", " - "]);
    clauses.iter().map(|clause| if about(&clause) { "\n" } else { clause }).collect()
}

/// The last sentence of a text that holds what is looked for: what stands behind its last `=`, or behind a word that
/// concludes, if that holds it too.
pub(super) fn last_clause(text: &str, holds: impl Fn(&str) -> bool) -> Option<&str> {
    let sentence = pieces(text, &[]).into_iter().rfind(|sentence| holds(sentence))?;
    // `x = 1, y = 2` are two values.
    let equations = sentence.split([',', ';']).filter(|part| part.contains('=')).count();
    let value = sentence.rsplit_once('=').map(|(_, value)| value).filter(|value| equations == 1 && holds(value));
    let concludes = || {
        let lower = sentence.to_ascii_lowercase();
        let behind = |word: &&str| lower.rfind(*word).map(|at| &sentence[at + word.len()..]);
        CONCLUDES.iter().filter_map(behind).filter(|part| holds(part)).min_by_key(|part| part.len())
    };
    value.or_else(concludes).or(Some(sentence))
}

/// The sentences and lines of a text, cut behind these marks too, with all that separates them.
fn pieces<'a>(text: &'a str, marks: &[&str]) -> Vec<&'a str> {
    let ends = ["\n", ". ", "! ", "? ", "。"].iter().chain(marks);
    let mut found = Vec::new();
    let (mut from, mut inside) = (0, false);
    for (at, letter) in text.char_indices() {
        inside = letter == '(' || (inside && !matches!(letter, ')' | '\n'));
        if let Some(mark) = ends.clone().find(|mark| at >= from && !inside && text[at..].starts_with(**mark)) {
            found.push(&text[from..at + mark.len()]);
            from = at + mark.len();
        }
    }
    found.push(&text[from..]);
    found
}

/// Whether a word beside a number is a month's name.
pub(super) fn is_month(word: Option<&str>) -> bool {
    let word = word.map(|word| word.trim_matches(|letter: char| !letter.is_alphabetic()).to_lowercase());
    word.is_some_and(|word| MONTHS.split_whitespace().any(|month| month == word))
}
