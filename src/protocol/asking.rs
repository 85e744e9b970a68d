//! What all protocols do with a call: ask it, note what did not fit into its prompt, read how it ended.

use super::machine::Outbox;
use crate::event::EventKind;
use crate::exchange::{CallSpec, Reply};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::CallId;
use crate::outcome::QuoteCut;

/// The prompts of a run in which quoted text was cut, in the order in which they were asked.
#[derive(Debug, Default)]
pub(crate) struct QuoteCuts(Vec<QuoteCut>);

impl QuoteCuts {
    /// Asks a call whose prompt leaves so many bytes of quoted text out; its id.
    pub fn ask(&mut self, spec: CallSpec, left_out: u64, out: &mut Outbox) -> CallId {
        let id = spec.id.clone();
        if left_out > 0 {
            out.note(EventKind::QuoteCut { call: id.clone(), bytes: left_out });
            self.0.push(QuoteCut { call: id.clone(), bytes: left_out });
        }
        out.call(spec);
        id
    }

    /// A call that was not made after all.
    pub fn forget(&mut self, call: &CallId) {
        self.0.retain(|cut| cut.call != *call);
    }

    pub fn in_order(&self) -> Vec<QuoteCut> {
        self.0.clone()
    }

    /// By call, so that it does not matter what was asked first.
    pub fn by_call(&self) -> Vec<QuoteCut> {
        let mut cuts = self.0.clone();
        cuts.sort_by(|one, other| one.call.cmp(&other.call));
        cuts
    }
}

/// Whether a participant whose call failed so can answer nothing any more. Question and files are in
/// every prompt: what is too long once is too long always.
pub(crate) fn is_lost(failure: &CallFailure) -> bool {
    failure.class.is_lasting() || failure.class == FailureClass::ContextTooLong
}

/// A reply with words in it.
pub(crate) fn spoken(reply: Reply) -> Result<Reply, CallFailure> {
    if reply.text.trim().is_empty() {
        return Err(CallFailure::new(FailureClass::Empty, "the reply is blank"));
    }
    Ok(reply)
}

/// A reply to be read by a lenient parser.
///
/// Some CLIs check the shape themselves and fail on a reply that does not match it. That text goes the way of
/// every other reply: our parser takes what their check refused, and where it cannot, the repair shows the model
/// what it wrote and what is wrong with it.
pub(crate) fn readable(result: Result<Reply, CallFailure>) -> Result<Reply, CallFailure> {
    result.or_else(|failure| match failure.class {
        FailureClass::Malformed => Ok(failure.partial.as_deref().unwrap_or_default().into()),
        _ => Err(failure),
    })
}

/// How many words a text has.
pub(crate) fn words(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX)
}

/// How many bytes a text has.
pub(crate) fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// What a model says instead of a text that needs no change; our prompts ask for it in these words.
pub(crate) fn unchanged(nonce: &str) -> String {
    format!("unchanged-{nonce}")
}

/// Whether a reply says so: with that word and at most a sentence around it. Only who was asked knows the code, so a
/// text that quotes the word means nothing.
pub(crate) fn is_unchanged(reply: &str, nonce: &str) -> bool {
    const SENTENCE_BYTES: usize = 200;
    let word = unchanged(nonce);
    reply.len() <= word.len() + SENTENCE_BYTES && reply.to_ascii_lowercase().contains(&word)
}
