//! Answers without their dress: LaTeX, full-width letters, other spaces and signs.

/// Commands of LaTeX that only dress what follows them.
const DRESS: [&str; 16] = [
    "\\left",
    "\\right",
    "\\displaystyle",
    "\\textbf",
    "\\textit",
    "\\textrm",
    "\\text",
    "\\mathrm",
    "\\mathbf",
    "\\,",
    "\\;",
    "\\!",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
];
/// Fractions that are one letter.
const VULGAR: [(char, &str); 9] = [
    ('½', "1/2"),
    ('⅓', "1/3"),
    ('⅔', "2/3"),
    ('¼', "1/4"),
    ('¾', "3/4"),
    ('⅕', "1/5"),
    ('⅙', "1/6"),
    ('⅛', "1/8"),
    ('⅜', "3/8"),
];

/// The text with one kind of each sign: ASCII digits and letters for full-width ones, a space for every space within a
/// line, `-` for every minus, `'` for every apostrophe, `a/b` for LaTeX fractions.
pub(super) fn plain(text: &str) -> String {
    let text: String = text.chars().filter_map(sign).collect();
    let mut text = text.replace("\\%", "%").replace("\\$", "$").replace("\\times", "x").replace("\\cdot", "·");
    for dress in DRESS {
        text = text.replace(dress, "");
    }
    superscripts(&braces(&fractions(&vulgar(&text))))
}

/// `2½` as `2 1/2`.
fn vulgar(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match VULGAR.iter().find(|(known, _)| *known == letter) {
            Some((_, written)) if out.ends_with(|before: char| before.is_ascii_digit()) => out.extend([" ", written]),
            Some((_, written)) => out.push_str(written),
            None => out.push(letter),
        }
    }
    out
}

fn sign(letter: char) -> Option<char> {
    Some(match letter {
        // Full-width forms lie in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0)?,
        // Arabic, Persian and Devanagari digits.
        '٠'..='٩' => digit(letter, '٠')?,
        '۰'..='۹' => digit(letter, '۰')?,
        '०'..='९' => digit(letter, '०')?,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => return None,
        '\u{2212}' | '\u{2010}' | '\u{2011}' => '-',
        '’' | '‘' | 'ʼ' => '\'',
        '×' => 'x',
        '∶' => ':',
        '⁄' | '∕' => '/',
        letter => letter,
    })
}

fn digit(letter: char, zero: char) -> Option<char> {
    char::from_digit(u32::from(letter) - u32::from(zero), 10)
}

/// `\frac{1}{2}` and `\frac12` as `1/2`.
fn fractions(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("frac") {
        let command = rest[..at].rfind('\\').filter(|slash| at - slash <= 2);
        let parts = command.and_then(|slash| {
            let (over, after) = argument(&rest[at + 4..])?;
            let (under, after) = argument(after)?;
            Some((slash, over, under, after))
        });
        let Some((slash, over, under, after)) = parts else {
            out.push_str(&rest[..at + 4]);
            rest = &rest[at + 4..];
            continue;
        };
        out.push_str(&rest[..slash]);
        out.extend([over, "/", under]);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What a command of LaTeX is given first: `{…}`, or a digit.
fn argument(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('{') {
        Some(inside) => inside.split_once('}'),
        None => text.starts_with(|letter: char| letter.is_ascii_digit()).then(|| text.split_at(1)),
    }
}

/// `10^{3}` as `10^3`, `1{,}000` as `1,000`.
fn braces(text: &str) -> String {
    text.replace("^{", "^").replace("{,}", ",")
}

/// `10³` as `10^3`.
fn superscripts(text: &str) -> String {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";
    let mut out = String::with_capacity(text.len());
    let mut raised = false;
    for letter in text.chars() {
        let digit =
            RAISED.chars().zip(('0'..='9').chain(['-'])).find(|(raised, _)| *raised == letter).map(|(_, digit)| digit);
        if digit.is_some() && !raised {
            out.push('^');
        }
        raised = digit.is_some();
        out.push(digit.unwrap_or(letter));
    }
    out
}

/// What the last `\boxed{…}` holds.
pub(super) fn boxed(text: &str) -> Option<&str> {
    let inside = &text[text.rfind("\\boxed{")? + 7..];
    let mut depth = 1;
    let end = inside.char_indices().find(|(_, letter)| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    Some(&inside[..end.map_or(inside.len(), |(at, _)| at)])
}

/// Words that announce an answer, in lower case.
const ANNOUNCE: [&str; 34] = [
    "answer",
    "result",
    "choice",
    "option",
    "choose",
    "chose",
    "pick",
    "select",
    "go with",
    "it's",
    "antwort",
    "ergebnis",
    "lösung",
    "réponse",
    "résultat",
    "respuesta",
    "resultado",
    "opción",
    "risposta",
    "risultato",
    "resposta",
    "antwoord",
    "odpowiedź",
    "svar",
    "ответ",
    "答案",
    "选择",
    "选",
    "答え",
    "正解",
    "정답",
    "답은",
    "答",
    "####",
];
/// What may stand between such a word and the answer.
const BETWEEN: [&str; 31] = [
    "is", "are", "would", "be", "must", "should", "option", "choice", "answer", "the", "number", "ist", "lautet",
    "wäre", "est", "es", "la", "le", "el", "die", "der", "das", "sería", "serait", "è", "é", "är", "是", "为", "选",
    "は",
];

/// What follows the last announcement of an answer: `the answer is`, `Antwort:`, `答案是`. Nothing where such a word is
/// followed by other words.
pub(super) fn announced(text: &str) -> Option<&str> {
    let lower = text.to_lowercase();
    // Some letters change their length in lower case: then places in one are none in the other.
    let lower = if lower.len() == text.len() { lower } else { text.to_ascii_lowercase() };
    let ends = ANNOUNCE.iter().flat_map(|word| {
        let lower = &lower;
        lower
            .match_indices(word)
            .filter(|(at, _)| {
                let before = lower[..*at].chars().next_back();
                !word.is_ascii() || !before.is_some_and(char::is_alphanumeric)
            })
            .map(|(at, word)| at + word.len())
    });
    let mut ends: Vec<usize> = ends.collect();
    ends.sort_unstable();
    ends.into_iter().rev().find_map(|end| {
        let mut rest = &lower[end..];
        let mut linked = text[..end].ends_with(|letter| letter > '\u{2e7f}');
        loop {
            let trimmed =
                rest.trim_start_matches(|letter: char| letter.is_whitespace() || ":=：*_`\"'#".contains(letter));
            linked |= trimmed.len() < rest.len();
            rest = trimmed;
            let ends_word = |after: &str| !after.starts_with(|letter: char| letter.is_ascii_alphanumeric());
            let word = BETWEEN.iter().filter_map(|word| Some((word, rest.strip_prefix(word)?)));
            match word
                .filter(|(word, after)| !word.is_ascii() || ends_word(after))
                .map(|(_, after)| after)
                .min_by_key(|after| after.len())
            {
                Some(after) => (rest, linked) = (after, true),
                None => break,
            }
        }
        let answers = rest.starts_with(|letter: char| !letter.is_alphabetic())
            // Behind a Latin letter, one of a script without spaces begins another word.
            || rest.chars().nth(1).is_none_or(|letter| !letter.is_alphabetic() || letter > '\u{2e7f}')
            || ["yes", "no", "true", "false", "ii", "iv", "vi", "ix"].iter().any(|word| rest.starts_with(word));
        (linked && answers && !rest.is_empty()).then(|| &text[text.len() - rest.len()..])
    })
}
