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

/// Without marks and punctuation at its ends.
fn bare(text: &str) -> &str {
    text.trim_matches(|letter: char| !letter.is_alphanumeric())
}

fn is_option(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric()) || is_verdict(word)
}

fn is_verdict(word: &str) -> bool {
    matches!(word, "yes" | "no" | "true" | "false")
}

/// The option at the start of what was announced. `a` is an article more often than an option, unless it is marked.
fn leading(text: &str) -> Option<String> {
    let word = text.split(|letter: char| is_space(letter) || "。，、".contains(letter)).next()?;
    let stem = word.split(|letter: char| ")].:,;".contains(letter)).find(|part| !bare(part).is_empty())?;
    let option = lower(bare(stem));
    (is_option(&option) && (word != "a" || text.trim() == "a")).then_some(option)
}

/// The option that an answer begins with, where no other line begins with one.
fn first(text: &str) -> Option<String> {
    let mut options = text.lines().filter_map(|line| labelled(line.trim()));
    let option = options.next().filter(|_| options.next().is_none())?;
    labelled(text.trim()).filter(|first| *first == option)
}

/// The option of a line such as `B) Paris`, `(B) Paris`, `**B.** Paris`, `B: Paris`, `Yes, it is.`
fn labelled(line: &str) -> Option<String> {
    let line = line.trim_start_matches(['*', '_', '`', '(', '[', '"']);
    let end = line.find(|letter: char| !letter.is_alphanumeric())?;
    let option = lower(&line[..end]);
    let after = line[end..].trim_start_matches(['*', '_', '`', '"']);
    let marks = if is_verdict(&option) { ",.:;!—–" } else { ").]:" };
    let dashed = after.trim_start().starts_with(['—', '–', '-']) && after.starts_with(' ') && !is_verdict(&option);
    let marked = after.starts_with(|letter: char| marks.contains(letter)) || dashed;
    // `3.14` begins with no option, nor does `e.g.`.
    let ends = after.chars().nth(1).is_none_or(|next| !next.is_alphanumeric());
    (is_option(&option) && marked && ends).then_some(option)
}

/// A single letter that stands last in brackets or bold: `(B)`, `[B]`, `**B**`, `**B)**`.
fn bracketed(text: &str) -> Option<String> {
    let words = text.split(is_space).filter(|word| word.starts_with(['(', '[', '*']));
    words.map(|word| lower(bare(word))).rfind(|word| word.len() == 1 && is_option(word))
}
