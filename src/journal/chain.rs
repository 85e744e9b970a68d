//! Lines that vouch for their order: each carries a sum over itself and all before it.
//!
//! A line is its body, a JSON object, with one more member at the end: `"sum":"<16 hex digits>"`,
//! the first eight bytes of SHA-256 over the previous sum and the body. It notices damage and
//! edits by hand; it is no signature.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const MARK: &str = ",\"sum\":\"";
const TAIL: usize = MARK.len() + 16 + 2;

/// The state of a chain of lines: what the next line's sum depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    last: String,
}

/// Why a line does not continue a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is no line of a journal at all.
    #[error("it is not a journal line")]
    Foreign,
    /// It, or a line before it, is not what was written.
    #[error("it was changed after it was written, or a line before it is missing")]
    Changed,
}

impl Chain {
    /// The line for a body, without its end; `None` if the body is no JSON object with members.
    #[must_use]
    pub fn seal(&mut self, body: &str) -> Option<String> {
        let inside = body.strip_suffix('}').filter(|_| body.starts_with('{') && body.len() > 2)?;
        self.last = self.sum(inside);
        Some(format!("{inside}{MARK}{}\"}}", self.last))
    }

    /// The body of the next line, in the memory of the line: it can hold a whole outcome.
    ///
    /// # Errors
    /// The line does not continue the chain.
    pub fn open(&mut self, line: impl Into<String>) -> Result<String, Broken> {
        let mut line = line.into();
        let at = line.len().checked_sub(TAIL).filter(|at| line.is_char_boundary(*at)).ok_or(Broken::Foreign)?;
        let (inside, tail) = line.split_at(at);
        let sum = tail.strip_prefix(MARK).and_then(|rest| rest.strip_suffix("\"}")).ok_or(Broken::Foreign)?;
        let expected = self.sum(inside);
        if expected != sum {
            return Err(Broken::Changed);
        }
        self.last = expected;
        line.truncate(at);
        line.push('}');
        Ok(line)
    }

    /// Of a body without its closing brace.
    fn sum(&self, inside: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.last.as_bytes());
        hash.update(inside.as_bytes());
        hash.update(b"}");
        hash.finalize().iter().take(8).fold(String::with_capacity(16), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealed(bodies: &[String]) -> Vec<String> {
        let mut chain = Chain::default();
        bodies.iter().map(|body| chain.seal(body).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_as_it_was(texts in prop::collection::vec(any::<String>(), 0..9)) {
            let bodies: Vec<_> = texts.iter().map(|text| serde_json::json!({ "text": text }).to_string()).collect();
            let mut chain = Chain::default();
            for (line, body) in sealed(&bodies).iter().zip(&bodies) {
                prop_assert_eq!(&chain.open(line).unwrap(), body);
            }
        }

        #[test]
        fn a_changed_character_or_a_missing_line_is_noticed(
            texts in prop::collection::vec("[a-z]{1,9}", 2..6),
            which in any::<prop::sample::Index>(),
            place in any::<prop::sample::Index>(),
        ) {
            let bodies: Vec<_> = texts.iter().map(|text| serde_json::json!({ "text": text }).to_string()).collect();
            let lines = sealed(&bodies);
            let which = which.index(lines.len());
            let mut changed: Vec<char> = lines[which].chars().collect();
            let place = place.index(changed.len());
            changed[place] = if changed[place] == '~' { '^' } else { '~' };
            let mut damaged = lines.clone();
            damaged[which] = changed.into_iter().collect();
            let mut chain = Chain::default();
            prop_assert!(damaged.iter().any(|line| chain.open(line).is_err()));
            let mut shorter = lines;
            let last = shorter.len() - 1;
            if which != last {
                shorter.remove(which);
                let mut chain = Chain::default();
                prop_assert!(shorter.iter().any(|line| chain.open(line).is_err()));
            }
        }

        #[test]
        fn no_line_panics(line: String) {
            prop_assert!(Chain::default().open(line).is_err());
        }
    }

    #[test]
    fn only_objects_with_members_are_sealed() {
        for body in ["", "{}", "[1]", "1", "{", "}"] {
            assert_eq!(Chain::default().seal(body), None, "{body}");
        }
    }
}
