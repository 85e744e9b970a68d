//! How much of others' text fits into a prompt: what is too long loses its middle, and says so.

use std::sync::Arc;

/// At most this many bytes of one quoted text, however much room there is.
pub const QUOTE_BYTES: usize = 200_000;

/// A piece of a prompt before it is known what fits.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Never cut: instructions, labels, question and files.
    Fixed(Arc<str>),
    /// What a participant wrote in this run.
    Quote(Arc<str>),
}

impl Piece {
    /// The text, whichever it is.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        match self {
            Self::Fixed(text) | Self::Quote(text) => text,
        }
    }
}

/// The texts of pieces, uncut, as one.
#[must_use]
pub fn joined(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| &**piece.text()).collect()
}

/// A prompt's pieces after cutting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The texts, in order. What was not cut is shared, not copied.
    pub parts: Vec<Arc<str>>,
    /// How many bytes of quoted text were left out.
    pub left_out: u64,
}

/// Cuts the quotes among the pieces so that everything fits into `room` bytes; short quotes keep
/// all they have, long ones share what is left evenly. Pure, so that a resumed run cuts alike.
#[must_use]
pub fn fit(pieces: Vec<Piece>, room: Option<usize>) -> Fitted {
    let lengths: Vec<usize> = quotes(&pieces).map(|text| text.len().min(QUOTE_BYTES)).collect();
    let room = room.map_or(usize::MAX, |room| room.saturating_sub(fixed_bytes(&pieces)));
    let mut shares = shares(&lengths, room).into_iter();
    let mut left_out = 0;
    let mut fitted = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Fixed(text) => fitted.push(text),
            Piece::Quote(text) => {
                let (text, lost) = cut_middle(text, shares.next().unwrap_or(0));
                left_out += lost;
                fitted.push(text);
            }
        }
    }
    Fitted { parts: fitted, left_out }
}

/// The text in at most so many characters and a mark: whole if it has no more, else without its middle.
/// Also how many bytes were left out.
#[must_use]
pub fn shorten(text: &Arc<str>, chars: usize) -> (Arc<str>, u64) {
    let count = text.chars().count();
    if count <= chars {
        return (Arc::clone(text), 0);
    }
    let place = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
    without(text, place(chars.div_ceil(2)), place(count - chars / 2))
}

/// Whether everything fits into `room` bytes without cutting more than [`QUOTE_BYTES`] demands.
#[must_use]
pub fn fits(pieces: &[Piece], room: Option<usize>) -> bool {
    let quoted: usize = quotes(pieces).map(|text| text.len().min(QUOTE_BYTES)).sum();
    room.is_none_or(|room| fixed_bytes(pieces).saturating_add(quoted) <= room)
}

/// Bytes of the pieces that are never cut.
#[must_use]
pub fn fixed_bytes(pieces: &[Piece]) -> usize {
    let fixed = pieces.iter().map(|piece| match piece {
        Piece::Fixed(text) => text.len(),
        Piece::Quote(_) => 0,
    });
    fixed.sum()
}

fn quotes(pieces: &[Piece]) -> impl Iterator<Item = &Arc<str>> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Quote(text) => Some(text),
        Piece::Fixed(_) => None,
    })
}

/// What each text gets of the room: the short ones all they need, the others equal parts.
fn shares(lengths: &[usize], room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&index| (lengths[index], index));
    let mut shares = vec![0; lengths.len()];
    let mut left = room;
    for (done, &index) in order.iter().enumerate() {
        let share = lengths[index].min(left / (lengths.len() - done));
        shares[index] = share;
        left -= share;
    }
    shares
}

/// The text in at most `room` bytes: whole if it fits, else without its middle, at character
/// boundaries, with a mark in place. Also how many bytes were left out.
fn cut_middle(text: Arc<str>, room: usize) -> (Arc<str>, u64) {
    if text.len() <= room {
        return (text, 0);
    }
    // The mark for the whole length is at least as long as the one that is used.
    let kept = room.saturating_sub(mark(text.len()).len());
    let head = floor(&text, kept.div_ceil(2));
    let tail = ceil(&text, text.len() - kept / 2);
    without(&text, head, tail)
}

/// The text without what lies between two places, with a mark there. Also how many bytes that are.
fn without(text: &str, head: usize, tail: usize) -> (Arc<str>, u64) {
    let left_out = tail - head;
    let short = format!("{}{}{}", &text[..head], mark(left_out), &text[tail..]);
    (short.into(), u64::try_from(left_out).unwrap_or(u64::MAX))
}

fn mark(left_out: usize) -> String {
    format!("\n[… {left_out} bytes left out here …]\n")
}

/// The character boundary at or before a place in a text.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(fixed: &str, quotes: &[String]) -> Vec<Piece> {
        let mut pieces = vec![Piece::Fixed(fixed.into())];
        pieces.extend(quotes.iter().map(|text| Piece::Quote(text.as_str().into())));
        pieces
    }

    #[test]
    fn what_fits_is_shared_and_whole() {
        let text: Arc<str> = "an answer".into();
        let fitted = fit(vec![Piece::Quote(Arc::clone(&text))], Some(9));
        assert!(Arc::ptr_eq(&fitted.parts[0], &text));
        assert_eq!(fitted.left_out, 0);
    }

    #[test]
    fn a_long_quote_loses_its_middle_and_says_so() {
        let text = format!("{}{}", "a".repeat(300), "z".repeat(300));
        let fitted = fit(pieces("fixed", std::slice::from_ref(&text)), Some(205));
        let cut = &fitted.parts[1];
        assert!(cut.starts_with("aaa") && cut.ends_with("zzz"), "{cut}");
        assert!(cut.contains(&format!("[… {} bytes left out here …]", fitted.left_out)), "{cut}");
        assert!(cut.len() <= 200 && cut.len() > 190, "{}", cut.len());
    }

    #[test]
    fn no_quote_is_longer_than_the_limit_even_where_there_is_room() {
        let fitted = fit(pieces("", &["é".repeat(QUOTE_BYTES)]), None);
        assert!(fitted.parts[1].len() <= QUOTE_BYTES);
        assert!(fitted.left_out >= u64::try_from(QUOTE_BYTES).unwrap());
    }

    #[test]
    fn short_quotes_keep_everything() {
        let fitted = fit(pieces("", &["short".into(), "x".repeat(1000), "y".repeat(900)]), Some(1005));
        assert_eq!(&*fitted.parts[1], "short");
        assert!(fitted.parts[2].len() <= 500 && fitted.parts[2].len() > 450);
        assert!(fitted.parts[3].len() <= 500 && fitted.parts[3].len() > 450);
    }

    #[test]
    fn a_text_can_be_cut_to_so_many_characters() {
        let text: Arc<str> = "aéb€cdefg".into();
        assert_eq!(shorten(&text, 9), (Arc::clone(&text), 0));
        assert_eq!(shorten(&text, 5), ("aéb\n[… 6 bytes left out here …]\nfg".into(), 6));
        assert_eq!(shorten(&text, 1), ("a\n[… 11 bytes left out here …]\n".into(), 11));
    }

    proptest! {
        #[test]
        fn everything_fits_whatever_comes(
            quotes in proptest::collection::vec("[aé€😀]{0,200}", 1..6),
            room in 300usize..2000,
        ) {
            let whole = pieces("some instruction", &quotes);
            let fitting = fits(&whole, Some(room));
            let fitted = fit(whole, Some(room));
            prop_assert!(fitted.parts.iter().map(|part| part.len()).sum::<usize>() <= room);
            prop_assert_eq!(fitting, fitted.left_out == 0);
        }
    }
}
