//! What a run ends with: the winner, everybody's answers, what speaks against it.

use super::machine::Consensus;
use super::state::{Candidate, Seat};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::ParticipantId;
use crate::outcome::{Answer, Body, ConsensusBody, Dissent, Dropped, Outcome, RoundRecord, Status, Winner};
use crate::protocol::material::MemberIndex;
use crate::protocol::tally::{self, SLACK, Standing};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Whose answer is best, and in which round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Best {
    pub at: usize,
    pub who: MemberIndex,
}

impl Consensus {
    /// The outcome if the run had to stop now; nothing while nobody has answered.
    pub(super) fn best_so_far(&self) -> Option<Outcome> {
        let last = self.rounds.len().checked_sub(1)?;
        let closed = self.closed.standings.len();
        // Scores of an open round count only while there are no others.
        let seen = if self.leader_in(closed).is_some() { closed } else { self.rounds.len() };
        let best = self.best(seen)?;
        Some(self.outcome(Status::Cancelled, Some(best), seen, last))
    }

    /// The leader of the last of the first `seen` rounds that has one, else anybody's newest answer.
    pub(super) fn best(&self, seen: usize) -> Option<Best> {
        let newest = || {
            let first = |at: usize| Some(Best { at, who: self.rounds[at].authors().next()? });
            (0..self.rounds.len()).rev().find_map(first)
        };
        self.leader_in(seen).or_else(newest)
    }

    fn leader_in(&self, seen: usize) -> Option<Best> {
        (0..seen).rev().find_map(|at| {
            let leader = self.standing_of(at).leader?;
            let who = self.order.iter().position(|name| *name == leader)?;
            Some(Best { at, who })
        })
    }

    fn standing_of(&self, at: usize) -> Standing {
        self.closed.standings.get(at).cloned().unwrap_or_else(|| self.standing(at))
    }

    /// The outcome, by the scores of the first `seen` rounds; `last` is the last round that counts.
    pub(super) fn outcome(&self, status: Status, best: Option<Best>, seen: usize, last: usize) -> Outcome {
        let plan = &self.plan;
        let winner = best.and_then(|best| self.winner(best, seen));
        let records = (0..seen).map(|at| (at, self.standing_of(at)));
        let records = records.filter(|(at, standing)| *at < self.closed.standings.len() || !standing.scores.is_empty());
        let body = ConsensusBody {
            final_round: self.rounds.get(last).map_or(0, |round| round.round.get()),
            strategy: self.strategy.name().to_owned(),
            threshold: plan.threshold,
            stability_rounds: plan.stability_rounds,
            all_answers: self.answers(best, seen, last),
            dissent: best.filter(|best| best.at < seen).map(|best| self.dissent(best)).unwrap_or_default(),
            rounds: records.map(|(at, standing)| self.record(at, &standing)).collect(),
            models_dropped: self.dropped(last),
            quotes_cut: self.cuts.by_call(),
            winner,
        };
        let answer = body.winner.as_ref().map(|winner| winner.answer.clone());
        Outcome::new(status, answer, Body::Consensus(body))
    }

    fn winner(&self, best: Best, seen: usize) -> Option<Winner> {
        let candidate = self.rounds[best.at].candidate(best.who)?;
        let mean_score = if best.at < seen { self.mean(best.at, best.who) } else { None };
        Some(Winner {
            model_id: self.writer.members[best.who].model_id.clone(),
            participant: self.order[best.who].clone(),
            answer: candidate.text.to_string(),
            mean_score,
        })
    }

    fn mean(&self, at: usize, who: MemberIndex) -> Option<f64> {
        let scores: Vec<f64> = self.rounds[at].reviews(who).map(|(_, review)| review.score).collect();
        tally::mean(&scores)
    }

    /// Everybody's latest answer that was scored, else its latest one: the winner's first, then by
    /// mean, those that nobody scored last.
    fn answers(&self, best: Option<Best>, seen: usize, last: usize) -> Vec<Answer> {
        let rounds = self.rounds.len().min(last + 1);
        let latest = |who: MemberIndex| {
            let at = (0..seen).rev().find(|at| self.rounds[*at].reviews(who).next().is_some());
            let at = at.or_else(|| (0..rounds).rev().find(|at| self.rounds[*at].candidate(who).is_some()))?;
            Some((who, self.answer(at, who, at < seen)?))
        };
        let mut answers: Vec<(MemberIndex, Answer)> = (0..self.order.len()).filter_map(latest).collect();
        let wins = |who: MemberIndex| best.is_some_and(|best| best.who == who);
        answers.sort_by(|(a, one), (b, other)| {
            let by_mean = match (one.mean_score, other.mean_score) {
                (Some(one), Some(other)) => other.total_cmp(&one),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            wins(*b).cmp(&wins(*a)).then(by_mean).then(a.cmp(b))
        });
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn answer(&self, at: usize, who: MemberIndex, scored: bool) -> Option<Answer> {
        let Candidate { text, .. } = self.rounds[at].candidate(who)?;
        let given = self.rounds[at].reviews(who).filter(|_| scored);
        let scores: BTreeMap<ParticipantId, f64> =
            given.map(|(reviewer, review)| (self.order[reviewer].clone(), review.score)).collect();
        Some(Answer {
            model_id: self.writer.members[who].model_id.clone(),
            participant: self.order[who].clone(),
            answer: text.to_string(),
            mean_score: if scored { self.mean(at, who) } else { None },
            scores,
            round: self.rounds[at].round.get(),
        })
    }

    /// Reviews of the winner below the threshold, the lowest first.
    fn dissent(&self, best: Best) -> Vec<Dissent> {
        let below = |score: f64| score < self.plan.threshold - SLACK;
        let against = self.rounds[best.at].reviews(best.who).filter(|(_, review)| below(review.score));
        let mut dissent: Vec<Dissent> = against
            .map(|(reviewer, review)| Dissent {
                reviewer: self.order[reviewer].clone(),
                model_id: self.writer.members[reviewer].model_id.clone(),
                score: review.score,
                overall_assessment: review.overall_assessment.clone(),
                weaknesses: review.weaknesses.clone(),
            })
            .collect();
        dissent.sort_by(|one, other| one.score.total_cmp(&other.score));
        dissent
    }

    pub(super) fn record(&self, at: usize, standing: &Standing) -> RoundRecord {
        RoundRecord {
            round: standing.round,
            scores: standing.scores.clone(),
            means: standing.means.clone(),
            leader: standing.leader.clone(),
            stable: standing.stable,
            reviews_dropped: self.rounds[at].missing_reviews(),
            repairs: self.rounds[at].repairs,
            converged: self.closed.converged && at + 1 == self.closed.standings.len(),
        }
    }

    /// Who is not in the room: without an answer in the last round, left out of it, or gone.
    fn dropped(&self, last: usize) -> Vec<Dropped> {
        let drop = |who: MemberIndex| {
            let failure = self.gone[who].clone().or_else(|| self.absence(who, last))?;
            Some(Dropped {
                participant: self.order[who].clone(),
                model_id: self.writer.members[who].model_id.clone(),
                reason: failure.class,
                message: failure.message,
            })
        };
        (0..self.order.len()).filter_map(drop).collect()
    }

    fn absence(&self, who: MemberIndex, last: usize) -> Option<CallFailure> {
        let seats = self.rounds.iter().take(last + 1).rev().map(|round| &round.seats[who]);
        // Who is on its way into the last round is where it was before.
        match seats.into_iter().find(|seat| !matches!(seat, Seat::Pending))? {
            Seat::Empty(failure) => Some(failure.clone()),
            Seat::Out => Some(CallFailure::new(FailureClass::Stopped, "left out of this round by the caller")),
            Seat::Here(_) | Seat::Pending => None,
        }
    }
}
