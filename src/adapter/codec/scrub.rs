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
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let of_value = |c: char| of_token(c) || matches!(c, '~' | '+' | '/' | '=' | '%');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut named = None;
    while !rest.is_empty() {
        let value = rest.len() - rest.trim_start_matches(of_value).len();
        let masked = named.take().is_some_and(|by| is_value(by, &rest[..value]));
        let token = if masked { value } else { rest.len() - rest.trim_start_matches(of_token).len() };
        let word = &rest[..token];
        if masked || BEGINNINGS.iter().any(|(start, length)| word.starts_with(start) && word.len() >= *length) {
            clean.push_str("[secret]");
        } else {
            clean.push_str(word);
        }
        let gap = rest[token..].len() - rest[token..].trim_start_matches(|c| !of_token(c)).len();
        let between = &rest[token..token + gap];
        named = names_value(word, between);
        clean.push_str(between);
        rest = &rest[token + gap..];
    }
    clean
}

/// What says that a credential follows.
#[derive(Clone, Copy)]
enum Named {
    /// `Bearer` or `Basic`, which are words as well.
    Scheme,
    /// `api_key=` and the like.
    Key,
}

fn names_value(word: &str, between: &str) -> Option<Named> {
    let word = word.to_ascii_lowercase();
    let of = |words: &[&str]| words.iter().any(|end| word.ends_with(end));
    match between {
        " " if word == "bearer" || word == "basic" => Some(Named::Scheme),
        "=" if of(&["key", "token", "secret", "password", "signature"]) => Some(Named::Key),
        _ => None,
    }
}

fn is_value(by: Named, value: &str) -> bool {
    match by {
        Named::Scheme => value.len() >= 8 && value.contains(|c: char| c.is_ascii_digit() || c == '='),
        Named::Key => value.len() >= 6,
    }
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
    fn headers_and_queries_are_known_by_what_stands_before_them() {
        let text = "Authorization: Bearer abc.DEF123/x==, BASIC bWU6cGFzc3dvcmQ=; https://h/v1?api_key=sesame-0123&v=2";
        let clean = "Authorization: Bearer [secret], BASIC [secret]; https://h/v1?api_key=[secret]&v=2";
        assert_eq!(scrub(text, None), clean);
    }

    #[test]
    fn words_stay() {
        for text in
            ["ask-me, sk-1, at-all", "é sk- ü", "", "task-force-of-many-words", "Basic authentication = off", "key=1"]
        {
            assert_eq!(scrub(text, Some(&Secret::new(""))), text);
        }
    }
}
