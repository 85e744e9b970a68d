//! Takes self-identification out of an answer: "I am Claude", "As Gemini, I …", "— Codex".

use super::code;
use regex_lite::{Captures, Regex};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Signatures stand within this many lines from the end, blank ones not counted.
const SIGNATURE_LINES: usize = 3;

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
    /// Whether it counts near the end of a text only.
    signature: bool,
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
        let paragraphs = self.paragraphs_with_names(text);
        if paragraphs.is_empty() {
            return Vec::new();
        }
        let code = code::spans(text);
        let tail = tail(text);
        let mut edits = Vec::new();
        for rule in self.rules() {
            for paragraph in &paragraphs {
                for found in rule.pattern.captures_iter(&text[paragraph.clone()]) {
                    let Some(whole) = found.get(0) else { continue };
                    let range = paragraph.start + whole.start()..paragraph.start + whole.end();
                    let in_code = code.iter().any(|span| span.start < range.end && range.start < span.end);
                    let early = rule.signature && range.start < tail;
                    if !in_code && !early && !self.is_given(whole.as_str()) && ends_a_name(&text[range.end..]) {
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

    /// The paragraphs in which a name occurs: only there can anything be found.
    fn paragraphs_with_names(&self, text: &str) -> Vec<Range<usize>> {
        let lower = text.to_ascii_lowercase();
        let mut found = Vec::new();
        let mut paragraph = 0..0;
        let mut at = 0;
        for line in lower.split_inclusive('\n').chain(["\n"]) {
            at += line.len();
            if line.trim().is_empty() {
                if self.names.iter().any(|name| lower[paragraph.clone()].contains(name.as_str())) {
                    found.push(paragraph);
                }
                paragraph = at.min(text.len())..at.min(text.len());
            } else {
                paragraph.end = at;
            }
        }
        found
    }

    fn rules(&self) -> &[Rule] {
        self.rules.get_or_init(|| rules(&self.names))
    }
}

/// Where the last few lines begin.
fn tail(text: &str) -> usize {
    let lines = text.trim_end().rmatch_indices('\n').map(|(at, _)| at + 1);
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

/// The ways of saying who one is. `{n}` is a name with what may follow it (`Claude Opus 4.6`),
/// `{np}` a few words such as `a helpful assistant`, `{ai}` such words for a program, `{by}` who
/// made it, `{some}` what is put in place of a name.
fn rules(names: &[String]) -> Vec<Rule> {
    let any = names.iter().map(|name| regex_lite::escape(name)).collect::<Vec<_>>().join("|");
    let name = format!(r"\b(?i:{any})(?:[ -](?:[A-Z][A-Za-z]*|[vo]?[0-9][0-9A-Za-z.:]*[0-9A-Za-z]|[0-9])){{0,4}}\b");
    let by = r"(?i:(?:made|created|built|developed|trained|designed|powered|provided|maintained)(?: and (?:made|built|trained|maintained))? by\s+(?:the\s+)?){n}(?:['’]s team)?";
    let words = r"(?:[A-Za-z'’-]+\s+){0,6}";
    let article = "(?i:an?|the|your)";
    let program = "(?i:models?|assistant|AI|system|agent|chatbot|bot|program|LLM|CLI|intelligence)";
    let pattern = |text: &str| {
        // What a placeholder stands for may hold the ones after it.
        let text = text.replace("{by}", by);
        let text = text.replace("{ai}", &format!(r"{article}\s+{words}{program}"));
        let text = text.replace("{np}", &format!(r"{article}\s+{words}[A-Za-z'’-]+"));
        Regex::new(&text.replace("{n}", &name)).ok()
    };
    let rule = |(text, replacement, signature): &(&str, &'static str, bool)| {
        Some(Rule { pattern: pattern(text)?, replacement, signature: *signature })
    };
    WAYS.iter().filter_map(rule).collect()
}

/// Pattern, replacement, whether it is a signature.
const WAYS: &[(&str, &str, bool)] = &[
    // I am Claude(, an AI assistant made by Anthropic); I'm Anthropic's model; my name is …
    (
        r"\b((?i:I am|I['’]m|my name is|call me))\s+(?:{np}\s+(?i:called|named)\s+)?[*_]*{n}(?:['’]s\s+(?:{n}|(?:[A-Za-z-]+\s+){0,4}(?i:model|assistant|AI|chatbot)\b))?[*_]*(?:,?\s+\(?{np}\s+{by}\)?|,?\s+\(?{by}\)?|,?\s+(?:{ai},?\s+)?from\s+{n})?",
        "$1 one of the participants",
        false,
    ),
    // I am a large language model, trained by Google
    (r"\b((?i:I am|I['’]m)\s+{ai}),?(?:\s+(?i:that|which)\s+(?i:is|was))?\s+(?:{by}|from\s+{n})", "$1", false),
    // I'm an OpenAI model; I am the Gemini CLI
    (
        r"\b((?i:I am|I['’]m))\s+(?i:an?|the)\s+(?:[a-z-]+\s+){0,3}{n}(?:\s+[A-Za-z-]+){0,3}?\s+((?i:model|assistant|AI|system|agent|chatbot|CLI))\b",
        "$1 a participating $2",
        false,
    ),
    // I was trained by OpenAI; I run on GPT-5; I'm from Google
    (r"\b((?i:I was|I am|I['’]m|I have been|I['’]ve been))\s+{by}", "$1 made by my developers", false),
    (r"\b((?i:I am|I['’]m|I))\s+(?i:based|built|running|run)\s+(?i:on)\s+{n}", "$1 based on a model", false),
    (r"\b((?i:I am|I['’]m|I come))\s+from\s+{n}", "$1 from somewhere", false),
    // As Gemini, I would …; Speaking as an AI made by OpenAI, my …
    (
        r#"(?m)((?:^|[.,;:!?("“*>#-]|\b(?i:and|but|so|yet)\b)\s*)((?i:As|Speaking as|Writing as|Answering as))\s+(?:{np}\s+(?i:called|named)\s+)?{n}(?:,\s+{np}\s+{by}|,\s+{np}|,?\s+{by})?(,?)\s+(I|I['’](?:m|d|ll|ve)|my|we|our)\b"#,
        "${1}${2} one of the participants${3} ${4}",
        false,
    ),
    (
        r"\b((?i:As|Speaking as|Writing as)\s+{ai}),?(?:\s+(?i:that|which)\s+(?i:is|was))?\s+(?:{by}|from\s+{n})(,?)\s+(I|I['’](?:m|d|ll|ve)|my|we|our)\b",
        "${1}${2} ${3}",
        false,
    ),
    // I, Claude, think …
    (r"\bI,\s+{n}(?:,\s+{np})?(?:,?\s+{by})?,", "I, one of the participants,", false),
    // Claude here: …
    (r"(?m)^([ \t>*_#-]*)[*_]*{n}[*_]*\s+here\b", "${1}One of the participants here", false),
    // my creators at Anthropic; OpenAI trained me; we at Google
    (
        r"\b((?i:my|our)\s+(?i:creators?|developers?|makers?|parent company|company|team))(?:\s+(?i:at|is|are|from)|,)?\s+\(?{n}\)?",
        "$1",
        false,
    ),
    (
        r"{n}(?:['’]s team)?(\s+(?i:has\s+|have\s+)?(?i:created|made|trained|built|developed|designed)\s+me)\b",
        "my developers$1",
        false,
    ),
    (r"\b((?i:we|us))\s+at\s+{n}", "$1", false),
    // Signatures: a line of their own, after a greeting, or behind the last sentence.
    (
        r"(?m)^[ \t]*(?:[*_]*(?:—|–|―|--|~)[ \t]*|[*_]*(?i:signed|signature|written by|answered by|answer by|response by|prepared by|generated by|reviewed by|review by|(?:yours|kind regards|best regards|regards|best|sincerely|cheers),)[:,]?[ \t]+)[*_]*{n}[*_]*(?:,?[ \t]+\(?(?:{np}[ \t]+)?(?:{by}|(?:from[ \t]+|by[ \t]+|of[ \t]+)?{n})\)?|,[ \t]+{ai})?[.!]?[*_]*[ \t\r]*$",
        "",
        true,
    ),
    (
        r"(?m)^([ \t]*(?i:signed|yours|kind regards|best regards|best wishes|regards|best|sincerely|cheers|thanks),?[ \t\r]*\n)[ \t]*[*_]*{n}[*_]*(?:[ \t]+\({n}\))?[.!]?[ \t\r]*$",
        "$1",
        true,
    ),
    (r"(?m)([.!?…])[ \t]+[*_]*(?:—|–|―|--)[ \t]*{n}[.]?[*_]*[ \t\r]*$", "$1", true),
];

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
            ("Codex here: B.", "One of the participants here: B."),
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
