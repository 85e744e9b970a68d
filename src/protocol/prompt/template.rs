//! A template is text with placeholders such as `{{answer}}`, each filled whole.

use crate::protocol::quote::Piece;
use std::sync::Arc;

/// A text with placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// Its file's name, without folder and extension.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// What a placeholder is filled with.
#[derive(Debug, Clone)]
pub enum Slot {
    /// Our own words, never cut.
    Text(String),
    /// The words of others: shared, not copied, and cut if there is no room for them.
    Quote(Arc<str>),
    /// The words of others that must be whole: shared, not copied.
    Whole(Arc<str>),
    /// Another template, filled already.
    Pieces(Vec<Piece>),
}

impl Template {
    /// Fills every placeholder. What is filled in is never searched for placeholders itself.
    ///
    /// A placeholder without a value is a mistake in this program, which the tests of the templates
    /// find; it is left in place.
    #[must_use]
    pub fn fill(&self, values: &[(&str, Slot)]) -> Vec<Piece> {
        let mut out = Pieces::default();
        for token in tokens(self.text) {
            let value = match token {
                Token::Text(text) => {
                    out.text.push_str(text);
                    continue;
                }
                Token::Placeholder(name) => values.iter().find(|(known, _)| *known == name),
            };
            debug_assert!(value.is_some(), "no value for a placeholder of template {}", self.name);
            match value {
                Some((_, Slot::Text(text))) => out.text.push_str(text),
                Some((_, Slot::Quote(text))) => out.push(Piece::Quote(Arc::clone(text))),
                Some((_, Slot::Whole(text))) => out.push(Piece::Fixed(Arc::clone(text))),
                Some((_, Slot::Pieces(pieces))) => pieces.iter().cloned().for_each(|piece| out.push(piece)),
                None => {}
            }
        }
        out.finish()
    }

    /// The names of its placeholders, in order, each as often as it occurs.
    pub fn placeholders(&self) -> impl Iterator<Item = &'static str> {
        tokens(self.text).filter_map(|token| match token {
            Token::Placeholder(name) => Some(name),
            Token::Text(_) => None,
        })
    }
}

enum Token {
    Text(&'static str),
    Placeholder(&'static str),
}

fn tokens(text: &'static str) -> impl Iterator<Item = Token> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if let Some((name, after)) = rest.strip_prefix("{{").and_then(|inside| inside.split_once("}}")) {
            rest = after;
            return Some(Token::Placeholder(name));
        }
        let (text, after) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
        rest = after;
        (!text.is_empty()).then_some(Token::Text(text))
    })
}

/// Pieces in the making: text is gathered, shared parts stay shared.
#[derive(Default)]
struct Pieces {
    done: Vec<Piece>,
    text: String,
}

impl Pieces {
    fn push(&mut self, piece: Piece) {
        match piece {
            Piece::Fixed(text) => self.text.push_str(&text),
            Piece::Quote(_) => {
                self.flush();
                self.done.push(piece);
            }
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.done.push(Piece::Fixed(std::mem::take(&mut self.text).into()));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stay_shared_and_their_braces_mean_nothing() {
        let template = Template { name: "test", text: "{{label}}: {{answer}}{{tail}}!" };
        let answer: Arc<str> = "{{label}}".into();
        let tail = vec![Piece::Fixed(" (end)".into())];
        let pieces = template.fill(&[
            ("label", Slot::Text("A".into())),
            ("answer", Slot::Quote(Arc::clone(&answer))),
            ("tail", Slot::Pieces(tail)),
        ]);
        assert!(matches!(&pieces[0], Piece::Fixed(text) if &**text == "A: "));
        assert!(matches!(&pieces[1], Piece::Quote(text) if Arc::ptr_eq(text, &answer)));
        assert!(matches!(&pieces[2], Piece::Fixed(text) if &**text == " (end)!"));
        assert_eq!(template.placeholders().collect::<Vec<_>>(), ["label", "answer", "tail"]);
    }
}
