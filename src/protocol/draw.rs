//! Everything that chance decides in a prompt: labels and orders, drawn by hashing.

use sha2::{Digest, Sha256};

/// The source of every draw. A draw is a hash of (seed, purpose, round, who, item), never the next
/// value of a shared generator: so it does not depend on the order in which replies arrive.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    seed: u64,
}

impl Draw {
    /// Draws for a run with this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The items in an order that nobody can foresee without the seed, and that is always the same
    /// with it. Leaving an item out does not change the order of the others.
    #[must_use]
    pub fn order<T, N: AsRef<str>>(
        &self,
        purpose: &str,
        round: u32,
        who: &str,
        items: Vec<T>,
        name: impl Fn(&T) -> N,
    ) -> Vec<T> {
        let mut keyed: Vec<_> =
            items.into_iter().map(|item| (self.key(purpose, round, who, name(&item).as_ref()), item)).collect();
        keyed.sort_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, item)| item).collect()
    }

    fn key(&self, purpose: &str, round: u32, who: &str, item: &str) -> [u8; 32] {
        let seed = self.seed.to_be_bytes();
        let round = round.to_be_bytes();
        digest(&[&seed, purpose.as_bytes(), &round, who.as_bytes(), item.as_bytes()])
    }
}

/// The label of the answer or review at a place in a drawn order: A, B, … Z, AA, AB, …
#[must_use]
pub fn letter(place: usize) -> String {
    let last = char::from(b'A' + u8::try_from(place % 26).unwrap_or(0));
    match place / 26 {
        0 => last.to_string(),
        rest => format!("{}{last}", letter(rest - 1)),
    }
}

/// SHA-256 over fields whose lengths go in as well, so that no two lists of fields run together.
pub(super) fn digest(fields: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

/// The first `digits` digits of a hash in lower-case hexadecimal.
pub(super) fn hex(hash: &[u8], digits: usize) -> String {
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.take(digits).filter_map(|nibble| char::from_digit(u32::from(nibble), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64, round: u32, who: &str, items: &[&'static str]) -> Vec<&'static str> {
        Draw::new(seed).order("labels", round, who, items.to_vec(), |item| *item)
    }

    #[test]
    fn an_order_depends_on_everything_but_the_order_that_came_in() {
        let items = ["a", "b", "c", "d", "e", "f", "g"];
        let drawn = order(1, 1, "a", &items);
        let mut reversed = items;
        reversed.reverse();
        assert_eq!(drawn, order(1, 1, "a", &reversed));
        assert_ne!(drawn, order(2, 1, "a", &items));
        assert_ne!(drawn, order(1, 2, "a", &items));
        assert_ne!(drawn, order(1, 1, "b", &items));
        let without: Vec<_> = drawn.iter().copied().filter(|item| *item != "c").collect();
        assert_eq!(without, order(1, 1, "a", &["a", "b", "d", "e", "f", "g"]));
    }

    #[test]
    fn every_place_is_equally_likely() {
        let mut first = 0;
        for seed in 0..3000 {
            first += usize::from(order(seed, 1, "a", &["a", "b", "c"])[0] == "c");
        }
        assert!((900..1100).contains(&first), "{first} of 3000");
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 1, 25, 26, 27, 52].map(letter), ["A", "B", "Z", "AA", "AB", "BA"]);
    }
}
