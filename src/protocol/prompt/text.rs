//! The templates, and the digest by which a journal knows whether they changed.

use super::template::Template;
use crate::protocol::draw;
use std::sync::{Arc, LazyLock};

macro_rules! templates {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: Template =
            Template { name: $name, text: include_str!(concat!("templates/", $name, ".md")) };)*

        /// All templates.
        const ALL: &[Template] = &[$($constant),*];
    };
}

templates! {
    /// The system prompt of everybody in a room of several.
    SYSTEM = "system";
    /// The question, as every prompt begins: `nonce`, `question`.
    REQUEST = "request";
    /// The same where there are files alone.
    REQUEST_FILES = "request_files";
    /// A file: `nonce`, `path`, `contents`.
    FILE = "file";
    /// The system prompt of a participant in a debate: `speaker`, `persona`.
    DEBATE_SYSTEM = "debate_system";
    /// A turn in a debate: `round`, `rounds`, `label`, `instruction`, `transcript`, `speaker`.
    DEBATE_TURN = "debate_turn";
    /// What the first round asks for.
    DEBATE_ANALYSIS = "debate_analysis";
    /// What the second asks for.
    DEBATE_COUNTER = "debate_counter";
    /// What the third asks for.
    DEBATE_EVIDENCE = "debate_evidence";
    /// What those after it ask for.
    DEBATE_REFINE = "debate_refine";
    /// What the last of these asks for.
    DEBATE_FINAL = "debate_final";
    /// What was said so far: `nonce`, `turns`.
    DEBATE_TRANSCRIPT = "debate_transcript";
    /// One turn of it: `nonce`, `round`, `speaker`, `confidence`, `text`.
    DEBATE_SAID = "debate_said";
    /// A turn that failed: `round`, `speaker`.
    DEBATE_SILENT = "debate_silent";
    /// The system prompt of the judge: `persona`.
    DEBATE_JUDGE_SYSTEM = "debate_judge_system";
    /// The synthesis: `nonce`, `positions`.
    DEBATE_JUDGE = "debate_judge";
    /// One participant's last word: `nonce`, `speaker`, `confidence`, `text`.
    DEBATE_POSITION = "debate_position";
    /// A first answer, blind: `context`.
    PROPOSE = "propose";
    /// A review of one answer: `label`, `nonce`, `context`, `answer`.
    REVIEW = "review";
    /// A review of several answers: `nonce`, `context`, `answers`, `labels`.
    REVIEW_BATCH = "review_batch";
    /// One of these answers: `nonce`, `label`, `answer`.
    ANSWER = "answer";
    /// A better version of one's own answer: `nonce`, `context`, `answer`, `reviews`.
    REFINE = "refine";
    /// One of the reviews that the author sees: `nonce`, `label`, `review`.
    REVIEW_OF_YOURS = "review_of_yours";
    /// What such a review says: `overall_assessment`, `strengths`, `weaknesses`, `suggestions`,
    /// `rationale`.
    REVIEW_FIELDS = "review_fields";
    /// What follows the prompt of a review whose reply could not be used: `nonce`, `problem`,
    /// `reply`, `schema`.
    REPAIR = "repair";
    /// The system prompt of everybody who drafts, judges or refines one text.
    SYSTEM_REFINE = "system_refine";
    /// A judgement of one text with a score: `nonce`, `answer`.
    SCORE = "score";
    /// What follows the prompt of a judgement whose reply could not be used: `nonce`, `problem`,
    /// `reply`, `schema`.
    SCORE_REPAIR = "score_repair";
    /// A better version of a text that was scored: `nonce`, `answer`, `verdict`.
    IMPROVE = "improve";
    /// What the judge said of it: `nonce`, `score`, `rationale`.
    VERDICT = "verdict";
    /// A critique of a text, and the text rewritten: `nonce`, `answer`.
    CRITIQUE = "critique";
    /// What the caller of a stepped run adds to a round: `nonce`, `text`.
    CONTEXT = "context";
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

/// A digest of all templates, 64 hexadecimal digits: a recorded run can only be derived again with
/// the templates that it was made with.
#[must_use]
pub fn templates_digest() -> String {
    let fields: Vec<&[u8]> = ALL.iter().flat_map(|known| [known.name.as_bytes(), known.text.as_bytes()]).collect();
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
        for template in ALL {
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
        for template in ALL {
            assert!(template.text.ends_with('\n'), "{}", template.name);
            for name in template.placeholders() {
                assert!(known.contains(&name), "{name} in {}", template.name);
            }
        }
        assert_eq!(templates_digest().len(), 64);
    }
}
