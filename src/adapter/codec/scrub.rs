//! Takes secrets out of what people will read.

use crate::invocation::Secret;

/// How the tokens of the known vendors begin, each with the length from which it is one.
const BEGINNINGS: [(&str, usize); 5] = [("sk-", 12), ("AIza", 20), ("ya29.", 12), ("eyJ", 40), ("at-", 32)];

/// The text without the secret itself, and without whatever looks like a vendor's token: a CLI may
/// repeat another one than ours.
pub(super) fn scrub(text: &str, secret: Option<&Secret>) -> String {
    let text = match secret {
        Some(secret) => secret.remove_from(text),
        None => text.to_owned(),
    };
    if !BEGINNINGS.iter().any(|(beginning, _)| text.contains(beginning)) {
        return text;
    }
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let token = rest.len() - rest.trim_start_matches(of_token).len();
        let word = &rest[..token];
        if BEGINNINGS.iter().any(|(beginning, length)| word.starts_with(beginning) && word.len() >= *length) {
            clean.push_str("[secret]");
        } else {
            clean.push_str(word);
        }
        let gap = rest[token..].len() - rest[token..].trim_start_matches(|c| !of_token(c)).len();
        clean.push_str(&rest[token..token + gap]);
        rest = &rest[token + gap..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_secret_and_its_likes_are_taken_out() {
        let ours = Secret::new("hunter2hunter2");
        let text = "key 'sk-ant-api03-abcdef' of ?key=AIzaSyA1234567890abcdefgh: hunter2hunter2, ya29.a0AfH6SMB";
        assert_eq!(scrub(text, Some(&ours)), "key '[secret]' of ?key=[secret]: [secret], [secret]");
    }

    #[test]
    fn words_stay() {
        for text in ["ask-me, sk-1, at-all", "é sk- ü", "", "task-force-of-many-words"] {
            assert_eq!(scrub(text, Some(&Secret::new(""))), text);
        }
    }
}
