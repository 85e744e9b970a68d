//! The ways in which an author says who it is.

/// Where in a text a way of saying who one is counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere.
    Anywhere,
    /// Before anything else.
    Start,
    /// Among the last few lines.
    End,
}

/// What the placeholders of [`WAYS`] stand for, besides `{n}`, a name with what may follow it.
pub(super) const PLACEHOLDERS: &[(&str, &str)] = &[
    // What a name is followed by: who made it, what it is.
    ("{tail}", r"(?:,?\s+\(?{np}\s+{by}\)?|,?\s+\(?{by}\)?|,?\s+(?:{ai},?\s+)?from\s+{n}|,\s+{of}|\s+\({n}\))?"),
    ("{of}", r"{n}['’]s\s+(?:[A-Za-z-]+\s+){0,4}{program}\b"),
    (
        "{by}",
        r"(?:(?i:made|created|built|developed|trained|designed|powered|provided|maintained)(?: and (?i:made|built|trained|maintained))? (?i:by)|(?i:based|built|running) (?i:on))\s+(?:the\s+)?{n}(?:['’]s team)?",
    ),
    // A program in a few words: a large language model.
    ("{ai}", r"{article}\s+{words}{program}"),
    // Anything in a few words.
    ("{np}", r"{article}\s+{words}[A-Za-z'’-]+"),
    ("{article}", "(?i:an?|the|your)"),
    ("{words}", r"(?:[A-Za-z'’-]+\s+){0,6}"),
    ("{program}", "(?i:models?|assistant|AI|system|agent|chatbot|bot|program|LLM|CLI|intelligence)"),
    ("{am}", "(?i:I am|I['’]m)"),
    ("{me}", "(I['’](?:m|d|ll|ve)|I|[Mm]y|[Ww]e|[Oo]ur)"),
    ("{text}", "(?i:answer|response|reply|review|proposal|take|view|text)"),
    ("{dash}", "(?:—|–|―|--)"),
    (
        "{bye}",
        "(?i:signed|yours|yours truly|kind regards|best regards|best wishes|regards|best|sincerely|cheers|thanks)",
    ),
];

/// Pattern, replacement, where it counts.
pub(super) const WAYS: &[(&str, &str, Place)] = &[
    // I am Claude, an AI assistant made by Anthropic; I'm Anthropic's Claude; my name is …
    (
        r"\b({am}(?:\s+(?i:called|named))?|(?i:my name is|my name['’]s|call me|I go by|you(?: are|['’]re) (?:talking|speaking|chatting) (?:to|with)))\s+(?:{np}\s+(?i:called|named)\s+)?[*_]*(?:{of}|{n}(?:['’]s\s+{n})?)[*_]*{tail}",
        "$1 one of the participants",
        Place::Anywhere,
    ),
    // I am a large language model, trained by Google
    (r"\b({am}\s+{ai}),?(?:\s+(?i:that|which)\s+(?i:is|was))?\s+(?:{by}|from\s+{n})", "$1", Place::Anywhere),
    // I'm an OpenAI model; I am the Gemini CLI
    (
        r"\b({am})\s+(?i:an?|the)\s+(?:[a-z-]+\s+){0,3}{n}(?:\s+[A-Za-z-]+){0,3}?\s+({program})\b",
        "$1 a participating $2",
        Place::Anywhere,
    ),
    // I was trained by OpenAI; I run on GPT-5; I'm from Google
    (r"\b((?i:I was|I am|I['’]m|I have been|I['’]ve been))\s+{by}", "$1 made by my developers", Place::Anywhere),
    (r"\b(I)\s+(?i:run)\s+(?i:on)\s+{n}", "$1 run on a model", Place::Anywhere),
    (r"\b({am}|I come)\s+(?i:from)\s+{n}", "$1 from somewhere", Place::Anywhere),
    // The same in a few other languages.
    (
        r"((?i:\b(?:Ich bin|Ich heiße|Mein Name ist|Je suis|Je m['’]appelle|Soy|Me llamo|Mi nombre es|Sono|Mi chiamo|Eu sou|Meu nome é)\s+|我是\s*|我叫\s*|私は\s*|저는\s*))[*_]*{n}[*_]*(?:,?\s+(?:[^\s,.]+\s+){0,6}(?:von|par|por|da|di|de)\s+{n})?",
        "$1…",
        Place::Anywhere,
    ),
    // As Gemini, I would …; Speaking as an AI made by OpenAI, my …
    (
        r#"(?m)((?:^|[.,;:!?("“*>#-]|\b(?i:and|but|so|yet)\b)\s*)((?i:As|Speaking as|Writing as|Answering as))\s+(?:{np}\s+(?i:called|named)\s+)?{n}(?:,\s+{np}\s+{by}|,\s+{np}|,\s+{of}|,?\s+{by})?(,?)\s+{me}\b"#,
        "${1}${2} one of the participants${3} ${4}",
        Place::Anywhere,
    ),
    (
        r"\b((?i:As|Speaking as|Writing as)\s+{ai}),?(?:\s+(?i:that|which)\s+(?i:is|was))?\s+(?:{by}|from\s+{n})(,?)\s+{me}\b",
        "${1}${2} ${3}",
        Place::Anywhere,
    ),
    // I, Claude, think …
    (r"\bI,\s+(?:as\s+)?{n}(?:,\s+{np})?(?:,?\s+{by})?,", "I, one of the participants,", Place::Anywhere),
    // Claude here: …; Claude: I think …; Claude's answer: …
    (
        r"(?m)^([ \t>*_#-]*(?:(?i:hi|hello|hey)[,!.]?\s+)?)[*_]*{n}[*_]*\s+here\b",
        "${1}one of the participants here",
        Place::Anywhere,
    ),
    (r"^([ \t>*_#]*){n}[*_]*:[*_]*\s+{me}\b", "${2}", Place::Start),
    (r"^[ \t>*_#]*{n}['’]s\s+{text}[*_]*:[*_]*", "", Place::Start),
    // my creators at Anthropic; OpenAI trained me; we at Google; this answer was written by Claude
    (
        r"\b((?i:my|our)\s+(?i:creators?|developers?|makers?|parent company|company|team))(?:\s+(?i:at|is|are|from)|,)?\s+\(?{n}\)?",
        "$1",
        Place::Anywhere,
    ),
    (
        r"\b{n}(?:['’]s team)?(\s+(?i:has\s+|have\s+)?(?i:created|made|trained|built|developed|designed)\s+me)\b",
        "my developers$1",
        Place::Anywhere,
    ),
    (r"\b((?i:we|us))\s+at\s+{n}", "$1", Place::Anywhere),
    (
        r"\b((?i:this|my|the above)\s+{text}\s+(?i:was|is|has been)\s+(?i:written|given|prepared|produced|generated))\s+by\s+{n}",
        "$1",
        Place::Anywhere,
    ),
    // Signatures: a line of their own, after a greeting, or behind the last sentence.
    (
        r"(?m)^[ \t]*(?:[*_]*(?:{dash}|~)[ \t]*|[*_]*(?:{bye},|(?i:signed|signature|written by|answered by|answer by|response by|prepared by|generated by|reviewed by|review by)[:,]?)[ \t]+)[*_]*{n}[*_]*(?:,?[ \t]+\(?(?:{np}[ \t]+)?(?:{by}|(?:from[ \t]+|by[ \t]+|of[ \t]+)?{n})\)?|,[ \t]+{ai})?[.!]?[*_]*[ \t\r]*$",
        "",
        Place::End,
    ),
    (r"(?m)^([ \t]*{bye},?[ \t\r]*\n)[ \t]*[*_]*{n}[*_]*(?:[ \t]+\({n}\))?[.!]?[ \t\r]*$", "$1", Place::End),
    (r"(?m)([.!?…])[ \t]+[*_]*{dash}[ \t]*{n}[.]?[*_]*[ \t\r]*$", "$1", Place::End),
];
