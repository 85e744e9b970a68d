//! Reviews that cannot change how the run ends: given up where they are out, never asked for where they are not.

use super::machine::Consensus;
use super::settings::ReviewMode;
use super::state::{Pending, Verdict};
use crate::ids::CallId;
use crate::protocol::machine::Outbox;
use crate::protocol::material::MemberIndex;

impl Consensus {
    /// Gives up the reviews of answers that can no longer win, in a round that no other can follow; whether it did.
    /// The rounds before such a round feed rewrites with all of their reviews.
    pub(super) fn give_up_needless(&mut self, at: usize, out: &mut Outbox) -> bool {
        let is_open = self.closed.standings.len() == at;
        if !self.plan.early_close || self.plan.stepped || !is_open || !self.is_last(at) {
            return false;
        }
        let best = self.leader_in(at).and_then(|best| self.mean(best.at, best.who));
        let Some(able) = self.strategy.may_win(&self.partial(at), best) else { return false };
        let beaten = |author: MemberIndex| !able.contains(&self.order[author]);
        let mut needless: Vec<(MemberIndex, MemberIndex)> = Vec::new();
        // A batch is asked as a whole: one answer in it that matters keeps it.
        for by in 0..self.order.len() {
            let due = self.due(at, by);
            if self.plan.review == ReviewMode::Pairwise || due.iter().all(|author| beaten(*author)) {
                needless.extend(due.into_iter().filter(|author| beaten(*author)).map(|author| (by, author)));
            }
        }
        let mut calls: Vec<CallId> = Vec::new();
        for (id, pending) in &self.pending {
            let Pending::Review(call) = pending else { continue };
            if call.at == at && call.answers.iter().all(|(author, _)| beaten(*author)) {
                needless.extend(call.answers.iter().map(|(author, _)| (call.reviewer, *author)));
                calls.push(id.clone());
            }
        }
        let moved = !needless.is_empty();
        for (by, author) in needless {
            self.rounds[at].verdicts[by][author] = Verdict::NotNeeded;
        }
        for id in calls {
            self.give_up(&id, out);
        }
        moved
    }

    /// Ends a call whose reply is not needed any more; nothing where it has settled.
    pub(super) fn give_up(&mut self, id: &CallId, out: &mut Outbox) -> Option<Pending> {
        let pending = self.pending.remove(id)?;
        if !out.abandon(id.clone()) {
            self.cuts.forget(id);
        }
        Some(pending)
    }
}
