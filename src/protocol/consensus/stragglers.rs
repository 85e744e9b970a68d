//! Stragglers: once a quorum of a phase is in, each call of it that is still out has a grace period, and is then left
//! behind. A participant that was left behind is asked again in the next round.

use super::machine::Consensus;
use super::state::{Pending, RoundState};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::{CallId, TimerId};
use crate::protocol::machine::Outbox;
use crate::time::duration;

impl Consensus {
    /// Starts the grace period of every call that a quorum did not need.
    pub(super) fn time_stragglers(&mut self, out: &mut Outbox) {
        let Some(quorum) = self.plan.quorum.and_then(|quorum| usize::try_from(quorum).ok()) else { return };
        let late = |(id, pending): (&CallId, &Pending)| {
            let is_in = match pending {
                Pending::Propose { at, .. } => self.rounds[*at].authors().count(),
                Pending::Refine(asked) => self.rounds[asked.at + 1].authors().count(),
                Pending::Review(call) => reviewers_in(&self.rounds[call.at]),
            };
            (is_in >= quorum && !self.timed.contains(id)).then(|| id.clone())
        };
        let late: Vec<CallId> = self.pending.iter().filter_map(late).collect();
        for id in late {
            out.timer(TimerId::new(id.to_string()), self.plan.grace);
            self.timed.insert(id);
        }
    }

    /// Leaves a call behind whose grace period is over.
    pub(super) fn leave_behind(&mut self, timer: &TimerId, out: &mut Outbox) {
        let Some(pending) = self.give_up(&CallId::new(timer.to_string()), out) else { return };
        let grace = duration::show(self.plan.grace);
        let quorum = self.plan.quorum.unwrap_or_default();
        let message = format!("left behind: no reply within {grace} of a quorum of {quorum}");
        self.take(pending, Err(CallFailure::new(FailureClass::TimedOut, message)), out);
    }
}

/// How many reviewers have said all that they are asked to in a round.
fn reviewers_in(round: &RoundState) -> usize {
    let done = |by: &usize| {
        let open = |author: usize| author != *by && round.verdicts[*by][author].is_open();
        !round.authors().any(open) && round.authors().any(|author| round.review(*by, author).is_some())
    };
    if round.is_seated() { (0..round.seats.len()).filter(done).count() } else { 0 }
}
