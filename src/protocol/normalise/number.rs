//! The number that an answer comes to, as one token: decimals with point or comma, grouped thousands, fractions,
//! powers, percentages, times, dates and versions.

use super::clause::{asides, is_month, last_clause, without_confidence};
use super::plain::{self, plain};
use super::unit;

/// The number that an answer names, in one spelling for all numbers of one value. What is no plain number (a time, a
/// date, a version) is kept as it is written, so that it is only ever the same as itself.
///
/// It is the boxed number, else the first one after the last announcement (`the answer is`), else the only one of the
/// last clause with any, what stands in parentheses with words (`42 (see step 3)`) left out. Where several stand there,
/// or one that is part of something else (`2x`, `from 1 to 3`), it cannot be told: then there is none. What is said
/// about confidence does not count.
pub(super) fn number(text: &str) -> Option<String> {
    let text = plain(text);
    if let Some(boxed) = plain::boxed(&text) {
        return only(boxed.trim_start_matches('{'));
    }
    let text = without_confidence(&text);
    if let Some(announced) = plain::announced(&text) {
        let clause = announced.lines().next().unwrap_or(announced);
        let value = clause.rsplit_once('=').map_or(clause, |(_, value)| value);
        if let Some(token) = tokens(value).first() {
            return told(value, token);
        }
    }
    let clause = last_clause(&text, |clause| !outside(clause).is_empty())?;
    only(clause).or_else(|| only(bold(clause)?)).or_else(|| predicate(clause))
}

/// The last number of a clause with several, where a verb says that it is the value: `5 of them cost $10`.
fn predicate(clause: &str) -> Option<String> {
    const VERBS: [&str; 21] = [
        "is", "are", "was", "be", "equals", "makes", "gives", "cost", "costs", "has", "have", "takes", "ist", "sind",
        "beträgt", "ergibt", "est", "fait", "es", "son", "total",
    ];
    let tokens = outside(clause);
    let token = tokens.last()?;
    let before = clause[..token.start].trim_end_matches(|letter: char| !letter.is_alphanumeric());
    let verb = before.rsplit(|letter: char| !letter.is_alphanumeric()).next()?.to_lowercase();
    if VERBS.contains(&verb.as_str()) { told(clause, token) } else { None }
}

/// The only number of a clause.
fn only(clause: &str) -> Option<String> {
    match outside(clause).as_slice() {
        [token] => told(clause, token),
        _ => None,
    }
}

/// The numbers that stand in no aside.
fn outside(clause: &str) -> Vec<Token> {
    let asides = asides(clause);
    tokens(clause).into_iter().filter(|token| !asides.iter().any(|aside| aside.contains(&token.start))).collect()
}

/// What is bold in a clause, if that is one thing.
fn bold(clause: &str) -> Option<&str> {
    let mut parts = clause.split("**");
    let (before, bold, _) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && !before.ends_with(char::is_alphanumeric)).then_some(bold)
}

/// A number with its unit; nothing if it is part of something else, or what follows goes on with it.
fn told(clause: &str, token: &Token) -> Option<String> {
    const JOINED: &str = "^±<>≤≥√{_/×·";
    let (before, after) = (&clause[..token.start], &clause[token.end..]);
    let last = |text: &str| text.chars().next_back();
    let sign = before.strip_suffix('-').unwrap_or(before);
    let version =
        before.strip_suffix(['v', 'V']).is_some_and(|before| !last(before).is_some_and(char::is_alphanumeric));
    let inside = last(sign).is_some_and(|letter| letter.is_alphanumeric() || JOINED.contains(letter)) && !version;
    let compared = before.trim_end().ends_with(['<', '>', '≤', '≥', '±', '√']);
    let (form, after) = unit::with_unit(&token.form, after)?;
    let operator = after.trim_start().trim_start_matches(['+', '-', '–', '*', 'x', '·', '/', '±', '^', ',']);
    let goes_on = after.trim_start().len() > operator.len()
        && operator.trim_start().starts_with(|letter: char| letter.is_ascii_digit());
    let several = ["to ", "and ", "or ", "of ", "out of "].iter().any(|word| {
        after
            .trim_start()
            .strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
    });
    let dated = is_month(before.split_whitespace().next_back()) || is_month(after.split_whitespace().next());
    (!inside && !compared && !goes_on && !several && !dated).then_some(form)
}

struct Token {
    start: usize,
    end: usize,
    form: String,
}

/// Every number of a text, in order.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let begins = digits(rest) > 0 || rest.strip_prefix('.').is_some_and(|rest| digits(rest) > 0);
        match begins.then(|| compound(rest)).flatten() {
            Some((form, length)) => {
                let negative = is_negative(&text[..at]) && form.starts_with(|letter: char| letter.is_ascii_digit());
                let form = if negative && form != "0" { format!("-{form}") } else { form };
                found.push(Token { start: at, end: at + length, form });
                at += length;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// Whether a sign stands right before, one that is no hyphen or dash between words or numbers.
fn is_negative(before: &str) -> bool {
    let before = before.strip_suffix(['$', '€', '£']).unwrap_or(before);
    if before.ends_with("minus ") {
        return true;
    }
    let Some(before) = before.strip_suffix(['-', '–']) else { return false };
    before.chars().next_back().is_none_or(|letter| !(letter.is_alphanumeric() || letter == ')'))
}

fn digits(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len())
}

/// The number or what is made of numbers at the start of a text, in its form, and its length.
fn compound(text: &str) -> Option<(String, usize)> {
    if let Some(length) = chain(text, &[':'], 2).or_else(|| date(text)).or_else(|| dotted(text)) {
        return Some((text[..length].to_owned(), length));
    }
    let (number, length) = decimal(text)?;
    let rest = &text[length..];
    if let Some((form, more)) = rest.strip_prefix(' ').and_then(|part| mixed(&number, part)) {
        return Some((form, length + 1 + more));
    }
    if let Some(part) = rest.strip_prefix('/').or_else(|| rest.strip_prefix(" / ")).filter(|part| digits(part) > 0) {
        let between = rest.len() - part.len();
        let (under, more) = decimal(part)?;
        return Some((fraction(&number, &under), length + between + more));
    }
    if let Some(part) = rest.strip_prefix("^").or_else(|| rest.strip_prefix("**")).filter(|part| exponent(part) > 0) {
        let between = rest.len() - part.len();
        let exponent = &part[..exponent(part)];
        return Some((power(&number, exponent), length + between + exponent.len()));
    }
    if let Some(part) =
        [" x 10^", "x10^", " * 10^", "*10^", " · 10^", "·10^"].iter().find_map(|times| rest.strip_prefix(times))
    {
        let exponent = exponent(part);
        if exponent > 0 {
            let between = rest.len() - part.len();
            return Some((spelled(&format!("{number}e{}", &part[..exponent])), length + between + exponent));
        }
    }
    if let Some(rest_after) = rest.strip_prefix('%').or_else(|| rest.strip_prefix(" %")) {
        return Some((shifted(&number, 2), length + rest.len() - rest_after.len()));
    }
    Some((number, length))
}

/// The length of a whole number with or without a sign; 0 if there is none.
fn exponent(text: &str) -> usize {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits(unsigned) > 0 { text.len() - unsigned.len() + digits(unsigned) } else { 0 }
}

/// A whole number and a fraction behind it, `2 1/2`, and how long the fraction is.
fn mixed(whole: &str, text: &str) -> Option<(String, usize)> {
    let over = digits(text);
    let part = text[over..].strip_prefix('/')?;
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number < 1_000_000);
    let (whole, over_value, under) = (number(whole)?, number(&text[..over])?, number(&part[..digits(part)])?);
    let over_all = (whole * under + over_value).to_string();
    (over_value < under).then(|| (fraction(&over_all, &under.to_string()), over + 1 + digits(part)))
}

/// The length of digits that are joined by one of these marks, at least `count` of them together.
fn chain(text: &str, marks: &[char], count: usize) -> Option<usize> {
    let mut length = digits(text);
    let mut parts = 1;
    while length > 0 {
        let Some(rest) = text[length..].strip_prefix(marks).filter(|rest| digits(rest) > 0) else { break };
        length += 1 + digits(rest);
        parts += 1;
    }
    (parts >= count).then_some(length)
}

/// A date such as `2026-11-30`, `30/11/2026`.
fn date(text: &str) -> Option<usize> {
    ['-', '/'].iter().find_map(|mark| {
        let length = chain(text, &[*mark], 3)?;
        (text[..length].matches(*mark).count() == 2).then_some(length)
    })
}

/// A version, an address or a date such as `1.2.3`; not thousands such as `1.234.567`.
fn dotted(text: &str) -> Option<usize> {
    let length = chain(text, &['.'], 3)?;
    let mut parts = text[..length].split('.');
    let first = parts.next().unwrap_or_default();
    let grouped = (1..=3).contains(&first.len()) && first != "0" && parts.all(|part| part.len() == 3);
    (!grouped).then_some(length)
}

/// A decimal number at the start of a text, in its form, and its length.
fn decimal(text: &str) -> Option<(String, usize)> {
    let mut length = digits(text);
    let mut literal = text[..length].to_owned();
    let group = group_mark(&text[..length], &text[length..]);
    if let Some(mark) = group {
        while let Some(rest) = text[length..].strip_prefix(mark).filter(|rest| digits(rest) == 3) {
            literal.push_str(&rest[..3]);
            length += mark.len_utf8() + 3;
        }
    }
    let point = ['.', ','].into_iter().find(|mark| Some(*mark) != group && text[length..].starts_with(*mark));
    if let Some(part) = point.and_then(|mark| text[length..].strip_prefix(mark)).filter(|part| digits(part) > 0) {
        literal = format!("{literal}.{}", &part[..digits(part)]);
        length += 1 + digits(part);
    }
    if literal.is_empty() {
        return None;
    }
    let exponent = text[length..].strip_prefix(['e', 'E']).map_or(0, |rest| {
        let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        if digits(unsigned) > 0 { 1 + rest.len() - unsigned.len() + digits(unsigned) } else { 0 }
    });
    literal.push_str(&text[length..length + exponent]);
    Some((spelled(&literal), length + exponent))
}

/// What groups the thousands of a number that begins with these digits. A comma before three digits groups, as English
/// has it; a point before three digits does where another group or a decimal comma follows, else it is decimal.
fn group_mark(first: &str, rest: &str) -> Option<char> {
    if !(1..=3).contains(&first.len()) || first == "0" {
        return None;
    }
    let mark = rest.chars().next().filter(|mark| ",. '_".contains(*mark))?;
    let groups = rest.split(mark).skip(1).take_while(|part| digits(part) == 3).count();
    let after = rest.get(groups * 4..).unwrap_or_default();
    let followed = after.starts_with(if mark == ',' { '.' } else { ',' }) && digits(&after[1..]) > 0;
    (groups > 1 || (groups == 1 && (mark != '.' || followed))).then_some(mark)
}

/// A fraction in lowest terms; as a decimal where that ends.
fn fraction(over: &str, under: &str) -> String {
    let (Ok(over), Ok(under)) = (over.parse::<u64>(), under.parse::<u64>()) else { return format!("{over}/{under}") };
    if under == 0 {
        return format!("{over}/{under}");
    }
    let mut divisor = (over, under);
    while divisor.1 > 0 {
        divisor = (divisor.1, divisor.0 % divisor.1);
    }
    let (over, under) = (over / divisor.0, under / divisor.0);
    // Seventeen places hold every fraction whose denominator ends; others are told by the last step.
    let places = (0..=17u32).find(|places| 10u64.pow(*places) % under == 0);
    match places.and_then(|places| Some((places, over.checked_mul(10u64.pow(places) / under)?))) {
        Some((places, digits)) => shifted(&digits.to_string(), places as usize),
        None => format!("{over}/{under}"),
    }
}

/// A power, worked out where it is a whole number that fits.
fn power(base: &str, exponent: &str) -> String {
    let value =
        base.parse::<u128>().ok().zip(exponent.parse().ok()).and_then(|(base, exponent)| base.checked_pow(exponent));
    value.map_or_else(
        || if base == "10" { spelled(&format!("1e{exponent}")) } else { format!("{base}^{exponent}") },
        |value| value.to_string(),
    )
}

/// A number in its form, with its point so many places further left.
pub(super) fn shifted(number: &str, places: usize) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if !whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit()) {
        return format!("{number}e-{places}");
    }
    let padded = format!("{whole:0>width$}", width = places + 1);
    let (whole, moved) = padded.split_at(padded.len() - places);
    spelled(&format!("{whole}.{moved}{part}"))
}

/// One spelling for numbers that are equal: no zeros that say nothing. Whole numbers of any length stay exact.
pub(super) fn spelled(literal: &str) -> String {
    if literal.contains(['e', 'E']) {
        return match literal.parse::<f64>() {
            Ok(float) if float.is_finite() => (float + 0.0).to_string(),
            _ => literal.to_owned(),
        };
    }
    let (whole, part) = literal.split_once('.').unwrap_or((literal, ""));
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}
