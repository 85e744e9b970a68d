//! First answers, and how a participant gets into a round.

use super::machine::{Ask, Consensus};
use super::prompts;
use super::state::{Candidate, Pending, Refining, Seat};
use crate::event::{EventKind, preview};
use crate::exchange::{Reply, Role};
use crate::failure::CallFailure;
use crate::outcome::{AnswerChange, AnswerOrigin, Status};
use crate::protocol::asking::{bytes, is_unchanged, words};
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
        let version = at.checked_sub(1).and_then(|before| self.version_to_improve(before, who));
        match (version, self.gone[who].clone()) {
            (Some(version), None) if self.is_reviewed(at - 1, who) => {
                self.ask_refinement(at - 1, version, who, out);
            }
            (Some(version), _) => self.keep_version(at, version, who, AnswerChange::NotAsked),
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
                self.rounds[at].seats[who] = Seat::Here(self.candidate(reply.text, AnswerChange::Proposed, None));
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
    fn candidate(&self, text: Arc<str>, change: AnswerChange, made_of: Option<usize>) -> Candidate {
        let origin = AnswerOrigin { change, from_round: made_of.map(|at| self.rounds[at].round) };
        Candidate { shown: self.writer.anonymous(&text), text, origin }
    }

    /// The round of the version that a participant goes on from after round `at`: its best-scored one, unless the
    /// latest has no score that could be compared.
    fn version_to_improve(&self, at: usize, who: MemberIndex) -> Option<usize> {
        let latest = (0..=at).rev().find(|at| self.rounds[*at].candidate(who).is_some())?;
        let best = if self.is_reviewed(latest, who) { self.best_version(at + 1, who) } else { None };
        Some(best.map_or(latest, |best| best.at))
    }

    fn is_reviewed(&self, at: usize, who: MemberIndex) -> bool {
        self.rounds[at].reviews(who).next().is_some()
    }

    fn keep_version(&mut self, at: usize, version: usize, who: MemberIndex, change: AnswerChange) {
        let origin = AnswerOrigin { change, from_round: Some(self.rounds[version].round) };
        if let Some(candidate) = self.rounds[version].candidate(who).cloned() {
            self.rounds[at].seats[who] = Seat::Here(Candidate { origin, ..candidate });
        }
    }

    fn ask_refinement(&mut self, at: usize, version: usize, who: MemberIndex, out: &mut Outbox) {
        let Some(candidate) = self.rounds[version].candidate(who) else { return };
        let round = self.rounds[at].round;
        // What the caller says about a round reaches the answers that enter it.
        let context = self.rounds[at + 1].context.as_deref();
        let reviews: Vec<_> = self.rounds[version].reviews(who).collect();
        let Some(refinement) = prompts::refine(&self.writer, who, &candidate.text, &reviews, round, context) else {
            let participant = self.order[who].clone();
            out.note(EventKind::TooLongToRewrite { participant, bytes: bytes(&candidate.text) });
            return self.keep_version(at + 1, version, who, AnswerChange::TooLong);
        };
        let ask = Ask {
            role: Role::Refine,
            to: who,
            round,
            rest: self.writer.name(who).to_owned(),
            prompt: refinement.prompt,
            shape: None,
            pending: Pending::Refine(Refining { at, version, who, nonce: refinement.nonce }),
        };
        self.ask(ask, out);
    }

    /// A better answer enters the next round; if there is none, the version that it was to be made of does.
    pub(super) fn refined(&mut self, asked: &Refining, result: Result<Reply, CallFailure>, out: &mut Outbox) {
        let Refining { at, version, who, nonce } = asked;
        let (round, participant) = (self.rounds[*at].round, self.order[*who].clone());
        match result {
            Ok(reply) if is_unchanged(&reply.text, nonce) => {
                out.note(EventKind::Unchanged { round, participant });
                self.keep_version(at + 1, *version, *who, AnswerChange::Unchanged);
            }
            Ok(reply) => {
                out.note(EventKind::Refined {
                    round,
                    participant,
                    words: words(&reply.text),
                    preview: preview(&reply.text),
                });
                self.rounds[at + 1].seats[*who] =
                    Seat::Here(self.candidate(reply.text, AnswerChange::Rewritten, Some(*version)));
            }
            Err(failure) => {
                let message = failure.message.clone();
                out.note(EventKind::RefineFailed { round, participant, failure: failure.class, message });
                self.keep_version(at + 1, *version, *who, AnswerChange::RewriteFailed);
            }
        }
    }
}
