//! What follows a number and changes what it says: units, and words for its size.

use super::number::{shifted, spelled};

/// Units by which numbers differ, each with its other names. A currency is none: `$5` and `5` are one answer.
const UNITS: [&[&str]; 27] = [
    &["km", "kilometer", "kilometre"],
    &["m", "meter", "metre"],
    &["cm", "centimeter", "centimetre"],
    &["mm", "millimeter", "millimetre"],
    &["mile", "mi"],
    &["foot", "feet", "ft"],
    &["inch", "inche"],
    &["kg", "kilogram", "kilo"],
    &["g", "gram", "gramm"],
    &["mg", "milligram"],
    &["tonne", "ton", "t"],
    &["lb", "pound"],
    &["l", "liter", "litre"],
    &["ml", "milliliter", "millilitre"],
    &["ms", "millisecond"],
    &["s", "second", "sec", "sekunde"],
    &["min", "minute"],
    &["h", "hour", "hr", "stunde"],
    &["day", "tag"],
    &["week", "woche"],
    &["month", "monat"],
    &["year", "jahr"],
    &["°c", "celsius"],
    &["°f", "fahrenheit"],
    &["am", "a.m"],
    &["pm", "p.m"],
    &["uhr"],
];
/// Words for how many places a number is moved, to the left where negative.
const SIZES: [(&[&str], i32); 7] = [
    (&["percent", "per cent", "prozent", "pour cent", "por ciento"], -2),
    (&["hundred"], 2),
    (&["thousand", "k", "tausend", "mille", "mil"], 3),
    (&["million", "millionen", "mio", "millones", "millón"], 6),
    (&["billion", "bn", "milliarde", "milliarden", "milliard", "mrd"], 9),
    (&["trillion", "billionen"], 12),
    (&["st", "nd", "rd", "th", "usd", "eur", "gbp", "chf"], 0),
];

/// A number with what follows it taken in, and what is left of the text; nothing if a letter goes on with the number that
/// says nothing known, as in `2x`.
pub(super) fn with_unit<'a>(number: &str, after: &'a str) -> Option<(String, &'a str)> {
    let text = after.trim_start_matches(' ');
    // Words are short, and the text may be long.
    let lower = text.chars().take(40).collect::<String>().to_lowercase();
    let longest = |words: &&[&str]| words.iter().filter_map(|word| length(&lower, word)).max();
    let size = SIZES.iter().filter_map(|(words, places)| Some((longest(words)?, *places))).max();
    let unit = UNITS.iter().filter_map(|names| Some((longest(names)?, names[0]))).max();
    if let Some((length, places)) = size.filter(|(length, _)| unit.is_none_or(|(longer, _)| *length >= longer)) {
        let form = if places < 0 { shifted(number, 2) } else { spelled(&larger(number, places)) };
        return Some((if places == 0 { number.to_owned() } else { form }, text.get(length..)?));
    }
    if let Some((length, unit)) = unit {
        return Some((format!("{number} {unit}"), text.get(length..)?));
    }
    let goes_on = after.starts_with(|letter: char| letter.is_alphanumeric() || "\\√^_{".contains(letter));
    (!goes_on).then(|| (number.to_owned(), after))
}

/// The length of this word at the start of a text, in the singular or the plural.
fn length(text: &str, word: &str) -> Option<usize> {
    let rest = text.strip_prefix(word)?;
    let ends = |end: &&&str| rest.strip_prefix(**end).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    ["", "s", "n"].iter().find(ends).map(|end| word.len() + end.len())
}

/// A number with its point so many places further right.
fn larger(number: &str, places: i32) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if !whole.trim_start_matches('-').bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return format!("{number}e{places}");
    }
    let places = usize::try_from(places).unwrap_or(0);
    let padded = format!("{part:0<places$}");
    format!("{whole}{}.{}", &padded[..places], &padded[places..])
}
