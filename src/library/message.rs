//! What a provider is asked, in the form that chat APIs take.

use std::borrow::Cow;
use std::sync::Arc;

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageRole {
    /// How the model is to behave.
    System,
    /// What it is asked.
    User,
    /// What it answered before.
    Assistant,
}

/// One message, in parts that all calls of a run share: a question of a megabyte lies in memory once,
/// however many calls hold it.
///
/// The parts follow each other with nothing between them. Write them one after the other
/// ([`parts`](Self::parts)) where you can; [`text`](Self::text) joins them, which copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    role: MessageRole,
    parts: Vec<Arc<str>>,
}

impl Message {
    /// A message in parts.
    #[must_use]
    pub fn new(role: MessageRole, parts: Vec<Arc<str>>) -> Self {
        Self { role, parts }
    }

    /// How the model is to behave.
    pub fn system(text: impl Into<Arc<str>>) -> Self {
        Self::new(MessageRole::System, vec![text.into()])
    }

    /// What it is asked.
    pub fn user(text: impl Into<Arc<str>>) -> Self {
        Self::new(MessageRole::User, vec![text.into()])
    }

    /// What it answered before.
    pub fn assistant(text: impl Into<Arc<str>>) -> Self {
        Self::new(MessageRole::Assistant, vec![text.into()])
    }

    /// Who speaks.
    #[must_use]
    pub fn role(&self) -> MessageRole {
        self.role
    }

    /// Its text in parts, without a copy.
    #[must_use]
    pub fn parts(&self) -> &[Arc<str>] {
        &self.parts
    }

    /// Its whole text: borrowed if there is only one part, else joined.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self.parts.as_slice() {
            [] => Cow::Borrowed(""),
            [only] => Cow::Borrowed(only),
            parts => Cow::Owned(parts.concat()),
        }
    }

    /// Its length in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_shared_and_text_is_their_sum() {
        let part: Arc<str> = "a question".into();
        let message = Message::new(MessageRole::User, vec![Arc::clone(&part), ", and more".into()]);
        assert!(Arc::ptr_eq(&message.parts()[0], &part));
        assert_eq!((message.text().as_ref(), message.bytes()), ("a question, and more", 20));
        assert!(matches!(Message::user("one").text(), Cow::Borrowed("one")));
    }
}
