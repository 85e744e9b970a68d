//! First answers, and how a participant gets into a round.

use super::machine::{Ask, Consensus};
use super::prompts;
use super::state::{Candidate, Pending, Seat};
use crate::event::{EventKind, preview};
use crate::exchange::{Reply, Role};
use crate::failure::CallFailure;
use crate::outcome::Status;
use crate::protocol::asking::words;
use crate::protocol::machine::Outbox;
use crate::protocol::material::MemberIndex;
use std::sync::Arc;

impl Consensus {
    /// Gives a participant its place in a round: with the answer that it had before, improved by
    /// the reviews it got, or with a first answer, which it gives blind.
    pub(super) fn seat(&mut self, at: usize, who: MemberIndex, out: &mut Outbox) {
        if self.rounds[at].is_out(who) {
            return;
        }
        let before = self.answer_before(at, who).cloned();
        match (before, self.gone[who].clone()) {
            (Some(candidate), None) if at > 0 && self.rounds[at - 1].reviews(who).next().is_some() => {
                self.ask_refinement(at - 1, who, &candidate.text, out);
            }
            (Some(candidate), _) => self.rounds[at].seats[who] = Seat::Here(candidate),
            (None, Some(failure)) => self.rounds[at].seats[who] = Seat::Empty(failure),
            (None, None) => self.ask_proposal(at, who, out),
        }
    }

    fn ask_proposal(&mut self, at: usize, who: MemberIndex, out: &mut Outbox) {
        let round = self.rounds[at].round;
        let alone = self.order.len() == 1;
        let prompt = if alone {
            (self.writer.bare(), 0)
        } else {
            prompts::propose(&self.writer, who, round, self.rounds[at].context.as_deref())
        };
        let ask = Ask {
            role: if alone { Role::Answer } else { Role::Propose },
            to: who,
            round,
            rest: self.writer.name(who).to_owned(),
            prompt,
            shape: None,
            pending: Pending::Propose { at, who },
        };
        self.ask(ask, out);
    }

    pub(super) fn proposed(
        &mut self,
        at: usize,
        who: MemberIndex,
        result: Result<Reply, CallFailure>,
        out: &mut Outbox,
    ) {
        let round = self.rounds[at].round;
        let participant = self.order[who].clone();
        match result {
            Ok(reply) => {
                out.note(EventKind::Proposed {
                    round,
                    participant,
                    words: words(&reply.text),
                    preview: preview(&reply.text),
                });
                self.rounds[at].seats[who] = Seat::Here(self.candidate(reply.text));
            }
            Err(failure) => {
                let message = failure.message.clone();
                out.note(EventKind::ProposeFailed { round, participant, failure: failure.class, message });
                self.rounds[at].seats[who] = Seat::Empty(failure);
            }
        }
        if self.order.len() == 1 {
            let status = if self.rounds[at].candidate(who).is_some() { Status::SingleModel } else { Status::Error };
            self.finish(status, at, out);
        }
    }

    /// An answer as it enters a round.
    fn candidate(&self, text: Arc<str>) -> Candidate {
        Candidate { shown: self.writer.anonymous(&text), text }
    }

    fn ask_refinement(&mut self, at: usize, who: MemberIndex, answer: &Arc<str>, out: &mut Outbox) {
        let round = self.rounds[at].round;
        // What the caller says about a round reaches the answers that enter it.
        let context = self.rounds[at + 1].context.as_deref();
        let reviews: Vec<_> = self.rounds[at].reviews(who).collect();
        let ask = Ask {
            role: Role::Refine,
            to: who,
            round,
            rest: self.writer.name(who).to_owned(),
            prompt: prompts::refine(&self.writer, who, answer, &reviews, round, context),
            shape: None,
            pending: Pending::Refine { at, who },
        };
        self.ask(ask, out);
    }

    /// A better answer enters the next round; if there is none, the one that was reviewed does.
    pub(super) fn refined(
        &mut self,
        at: usize,
        who: MemberIndex,
        result: Result<Reply, CallFailure>,
        out: &mut Outbox,
    ) {
        let round = self.rounds[at].round;
        let participant = self.order[who].clone();
        let candidate = match result {
            Ok(reply) => {
                out.note(EventKind::Refined {
                    round,
                    participant,
                    words: words(&reply.text),
                    preview: preview(&reply.text),
                });
                Some(self.candidate(reply.text))
            }
            Err(failure) => {
                let message = failure.message.clone();
                out.note(EventKind::RefineFailed { round, participant, failure: failure.class, message });
                self.answer_before(at + 1, who).cloned()
            }
        };
        if let Some(candidate) = candidate {
            self.rounds[at + 1].seats[who] = Seat::Here(candidate);
        }
    }
}
