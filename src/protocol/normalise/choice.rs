//! The option that an answer names.

use super::plain::{announced, boxed, plain};
use super::{folded, is_space, lower};

/// The option of an answer: boxed, announced, at its start (`B) Paris`, `Yes, it is.`), or marked; else the whole
/// answer without punctuation at its ends.
pub(super) fn choice(text: &str) -> String {
    let text = plain(text);
    let whole = lower(bare(&folded(&text)));
    if is_option(&whole) {
        return whole;
    }
    let boxed = boxed(&text).map(|boxed| lower(bare(boxed))).filter(|word| is_option(word));
    let announced = || announced(&text).and_then(leading);
    boxed.or_else(announced).or_else(|| first(&text)).or_else(|| bracketed(&text)).unwrap_or(whole)
}

/// Without marks and punctuation at its ends. Signs that make another option of a letter stay: `B+`, `C#`, `-1`.
fn bare(text: &str) -> &str {
    text.trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '-')
        .trim_start_matches("- ")
        .trim_end_matches(|letter: char| !letter.is_alphanumeric() && !"+-#".contains(letter))
}

fn is_option(word: &str) -> bool {
    const ROMAN: [&str; 8] = ["ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi"];
    let letter = word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    letter || ROMAN.contains(&word) || is_verdict(word)
}

fn is_verdict(word: &str) -> bool {
    const WORDS: [&str; 21] = [
        "yes",
        "no",
        "true",
        "false",
        "ja",
        "nein",
        "oui",
        "non",
        "sí",
        "sì",
        "sim",
        "não",
        "nee",
        "nej",
        "tak",
        "nie",
        "да",
        "нет",
        "はい",
        "いいえ",
        "是的",
    ];
    WORDS.contains(&word)
}

/// The option at the start of what was announced. `a` is an article more often than an option, unless it is marked; and of
/// several options none is the answer.
fn leading(text: &str) -> Option<String> {
    let word = text.split(|letter: char| is_space(letter) || "。，、で입".contains(letter)).next()?;
    let stem = word.split(|letter: char| ")].:,;".contains(letter)).find(|part| !bare(part).is_empty())?;
    let option = lower(bare(stem));
    let several = names_several(word.ends_with(','), &text[word.len()..]);
    (is_option(&option) && !several && (word != "a" || text.trim() == "a")).then_some(option)
}

/// Whether a text goes on with another option: `and C`, `or (C)`, `, C`.
fn names_several(comma: bool, after: &str) -> bool {
    const JOIN: [&str; 11] = ["and", "or", "und", "oder", "et", "ou", "y", "o", "e", "&", "+"];
    let mut words = after.split(is_space).filter(|word| !word.is_empty());
    let single = |word: &str| bare(word).len() == 1 && is_option(&lower(bare(word)));
    words.next().is_some_and(|first| match JOIN.contains(&lower(first).as_str()) {
        true => words.next().is_some_and(single),
        false => comma && single(first) && first != "a",
    })
}

/// The option that an answer begins with, where no other line begins with one.
fn first(text: &str) -> Option<String> {
    let mut options = text.lines().filter_map(|line| labelled(line.trim()));
    let option = options.next().filter(|_| options.next().is_none())?;
    labelled(text.trim()).filter(|first| *first == option)
}

/// The option of a line such as `B) Paris`, `(B) Paris`, `**B.** Paris`, `B: Paris`, `Yes, it is.`, `B is correct.`
fn labelled(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['*', '_', '`', '(', '[', '"']);
    let end = line.find(|letter: char| !letter.is_alphanumeric())?;
    let option = lower(&line[..end]);
    let after = line[end..].trim_start_matches(['*', '_', '`', '"']);
    let marks = if is_verdict(&option) { ",.:;!—–、。" } else { ").]:" };
    let dashed = after.trim_start().starts_with(['—', '–', '-']) && after.starts_with(' ');
    let correct = [" is correct", " is right", " is the correct ", " is the right ", " is the answer", " is the best "];
    let praised = correct.iter().any(|words| after.to_lowercase().starts_with(words));
    let marked = after.starts_with(|letter: char| marks.contains(letter)) || dashed || praised;
    // `3.14` begins with no option, nor does `e.g.`; `A. M. Turing` is a name.
    let mut next = after.chars().skip(1);
    let ends =
        "、。".contains(|mark| after.starts_with(mark)) || next.next().is_none_or(|next| !next.is_alphanumeric());
    let initials = after.starts_with(". ") && next.next().is_some_and(char::is_alphabetic) && next.next() == Some('.');
    let several = names_several(after.starts_with(','), after.trim_start_matches([')', ']', '.', ':', ',']));
    let rest = after.trim_start_matches([')', ']', '.', ':', '*']).to_lowercase();
    let wrong = [" is wrong", " is incorrect", " is not", " is false"].iter().any(|words| rest.starts_with(words));
    (is_option(&option) && marked && (ends || praised) && !initials && !several && !wrong).then_some(option)
}

/// A single letter that stands last in brackets or bold: `(B)`, `[B]`, `**B**`, `**B)**`; none where its clause names
/// others too, or says that it is wrong.
fn bracketed(text: &str) -> Option<String> {
    const AGAINST: [&str; 8] = ["wrong", "incorrect", "not", "neither", "none", "except", "false", "falsch"];
    let marked = |clause: &str| -> Vec<String> {
        let words = clause.split(is_space).filter(|word| word.starts_with(['(', '[', '*']));
        words.map(|word| lower(bare(word))).filter(|word| word.len() == 1 && is_option(word)).collect()
    };
    let clause = text.split(['.', ';', '\n']).rfind(|clause| !marked(clause).is_empty())?;
    let against = clause.split(is_space).any(|word| AGAINST.contains(&lower(bare(word)).as_str()));
    match marked(clause).as_slice() {
        [option] if !against => Some(option.clone()),
        _ => None,
    }
}
