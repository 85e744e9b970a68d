//! The mark that a fake leaves in its drafts, by which reviews and refinements of them are
//! recognised: `draft 3fa91c02.2` is the second version of the draft of whoever `3fa91c02` is. A
//! mark names nobody, so that it changes nothing about who can be recognised by whom.

use super::draw;
use serde::Serialize;
use std::fmt;

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Whose draft: eight hexadecimal digits.
    pub author: String,
    /// Which version of it, from 1.
    pub version: u32,
}

impl Mark {
    /// The mark of a version of somebody's draft.
    #[must_use]
    pub fn new(who: &str, version: u32) -> Self {
        Self { author: author(who), version }
    }

    /// All marks in a text, each once, in order.
    #[must_use]
    pub fn find_all(text: &str) -> Vec<Self> {
        let mut marks: Vec<Self> =
            text.match_indices("draft ").filter_map(|(at, word)| read(&text[at + word.len()..])).collect();
        marks.sort();
        marks.dedup();
        marks
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.author, self.version)
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The first half of everybody's marks.
#[must_use]
pub fn author(who: &str) -> String {
    format!("{:08x}", draw::hash(0, &["mark", who]) >> 32)
}

fn read(text: &str) -> Option<Mark> {
    let (author, rest) = text.split_at_checked(8)?;
    let hex = author.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let digits: String = rest.strip_prefix('.')?.chars().take_while(char::is_ascii_digit).take(4).collect();
    let version = digits.parse().ok().filter(|_| hex)?;
    Some(Mark { author: author.to_owned(), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_again() {
        let (a, b) = (Mark::new("claude/opus", 2), Mark::new("codex", 10));
        let text =
            format!("This is draft {a}: é draft {b}. Once more draft {a}, and draft 12.3, draft zzzzzzzz.1, draft ");
        let mut both = vec![a, b];
        both.sort();
        assert_eq!(Mark::find_all(&text), both);
        assert_eq!(Mark::find_all("draft éééé.1"), []);
    }
}
