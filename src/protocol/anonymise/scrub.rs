//! Takes self-identification out of an answer: "I am Claude", "As Gemini, I …", "— Codex".

use super::code;
use super::ways::{PLACEHOLDERS, Place, WAYS};
use crate::protocol::quote::floor;
use regex_lite::{Captures, Regex};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Signatures stand within this many lines from the end, blank ones not counted.
const SIGNATURE_LINES: usize = 3;
/// A way of saying who one is takes less than this many bytes.
const WINDOW_BYTES: usize = 600;
/// At most so many windows at each end of a text are searched.
const WINDOWS: usize = 40;
/// What follows the name of a program, and is no surname.
const PRODUCTS: [&str; 19] = [
    "opus", "sonnet", "haiku", "fable", "code", "cli", "pro", "flash", "ultra", "nano", "mini", "max", "ai",
    "deepmind", "advanced", "turbo", "lite", "preview", "team",
];
/// What a program is called, or what it does here.
const PROGRAM_WORDS: [&str; 14] = [
    "model",
    "assistant",
    "ai",
    "system",
    "agent",
    "bot",
    "program",
    "llm",
    "cli",
    "intelligence",
    "answer",
    "response",
    "review",
    "participant",
];
/// Words by which a text is about signs of the zodiac.
const ZODIAC: [&str; 9] =
    ["horoscope", "zodiac", "star sign", "astrolog", "sternzeichen", "sagittarius", "capricorn", "aquarius", "pisces"];

/// Knows the names that must not show, and the question and files, whose words always may.
#[derive(Debug)]
pub struct Scrub {
    names: Vec<String>,
    given: Vec<Arc<str>>,
    rules: OnceLock<Vec<Rule>>,
}

/// One way of saying who one is.
#[derive(Debug)]
struct Rule {
    pattern: Regex,
    replacement: &'static str,
    place: Place,
}

impl Scrub {
    /// A scrub of these names (of vendors, products, participants), in any case; `given` is what
    /// the person gave: a phrase that occurs there stays as it is.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>, given: Vec<Arc<str>>) -> Self {
        let mut names: Vec<_> = names.into_iter().map(|name| name.trim().to_lowercase()).collect();
        names.retain(|name| !name.is_empty());
        // The longest first, so that `claude-opus` is not taken for `claude`.
        names.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        names.dedup();
        Self { names, given, rules: OnceLock::new() }
    }

    /// The text as others may see it. Only what its author says about itself is changed, never
    /// code, never what is quoted from the question or the files; mostly nothing at all.
    #[must_use]
    pub fn copy(&self, text: &Arc<str>) -> Arc<str> {
        let mut edits = self.edits(text);
        if edits.is_empty() {
            return Arc::clone(text);
        }
        edits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut copy = String::with_capacity(text.len());
        let mut done = 0;
        for (range, replacement) in edits {
            if range.start >= done {
                copy.push_str(&text[done..range.start]);
                copy.push_str(&replacement);
                done = range.end;
            }
        }
        copy.push_str(&text[done..]);
        copy.into()
    }

    fn edits(&self, text: &str) -> Vec<(Range<usize>, String)> {
        let windows = self.windows(text);
        if windows.is_empty() {
            return Vec::new();
        }
        let code = code::spans(text);
        let tail = tail(text);
        let mut edits = Vec::new();
        for rule in self.rules() {
            for window in &windows {
                for found in rule.pattern.captures_iter(&text[window.clone()]) {
                    let Some(whole) = found.get(0) else { continue };
                    let range = window.start + whole.start()..window.start + whole.end();
                    let in_code = code.iter().any(|span| span.start < range.end && range.start < span.end);
                    let in_place = match rule.place {
                        Place::Anywhere => true,
                        Place::Start => text[..range.start].trim().is_empty(),
                        Place::End => range.start >= tail,
                    };
                    // There the pattern sees the start of a line where there is none.
                    let at_edge = range.start == window.start && !line_starts(text, window.start);
                    let own = ends_a_name(&text[range.end..]) && !is_somebody_else(text, &range);
                    if in_place && own && !in_code && !at_edge && !self.is_given(whole.as_str()) {
                        edits.push((range, expand(&found, rule.replacement)));
                    }
                }
            }
        }
        edits
    }

    fn is_given(&self, phrase: &str) -> bool {
        let phrase = phrase.trim();
        self.given.iter().any(|text| text.contains(phrase))
    }

    /// Where a name occurs, with what stands around it in its paragraph: only there can anything be found. Of very many
    /// only those nearest to both ends, where authors say who they are: the time stays linear, whatever a text is.
    fn windows(&self, text: &str) -> Vec<Range<usize>> {
        let lower = text.to_ascii_lowercase();
        let mut places: Vec<usize> =
            self.names.iter().flat_map(|name| lower.match_indices(name.as_str()).map(|(at, _)| at)).collect();
        places.sort_unstable();
        let mut windows: Vec<Range<usize>> = Vec::new();
        for place in places {
            let window = around(text, place);
            match windows.last_mut() {
                Some(last) if window.start <= last.end && window.end - last.start <= WINDOW_BYTES => {
                    last.end = window.end;
                }
                Some(last) if place < last.end => {}
                _ => windows.push(window),
            }
        }
        if windows.len() > 2 * WINDOWS {
            windows.drain(WINDOWS..windows.len() - WINDOWS);
        }
        windows
    }

    fn rules(&self) -> &[Rule] {
        self.rules.get_or_init(|| rules(&self.names))
    }
}

/// What stands around a place, within its paragraph and from the start of its line where that is near.
fn around(text: &str, place: usize) -> Range<usize> {
    let near = floor(text, place.saturating_sub(WINDOW_BYTES / 4))..floor(text, place + WINDOW_BYTES / 2);
    let (before, after) = (&text[near.start..place], &text[place..near.end]);
    let line = before.find('\n').map(|at| at + 1).filter(|_| !line_starts(text, near.start));
    let start = before.rfind("\n\n").map(|at| at + 2).or(line);
    let end = after.find("\n\n").unwrap_or(after.len());
    near.start + start.unwrap_or(0)..place + end
}

fn line_starts(text: &str, at: usize) -> bool {
    text[..at].is_empty() || text[..at].ends_with('\n')
}

/// Whether a phrase speaks of somebody else by that name: within quotation marks, before a surname, with a calling that
/// no program has, or as a sign of the zodiac.
fn is_somebody_else(text: &str, range: &Range<usize>) -> bool {
    let paragraph = text[..range.start].rfind("\n\n").map_or(0, |at| at + 2);
    let end = text[range.end..].find("\n\n").map_or(text.len(), |at| range.end + at);
    let near = paragraph.max(floor(text, range.start.saturating_sub(WINDOW_BYTES)));
    let before = &text[near..range.start];
    let after = &text[range.end..end.min(floor(text, range.end + WINDOW_BYTES))];
    let straight = before.matches('"').count() % 2 == 1 && after.contains('"');
    let curly = [('“', '”'), ('„', '“'), ('«', '»'), ('‘', '’')];
    let quoted = curly.iter().any(|(open, close)| {
        before.rfind(*open).is_some_and(|at| !before[at + open.len_utf8()..].contains(*close)) && after.contains(*close)
    });
    let word = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_owned();
    let follows = after.strip_prefix(' ').filter(|_| text[..range.end].ends_with(char::is_alphanumeric)).map(word);
    let surname = follows.is_some_and(|word| {
        let other = !PRODUCTS.contains(&word.to_lowercase().as_str()) && !matches!(word.as_str(), "I" | "And" | "As");
        other && word.starts_with(char::is_uppercase)
    });
    let calling = after.strip_prefix(", ").is_some_and(|rest| {
        let described = ["a ", "an ", "the "].iter().any(|article| rest.starts_with(article));
        let clause = rest.split(['.', ';', '\n', ',']).next().unwrap_or(rest).to_lowercase();
        described && !PROGRAM_WORDS.iter().any(|word| clause.contains(word))
    });
    let lower = text[near..end.min(floor(text, range.end + WINDOW_BYTES))].to_lowercase();
    straight || quoted || surname || calling || ZODIAC.iter().any(|word| lower.contains(word))
}

/// Where the last few lines begin.
fn tail(text: &str) -> usize {
    let lines = text.trim_end().rmatch_indices('\n').map(|(at, _)| at + 1).chain([0]);
    let filled = lines.filter(|at| !text[*at..].lines().next().unwrap_or("").trim().is_empty());
    filled.take(SIGNATURE_LINES).last().unwrap_or(0)
}

/// Whether what follows shows that the name was whole: not `Google-like`, not `Claudette`.
fn ends_a_name(rest: &str) -> bool {
    let mut letters = rest.chars();
    match letters.next() {
        Some('-' | '‑' | '\'' | '’') => !letters.next().is_some_and(char::is_alphanumeric),
        Some(letter) => !letter.is_alphanumeric() && letter != '_',
        None => true,
    }
}

fn expand(found: &Captures<'_>, replacement: &str) -> String {
    let mut text = String::new();
    found.expand(replacement, &mut text);
    text
}

/// The ways of saying who one is, with the names in place.
fn rules(names: &[String]) -> Vec<Rule> {
    let any = names.iter().map(|name| regex_lite::escape(name)).collect::<Vec<_>>().join("|");
    // What may follow a name: `Opus 4.6`, `-4o`.
    let product = PRODUCTS.join("|");
    let version = format!(r"(?:[ -](?:(?i:{product})\b|[vo]?[0-9][0-9A-Za-z.:]*[0-9A-Za-z]|[0-9])){{0,4}}");
    let name = format!("(?i:{any}){version}");
    let pattern = |way: &str| {
        // What a placeholder stands for may hold those that come after it.
        let text = PLACEHOLDERS.iter().fold(way.to_owned(), |text, (known, meaning)| text.replace(known, meaning));
        Regex::new(&text.replace("{n}", &name)).ok()
    };
    let rule = |(way, replacement, place): &(&str, &'static str, Place)| {
        Some(Rule { pattern: pattern(way)?, replacement, place: *place })
    };
    WAYS.iter().filter_map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 9] =
        ["claude", "anthropic", "codex", "chatgpt", "gpt", "openai", "gemini", "google", "claude-opus"];

    fn scrub(text: &str) -> String {
        with_question("Codex or Gemini?", text)
    }

    fn with_question(question: &str, text: &str) -> String {
        Scrub::new(NAMES.map(str::to_owned), vec![question.into()]).copy(&text.into()).to_string()
    }

    #[test]
    fn every_pattern_compiles() {
        let names = NAMES.map(str::to_owned).to_vec();
        assert_eq!(rules(&names).len(), WAYS.len());
        assert_eq!(rules(&["o.3(x".to_owned(), "llama3.2:3b".to_owned()]).len(), WAYS.len());
    }

    #[test]
    fn self_identification_goes() {
        for (text, left) in [
            ("I am Claude, made by Anthropic. Paris.", "I am one of the participants. Paris."),
            ("I'm ChatGPT, made by OpenAI, and I say no.", "I'm one of the participants, and I say no."),
            ("I’m Claude Opus 4.6, an AI assistant created by Anthropic.", "I’m one of the participants."),
            ("Hello! My name is **Gemini**. Paris.", "Hello! My name is one of the participants. Paris."),
            ("I am an assistant called Claude. Paris.", "I am one of the participants. Paris."),
            ("I am a large language model, trained by Google. Yes.", "I am a large language model. Yes."),
            ("I'm an OpenAI model, so no.", "I'm a participating model, so no."),
            ("I'm Anthropic's Claude.", "I'm one of the participants."),
            ("I was trained by OpenAI.", "I was made by my developers."),
            ("As Gemini, I would choose B.", "As one of the participants, I would choose B."),
            (
                "I am Codex, and as GPT-5 I say B.",
                "I am one of the participants, and as one of the participants I say B.",
            ),
            ("So, as Claude, my view is B.", "So, as one of the participants, my view is B."),
            ("As an AI made by OpenAI, I cannot.", "As an AI, I cannot."),
            ("As Claude, an AI assistant made by Anthropic, I say B.", "As one of the participants, I say B."),
            ("I, Claude, think so.", "I, one of the participants, think so."),
            ("Codex here: B.", "one of the participants here: B."),
            ("Hi, Claude here! B.", "Hi, one of the participants here! B."),
            (
                "I'm Codex, a coding agent based on GPT-5, and I think so.",
                "I'm one of the participants, and I think so.",
            ),
            ("I am GPT-4o, OpenAI's model.", "I am one of the participants."),
            ("I'm Claude (made by Anthropic).", "I'm one of the participants."),
            ("As Claude, made by Anthropic, I'd say B.", "As one of the participants, I'd say B."),
            ("As ChatGPT, OpenAI's assistant, I would.", "As one of the participants, I would."),
            ("I, as Claude, think so.", "I, one of the participants, think so."),
            ("My name's Claude.", "My name's one of the participants."),
            ("I'm called Claude.", "I'm called one of the participants."),
            ("This answer was written by Claude.", "This answer was written."),
            ("**Claude's answer:** B", " B"),
            ("Claude: I think B.", "I think B."),
            ("Ich bin Claude, entwickelt von Anthropic.", "Ich bin …."),
            ("我是Claude。", "我是…。"),
            ("Signed,\nClaude", "Signed,\n"),
            ("B.\n\n_— Gemini_", "B.\n\n"),
            ("OpenAI trained me well.", "my developers trained me well."),
            ("my creators at Anthropic say so", "my creators say so"),
            ("B.\n\n— Claude", "B.\n\n"),
            ("B.\n\n-- Claude Opus 4.6 (Anthropic)\n", "B.\n\n\n"),
            ("B.\n\n*– Gemini, by Google*", "B.\n\n"),
            ("B.\n\nBest regards,\nClaude", "B.\n\nBest regards,\n"),
            ("It is B. — Claude", "It is B."),
            ("i am claude.", "i am one of the participants."),
        ] {
            assert_eq!(scrub(text), left, "{text}");
        }
    }

    #[test]
    fn talk_about_others_stays() {
        for text in [
            "Codex or Gemini? Gemini is faster, Codex is more careful.",
            "Fast and as good as Gemini, I think; and as Gemini grows, we pay.",
            "As Gemini grows, Codex has to follow; it is as good as Gemini, I think.",
            "- Codex\n- Gemini",
            "My recommendation — Gemini",
            "> Don't be evil.\n\n— Google\n\nThat was long ago.\n\nMuch has changed.\n\nMuch has not.\nAs you know.",
            "Claude Monet painted it. I am a Claudette fan, I'm Google-certified.",
            "I am not Claude's lawyer.",
            "An assistant made by OpenAI is another choice.",
            "This is Gemini at its best.",
            "Gemini: it is open. Codex: it is not.",
        ] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn people_of_that_name_stay() {
        for text in [
            "From the diary: I am Claude Monet, and I paint.",
            "\"I am Claude,\" said the painter, \"and this is Giverny.\"",
            "„Ich bin Claude“, sagte er.",
            "I am Claude, a baker from Lyon, and this is my story.",
            "I'm Gemini, so my horoscope says to rest; as Gemini, I never do.",
        ] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn a_long_paragraph_is_searched_near_its_ends() {
        let wall = "Claude and Gemini differ. ".repeat(40_000);
        let text = format!("I am Claude. {wall} So say I, as I am Gemini.");
        let scrubbed = scrub(&text);
        assert!(scrubbed.starts_with("I am one of the participants. Claude and Gemini"), "{}", &scrubbed[..80]);
        assert!(scrubbed.ends_with("as I am one of the participants."));
    }

    #[test]
    fn code_stays() {
        for text in [
            "```\nprint('I am Claude')\n```\nA program about nobody.",
            "Say `I am Claude` to greet.",
            "Thus:\n\n    I am Claude\n\nas I said.",
            "```\nB.\n— Claude\n```",
        ] {
            assert_eq!(scrub(text), text);
        }
        assert_eq!(scrub("`I am Claude` says: I am Claude."), "`I am Claude` says: I am one of the participants.");
    }

    #[test]
    fn words_of_the_question_stay() {
        let question = "Who says \"I am Claude, made by Anthropic\"?";
        let text = "\"I am Claude, made by Anthropic\" is what it says. I am Gemini.";
        let left = "\"I am Claude, made by Anthropic\" is what it says. I am one of the participants.";
        assert_eq!(with_question(question, text), left);
    }

    #[test]
    fn a_text_without_names_is_shared() {
        let text: Arc<str> = "I am sure.\n\n— me".into();
        assert!(Arc::ptr_eq(&text, &Scrub::new(NAMES.map(str::to_owned), Vec::new()).copy(&text)));
        let nobody = Scrub::new([String::new()], Vec::new());
        assert!(Arc::ptr_eq(&text, &nobody.copy(&text)));
    }
}
