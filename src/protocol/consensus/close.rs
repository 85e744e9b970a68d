//! The end of a round, and of a run.

use super::closing::{AnswerSoFar, Bound, ClosedRound, ClosingDecision, Partial, Previous};
use super::machine::Consensus;
use super::outcome::Best;
use super::state::{Seat, Stage};
use crate::event::EventKind;
use crate::outcome::Status;
use crate::protocol::machine::{Outbox, RoundOverrides, RoundReport};
use crate::protocol::material::MemberIndex;
use crate::protocol::tally::{Scores, Standing};

impl Consensus {
    /// Closes a round if all that belongs to it is in, or if nothing that is missing can change how
    /// the run ends; whether it did.
    pub(super) fn try_close(&mut self, at: usize, out: &mut Outbox) -> bool {
        if self.closed.standings.len() != at {
            return false;
        }
        let round = &self.rounds[at];
        if self.order.len() == 1 {
            return false;
        }
        if round.is_seated() && round.authors().count() < 2 {
            self.finish(Status::InsufficientModels, at, out);
            return true;
        }
        let before = at.checked_sub(1).map(|before| (before, Stage::Refine));
        if round.is_seated() && before.is_some_and(|before| !self.enough_left(before)) {
            self.finish(Status::InsufficientModels, at, out);
            return true;
        }
        if self.are_identical(at) {
            self.identical = true;
            let best = self.rounds[at].authors().next().map(|who| Best { at, who });
            self.finish_with(Status::Converged, at, best, out);
            return true;
        }
        let complete = round.is_complete();
        let decided = || self.plan.early_close && self.strategy.bound(&self.partial(at)) == Bound::WillClose;
        if !complete && !decided() {
            return false;
        }
        let standing = self.standing(at);
        let mut decision = self.strategy.close(&ClosedRound { standing: &standing, earlier: &self.closed.standings });
        // An answer without a review is no agreement on another one.
        if round.authors().any(|author| round.reviews(author).next().is_none()) {
            decision = ClosingDecision::Continue;
        }
        if !complete && decision == ClosingDecision::Continue {
            return false;
        }
        self.close(at, standing, decision, out);
        true
    }

    fn close(&mut self, at: usize, standing: Standing, decision: ClosingDecision, out: &mut Outbox) {
        let converged = decision != ClosingDecision::Continue;
        out.note(EventKind::RoundClosed {
            round: standing.round,
            means: standing.means.clone(),
            leader: standing.leader.clone(),
            stable: standing.stable,
            stability_rounds: self.plan.stability_rounds,
            threshold: self.plan.threshold,
            converged,
        });
        self.closed.standings.push(standing);
        self.closed.converged = converged;
        let readable = self.are_readable(at, converged, out);
        let enough = self.enough_left((at, Stage::Evaluate));
        let more = !converged && readable && !self.is_last(at) && enough;
        if self.plan.stepped {
            let winner = match &decision {
                ClosingDecision::Converged { winner } => Some(winner.clone()),
                ClosingDecision::Continue => None,
            };
            out.pause(RoundReport { record: self.record(at, &self.closed.standings[at]), winner, more });
        }
        if let ClosingDecision::Converged { winner } = decision {
            let who = self.order.iter().position(|name| *name == winner);
            let best = who.and_then(|who| self.best_of_streak(at, who));
            self.finish_with(Status::Converged, at, best, out);
        } else if self.is_last(at) || (enough && !readable) {
            self.finish(Status::MaxRoundsExceeded, at, out);
        } else if !more {
            self.finish(Status::InsufficientModels, at, out);
        }
    }

    /// Whether the reviews of a round give a reason to buy those of another. Where fewer than half of what came can be
    /// read, that is said; where no answer has half of its reviews either, the next round would be no better.
    fn are_readable(&self, at: usize, converged: bool, out: &mut Outbox) -> bool {
        let round = &self.rounds[at];
        let (read, unreadable) = round.readable_reviews();
        if read >= unreadable {
            return true;
        }
        let judged = converged || round.is_judged();
        let ends = if judged { "" } else { "; no answer has half of its reviews, so the run ends here" };
        let (number, came) = (round.round, read + unreadable);
        out.note(EventKind::Warning { text: format!("round {number}: {read} of {came} reviews readable{ends}") });
        judged
    }

    /// Whether all answers of a round are the same, where that ends the run.
    fn are_identical(&self, at: usize) -> bool {
        let Some(normaliser) = self.plan.stop_on_agreement else { return false };
        let round = &self.rounds[at];
        // Reviews are asked for only after they were found to differ.
        if !round.is_seated() || round.reviews_begun() {
            return false;
        }
        let mut forms = round.authors().filter_map(|who| Some(normaliser.form(&round.candidate(who)?.text)));
        let first = forms.next();
        forms.all(|form| Some(form) == first)
    }

    /// Whether reviews would be bought too early: the answers are the same, or not all of them are there.
    pub(super) fn may_be_identical(&self, at: usize) -> bool {
        self.plan.stop_on_agreement.is_some() && (!self.rounds[at].is_seated() || self.are_identical(at))
    }

    /// Lets participants go on from a round to the next, each as soon as it can; whether any did.
    pub(super) fn go_on(&mut self, at: usize, out: &mut Outbox) -> bool {
        // Before anything can be said of the reviews of this round, none of the next is bought.
        let early = |run: &mut Self| run.rounds[at].is_judged() && run.cannot_close(at);
        if self.is_last(at) || !(self.closed.standings.len() > at || early(self)) {
            return false;
        }
        if self.rounds.len() == at + 1 {
            if self.plan.stepped {
                return false;
            }
            self.enter(&RoundOverrides::default(), out);
        }
        let mut moved = false;
        for who in 0..self.order.len() {
            if self.ended.is_none() && !self.rounds[at].left[who] && self.is_ready(at, who) {
                self.rounds[at].left[who] = true;
                self.seat(at + 1, who, out);
                moved = true;
            }
        }
        moved
    }

    /// Whether nothing is to come in a round that changes how a participant goes on from it.
    fn is_ready(&self, at: usize, who: MemberIndex) -> bool {
        match &self.rounds[at].seats[who] {
            Seat::Pending => false,
            Seat::Here(_) => self.rounds[at].open_reviews(who) == 0,
            Seat::Out | Seat::Empty(_) => true,
        }
    }

    /// Whether it is certain that another round follows although this one is open. Never in a
    /// stepped run, where the caller may still steer.
    fn cannot_close(&mut self, at: usize) -> bool {
        if self.plan.stepped || self.rounds[at].authors().count() < 2 {
            return false;
        }
        let known = self.rounds[at].cannot_close || self.strategy.bound(&self.partial(at)) == Bound::CannotClose;
        self.rounds[at].cannot_close = known;
        known
    }

    pub(super) fn is_last(&self, at: usize) -> bool {
        self.rounds[at].round.get() >= self.plan.max_rounds
    }

    /// Whether at least two participants can still be asked after a stage: one alone can neither be reviewed nor review
    /// anew. What failed in a later stage does not count: that would depend on what came first.
    fn enough_left(&self, stage: (usize, Stage)) -> bool {
        self.gone_since.iter().filter(|since| since.is_none_or(|since| since > stage)).count() >= 2
    }

    /// Where a round stands with the reviews that are in now.
    pub(super) fn standing(&self, at: usize) -> Standing {
        let round = &self.rounds[at];
        let mut scores = Scores::new();
        for author in round.authors() {
            for (reviewer, review) in round.reviews(author) {
                let by_author = scores.entry(self.order[reviewer].clone()).or_default();
                by_author.insert(self.order[author].clone(), review.score);
            }
        }
        let previous = at.checked_sub(1).and_then(|before| self.closed.standings.get(before));
        Standing::ranked(self.strategy.ranking(), round.round, &self.order, scores, previous)
    }

    pub(super) fn partial(&self, at: usize) -> Partial<'_> {
        let round = &self.rounds[at];
        let previous = match at.checked_sub(1) {
            None => Previous::None,
            Some(before) => self.closed.standings.get(before).map_or(Previous::Open, Previous::Closed),
        };
        let answer = |who: MemberIndex| {
            let here = match round.seats[who] {
                Seat::Here(_) => true,
                Seat::Pending => false,
                Seat::Out | Seat::Empty(_) => return None,
            };
            Some(AnswerSoFar {
                author: self.order[who].clone(),
                here,
                scores: round.reviews(who).map(|(_, review)| review.score).collect(),
                missing: round.open_reviews(who),
            })
        };
        Partial { round: round.round, previous, answers: (0..self.order.len()).filter_map(answer).collect() }
    }

    /// Ends the run with the best answer of the rounds that are closed.
    pub(super) fn finish(&mut self, status: Status, at: usize, out: &mut Outbox) {
        self.finish_with(status, at, None, out);
    }

    fn finish_with(&mut self, status: Status, at: usize, best: Option<Best>, out: &mut Outbox) {
        for id in self.pending.keys().cloned().collect::<Vec<_>>() {
            self.give_up(&id, out);
        }
        let closed = self.closed.standings.len();
        let outcome = self.outcome(status, best.or_else(|| self.best(closed)), closed, at);
        self.ended = Some(outcome.clone());
        out.finish(outcome);
    }
}
