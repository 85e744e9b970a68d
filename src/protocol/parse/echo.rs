//! Replies that repeat the form instead of filling it in, as small models do.

/// What forms and schemas say about their keys, in lower case. Prompts of earlier versions are among
/// them: old journals are read by the same rules.
const DESCRIPTIONS: [&str; 18] = [
    "what is good, one point each",
    "what is wrong or missing, one point each",
    "what would make it better, one point each",
    "the whole in two or three sentences",
    "why the number that follows is right, by the scale above",
    "why the score that follows is right",
    "what is good, what is wrong or missing, and why the number that follows is right",
    "what is good, what is wrong or missing, and why the score that follows is right",
    "each names one thing that is wrong or missing",
    "each names one thing that is wrong or missing, and quotes the words that are wrong",
    "each names one thing that is right",
    "each names one thing that is right and should stay",
    "each names one change",
    "two or three sentences on the answer as a whole",
    "a string of two or three sentences on the answer as a whole",
    "the reasons for the score, without any number",
    "a string with the reasons for the score, in words, without any number",
    "what is wrong or missing, what is good, and what follows for the score",
];

/// Whether a text of a review is nothing but what the form says about its key.
pub(super) fn echoes_form(text: &str) -> bool {
    let bare = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    DESCRIPTIONS.iter().any(|description| bare.eq_ignore_ascii_case(description))
}
