//! The templates, and the digests by which a journal says whether they changed.

use super::template::Template;
use crate::protocol::draw;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

macro_rules! templates {
    ($($(#[$doc:meta])* $constant:ident = $name:literal for $($protocol:ident),+;)*) => {
        $($(#[$doc])* pub const $constant: Template =
            Template { name: $name, text: include_str!(concat!("templates/", $name, ".md")) };)*

        /// All templates, each with the protocols that use it.
        const ALL: &[(Template, &[&str])] = &[$(($constant, &[$(stringify!($protocol)),+])),*];
    };
}

templates! {
    /// The system prompt of everybody in a room of several.
    SYSTEM = "system" for consensus;
    /// The question, as every prompt begins: `nonce`, `question`.
    REQUEST = "request" for consensus, debate, refine;
    /// The same where there are files alone.
    REQUEST_FILES = "request_files" for consensus, debate, refine;
    /// A file: `nonce`, `path`, `contents`.
    FILE = "file" for consensus, debate, sample, refine;
    /// The system prompt of a participant in a debate: `speaker`, `persona`.
    DEBATE_SYSTEM = "debate_system" for debate;
    /// A turn in a debate: `round`, `rounds`, `label`, `instruction`, `transcript`, `speaker`.
    DEBATE_TURN = "debate_turn" for debate;
    /// What the first round asks for.
    DEBATE_ANALYSIS = "debate_analysis" for debate;
    /// What the second asks for.
    DEBATE_COUNTER = "debate_counter" for debate;
    /// What the third asks for.
    DEBATE_EVIDENCE = "debate_evidence" for debate;
    /// What those after it ask for.
    DEBATE_REFINE = "debate_refine" for debate;
    /// What the last of these asks for.
    DEBATE_FINAL = "debate_final" for debate;
    /// What was said so far: `nonce`, `turns`.
    DEBATE_TRANSCRIPT = "debate_transcript" for debate;
    /// One turn of it: `nonce`, `round`, `speaker`, `confidence`, `text`.
    DEBATE_SAID = "debate_said" for debate;
    /// A turn that failed: `round`, `speaker`.
    DEBATE_SILENT = "debate_silent" for debate;
    /// The system prompt of the judge: `persona`.
    DEBATE_JUDGE_SYSTEM = "debate_judge_system" for debate;
    /// The synthesis: `nonce`, `positions`.
    DEBATE_JUDGE = "debate_judge" for debate;
    /// One participant's last word: `nonce`, `speaker`, `confidence`, `text`.
    DEBATE_POSITION = "debate_position" for debate;
    /// A first answer, blind: `context`.
    PROPOSE = "propose" for consensus, refine;
    /// A review of one answer: `label`, `nonce`, `context`, `answer`.
    REVIEW = "review" for consensus;
    /// A review of several answers: `nonce`, `context`, `answers`, `labels`.
    REVIEW_BATCH = "review_batch" for consensus;
    /// One of these answers: `nonce`, `label`, `answer`.
    ANSWER = "answer" for consensus;
    /// A better version of one's own answer: `nonce`, `context`, `answer`, `reviews`.
    REFINE = "refine" for consensus;
    /// One of the reviews that the author sees: `nonce`, `label`, `review`.
    REVIEW_OF_YOURS = "review_of_yours" for consensus;
    /// What such a review says: `overall_assessment`, `strengths`, `weaknesses`, `suggestions`,
    /// `rationale`.
    REVIEW_FIELDS = "review_fields" for consensus;
    /// What follows the prompt of a review whose reply could not be used: `nonce`, `problem`,
    /// `reply`, `schema`.
    REPAIR = "repair" for consensus;
    /// The system prompt of everybody who drafts, judges or refines one text.
    SYSTEM_REFINE = "system_refine" for refine;
    /// A judgement of one text with a score: `nonce`, `answer`.
    SCORE = "score" for refine;
    /// What follows the prompt of a judgement whose reply could not be used: `nonce`, `problem`,
    /// `reply`, `schema`.
    SCORE_REPAIR = "score_repair" for refine;
    /// A better version of a text that was scored: `nonce`, `answer`, `verdict`.
    IMPROVE = "improve" for refine;
    /// What the judge said of it: `nonce`, `score`, `rationale`.
    VERDICT = "verdict" for refine;
    /// A critique of a text, and the text rewritten: `nonce`, `answer`.
    CRITIQUE = "critique" for refine;
    /// What the caller of a stepped run adds to a round: `nonce`, `text`.
    CONTEXT = "context" for consensus;
}

/// The system prompt: the same for everybody and in every call, which caches and kept workers need.
#[must_use]
pub fn system() -> Arc<str> {
    static TEXT: LazyLock<Arc<str>> = LazyLock::new(|| SYSTEM.text.trim_end().into());
    Arc::clone(&TEXT)
}

/// The system prompt of a run that refines one text.
#[must_use]
pub fn system_refine() -> Arc<str> {
    static TEXT: LazyLock<Arc<str>> = LazyLock::new(|| SYSTEM_REFINE.text.trim_end().into());
    Arc::clone(&TEXT)
}

/// What participants are told, but for the few words around question and files.
pub(crate) fn template_texts() -> impl Iterator<Item = &'static str> {
    let around = [REQUEST.name, REQUEST_FILES.name, FILE.name, CONTEXT.name];
    ALL.iter()
        .map(|(template, _)| template)
        .filter(move |template| !around.contains(&template.name))
        .map(|one| one.text)
}

/// A digest of each template that these protocols use, 16 hexadecimal digits, by name: a run can only be
/// continued with the prompts that it began with.
#[must_use]
pub fn template_digests(protocols: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let used = ALL.iter().filter(|(_, users)| users.iter().any(|user| protocols.contains(user)));
    let digest = |text: &str| draw::hex(&draw::digest(&[text.as_bytes()]), 16);
    used.map(|(known, _)| (known.name.to_owned(), digest(known.text))).collect()
}

/// A digest of all templates, 64 hexadecimal digits, as journals of format 1.0 hold it.
#[must_use]
pub fn templates_digest() -> String {
    let fields: Vec<&[u8]> = ALL.iter().flat_map(|(known, _)| [known.name.as_bytes(), known.text.as_bytes()]).collect();
    draw::hex(&draw::digest(&fields), 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_say_nothing_that_tells_participants_apart_or_where_the_bar_is() {
        let telling = [
            "claude",
            "codex",
            "gemini",
            "gpt",
            "anthropic",
            "openai",
            "google",
            "threshold",
            "stabil",
            "rank",
            "leader",
            "consensus",
        ];
        for (template, _) in ALL {
            let text = template.text.to_lowercase();
            for word in telling {
                assert!(!text.contains(word), "{word} in {}", template.name);
            }
        }
    }

    #[test]
    fn placeholders_are_those_that_the_code_fills() {
        let known = [
            "speaker",
            "persona",
            "round",
            "rounds",
            "instruction",
            "transcript",
            "turns",
            "confidence",
            "positions",
            "context",
            "label",
            "nonce",
            "unchanged",
            "answer",
            "answers",
            "labels",
            "reviews",
            "review",
            "problem",
            "reply",
            "schema",
            "text",
            "question",
            "path",
            "contents",
            "overall_assessment",
            "strengths",
            "weaknesses",
            "suggestions",
            "rationale",
            "score",
            "verdict",
        ];
        for (template, _) in ALL {
            assert!(template.text.ends_with('\n'), "{}", template.name);
            for name in template.placeholders() {
                assert!(known.contains(&name), "{name} in {}", template.name);
            }
        }
        assert_eq!(templates_digest().len(), 64);
    }

    /// A template that a protocol uses without being listed for it could change behind a journal's back.
    #[test]
    fn each_protocol_uses_the_templates_that_are_listed_for_it() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protocol");
        for (below, protocol) in
            [("consensus", "consensus"), ("debate", "debate"), ("refine", "refine"), ("sampling", "sample")]
        {
            for file in std::fs::read_dir(folder.join(below)).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
                let names = text.split("prompt::").skip(1).map(|rest| {
                    rest.split(|c: char| !c.is_ascii_alphabetic() && c != '_').next().unwrap().to_lowercase()
                });
                for name in names.filter(|name| ALL.iter().any(|(known, _)| known.name == *name)) {
                    let listed = ALL.iter().any(|(known, users)| known.name == name && users.contains(&protocol));
                    assert!(listed, "{name} in {below}");
                }
            }
            assert!(template_digests(&BTreeSet::from([protocol])).contains_key("file"), "{protocol}");
        }
    }
}
