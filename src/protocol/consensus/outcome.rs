//! What a run ends with: the winner, everybody's answers, what speaks against it.

use super::machine::Consensus;
use super::state::{Candidate, Seat, Verdict};
use crate::failure::{CallFailure, FailureClass};
use crate::ids::ParticipantId;
use crate::outcome::{
    Answer, Body, ConsensusBody, Dissent, Dropped, MissingReview, Outcome, ReviewRecord, RoundRecord, Status, Winner,
};
use crate::protocol::material::MemberIndex;
use crate::protocol::tally::{self, SLACK, Standing};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A winner that one reviewer scored so much lower than another is contested.
const CONTESTED: f64 = 4.0;

/// Whose answer is best, and in which round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Best {
    pub at: usize,
    pub who: MemberIndex,
}

/// The one with the highest mean; of several, the latest.
fn latest_best(versions: impl Iterator<Item = (Best, f64)>) -> Option<Best> {
    let later = |best: (Best, f64), other: (Best, f64)| if other.1 >= best.1 - SLACK { other } else { best };
    versions.reduce(later).map(|(best, _)| best)
}

impl Consensus {
    /// The outcome if the run had to stop now; nothing before the first answer.
    pub(super) fn best_so_far(&self) -> Option<Outcome> {
        let last = self.rounds.len().checked_sub(1)?;
        let closed = self.closed.standings.len();
        // Scores of an open round count only while there are no others.
        let seen = if self.leader_in(closed).is_some() { closed } else { self.rounds.len() };
        let best = self.best(seen)?;
        Some(self.outcome(Status::Cancelled, Some(best), seen, last))
    }

    /// The best-scored leader of the first `seen` rounds, of the latest of them that has as much; else anybody's
    /// newest answer.
    pub(super) fn best(&self, seen: usize) -> Option<Best> {
        let newest = || {
            let first = |at: usize| Some(Best { at, who: self.rounds[at].authors().next()? });
            (0..self.rounds.len()).rev().find_map(first)
        };
        self.leader_in(seen).or_else(newest)
    }

    pub(super) fn leader_in(&self, seen: usize) -> Option<Best> {
        let leaders = (0..seen).filter_map(|at| {
            let standing = self.standing_of(at);
            let who = self.order.iter().position(|name| Some(name) == standing.leader.as_ref())?;
            Some((Best { at, who }, standing.leading_mean()?))
        });
        latest_best(leaders)
    }

    /// The winner's best-scored version in the rounds that it led up to this one.
    pub(super) fn best_of_streak(&self, at: usize, who: MemberIndex) -> Option<Best> {
        let standing = self.closed.standings.get(at)?;
        let leads = standing.leader.as_ref() == Some(&self.order[who]);
        let rounds = if leads { usize::try_from(standing.stable).unwrap_or(1) } else { 1 };
        let versions = (at + 1).saturating_sub(rounds)..=at;
        let scored = versions.filter_map(|at| Some((Best { at, who }, self.mean(at, who)?)));
        // A caller's own rule may name a winner without a score.
        latest_best(scored).or_else(|| self.rounds[at].candidate(who).map(|_| Best { at, who }))
    }

    /// A participant's best-scored version in the first `seen` rounds.
    pub(super) fn best_version(&self, seen: usize, who: MemberIndex) -> Option<Best> {
        latest_best((0..seen).filter_map(|at| Some((Best { at, who }, self.mean(at, who)?))))
    }

    fn standing_of(&self, at: usize) -> Standing {
        self.closed.standings.get(at).cloned().unwrap_or_else(|| self.standing(at))
    }

    /// The outcome, by the scores of the first `seen` rounds; `last` is the last round that counts.
    pub(super) fn outcome(&self, status: Status, best: Option<Best>, seen: usize, last: usize) -> Outcome {
        let plan = &self.plan;
        let winner = best.and_then(|best| self.winner(best, seen));
        // Where a run was cut off, those of its open round were paid for as well.
        let said = if status == Status::Cancelled { self.rounds.len() } else { seen };
        let records = (0..seen).map(|at| (at, self.standing_of(at)));
        let records = records.filter(|(at, standing)| *at < self.closed.standings.len() || !standing.scores.is_empty());
        let body = ConsensusBody {
            final_round: self.rounds.get(last).map_or(0, |round| round.round.get()),
            answer_round: best.map(|best| self.rounds[best.at].round.get()),
            tied_with: best.map(|best| self.tied_with(best, seen)).unwrap_or_default(),
            contested: best.is_some_and(|best| best.at < seen && self.is_contested(best)),
            agreed_by: self.identical.then(|| "identical".to_owned()),
            reviews: (0..said).flat_map(|at| self.reviews_of(at)).collect(),
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

    pub(super) fn mean(&self, at: usize, who: MemberIndex) -> Option<f64> {
        let scores: Vec<f64> = self.rounds[at].reviews(who).map(|(_, review)| review.score).collect();
        tally::mean(&scores)
    }

    /// Everybody's best-scored version, else its latest one: the winner's first, then by mean, those without a
    /// score last.
    fn answers(&self, best: Option<Best>, seen: usize, last: usize) -> Vec<Answer> {
        let rounds = self.rounds.len().min(last + 1);
        let version = |who: MemberIndex| {
            let winning = best.filter(|best| best.who == who).map(|best| best.at);
            let at = winning.or_else(|| self.best_version(seen, who).map(|best| best.at));
            let at = at.or_else(|| (0..rounds).rev().find(|at| self.rounds[*at].candidate(who).is_some()))?;
            Some((who, self.answer(at, who, at < seen)?))
        };
        let mut answers: Vec<(MemberIndex, Answer)> = (0..self.order.len()).filter_map(version).collect();
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

    /// Who did as well as the winner: in the round that decided, where one did, else by everybody's best version.
    fn tied_with(&self, best: Best, seen: usize) -> Vec<ParticipantId> {
        let winner = &self.order[best.who];
        if let Some(last) = self.closed.standings.last().filter(|_| self.closed.converged) {
            return if last.leader.as_ref() == Some(winner) { last.tied.clone() } else { Vec::new() };
        }
        let mean = |version: Best| self.mean(version.at, version.who);
        let others = (0..self.order.len()).filter(|who| *who != best.who);
        let Some(won) = mean(best).filter(|_| best.at < seen) else {
            // Where no answer has a score, none of the same round is better than another.
            let answers = others.filter(|who| self.rounds[best.at].candidate(*who).is_some());
            return answers.map(|who| self.order[who].clone()).collect();
        };
        let as_good = |who: &MemberIndex| {
            self.best_version(seen, *who).and_then(mean).is_some_and(|mean| (mean - won).abs() <= SLACK)
        };
        others.filter(as_good).map(|who| self.order[who].clone()).collect()
    }

    fn is_contested(&self, best: Best) -> bool {
        let scores = || self.rounds[best.at].reviews(best.who).map(|(_, review)| review.score);
        let (lowest, highest) = (scores().fold(f64::INFINITY, f64::min), scores().fold(f64::NEG_INFINITY, f64::max));
        highest - lowest >= CONTESTED - SLACK
    }

    fn reviews_of(&self, at: usize) -> impl Iterator<Item = ReviewRecord> {
        let round = &self.rounds[at];
        (0..self.order.len()).flat_map(move |reviewer| {
            (0..self.order.len()).filter_map(move |author| {
                let review = round.review(reviewer, author)?.clone();
                let (reviewer, author) = (self.order[reviewer].clone(), self.order[author].clone());
                Some(ReviewRecord { round: round.round, reviewer, author, review })
            })
        })
    }

    /// Reviews of the winner that name a weakness or are below the threshold, the lowest first.
    fn dissent(&self, best: Best) -> Vec<Dissent> {
        let below = |score: f64| score < self.plan.threshold - SLACK;
        let against = self.rounds[best.at].reviews(best.who);
        let against = against.filter(|(_, review)| below(review.score) || !review.weaknesses.is_empty());
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

    /// Reviews of a round that are missing for good, by reviewer and author.
    fn missing(&self, at: usize) -> Vec<MissingReview> {
        let pairs = (0..self.order.len()).flat_map(|by| (0..self.order.len()).map(move |of| (by, of)));
        let missing = pairs.filter_map(|(by, of)| match &self.rounds[at].verdicts[by][of] {
            Verdict::Missing(failure) => Some(MissingReview {
                reviewer: self.order[by].clone(),
                author: self.order[of].clone(),
                failure: failure.class,
                message: failure.message.clone(),
            }),
            _ => None,
        });
        missing.collect()
    }

    pub(super) fn record(&self, at: usize, standing: &Standing) -> RoundRecord {
        let round = &self.rounds[at];
        let origin = |who: MemberIndex| Some((self.order[who].clone(), round.candidate(who)?.origin));
        let missing = self.missing(at);
        RoundRecord {
            round: standing.round,
            scores: standing.scores.clone(),
            means: standing.means.clone(),
            leader: standing.leader.clone(),
            stable: standing.stable,
            tied_with: standing.tied.clone(),
            adjusted: standing.adjusted.clone(),
            answers: round.authors().filter_map(origin).collect(),
            reviews_dropped: u32::try_from(missing.len()).unwrap_or(u32::MAX),
            missing,
            repairs: round.repairs,
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
