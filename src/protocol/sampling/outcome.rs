//! What a run ends with: the count, the samples, whether the agreement is enough.

use super::machine::{Sample, Sampling, number};
use super::settings::{EarlyStop, Strategy};
use super::stop::{Decided, Stop};
use super::vote::{Vote, share};
use crate::outcome::{Body, EarlyEnd, Outcome, Response, SampleRecord, SamplingBody, Share, Status, Winner};
use crate::protocol::threshold::Threshold;

impl Sampling {
    /// The outcome if the run had to stop now; nothing before the first answer.
    pub(super) fn best_so_far(&self) -> Option<Outcome> {
        let (_, body) = self.concluded(None);
        body.winner.is_some().then(|| self.outcome(Status::Cancelled, body))
    }

    pub(super) fn outcome(&self, status: Status, body: SamplingBody) -> Outcome {
        let answer = body.winner.as_ref().map(|winner| winner.answer.clone());
        Outcome::new(status, answer, Body::Sample(body))
    }

    pub(super) fn concluded(&self, decided: Option<Decided>) -> (Status, SamplingBody) {
        let samples = self.samples.len();
        let vote = Vote::count(self.plan.strategy, &self.forms(samples));
        let unknown = self.samples.iter().filter(|sample| matches!(sample, Sample::Due | Sample::Asked)).count();
        let body = SamplingBody {
            winner: vote.winning_sample().and_then(|index| self.winner(index)),
            winning_sample: vote.winning_sample().map(number),
            strategy: self.plan.strategy.as_str().to_owned(),
            normaliser: self.plan.normaliser.as_str().to_owned(),
            num_samples: count(samples),
            agreement_ratio: (unknown == 0).then(|| vote.agreement(samples)),
            agreement: Share { least: vote.agreement(samples), most: share(vote.votes() + unknown, samples) },
            unique_responses: count(vote.groups.len()),
            tie_count: count(vote.ties),
            min_agreement: self.plan.min_agreement,
            responses: self.responses(&vote),
            samples: self.records(),
            early_stop: decided.map(|decided| EarlyEnd {
                reason: match decided {
                    Decided::Certain => "certain".to_owned(),
                    Decided::Confident { .. } => "confident".to_owned(),
                },
                confidence: match decided {
                    Decided::Certain => None,
                    Decided::Confident { confidence } => Some(confidence),
                },
                calls_saved: count(unknown),
            }),
        };
        let enough = self.plan.needed().is_none_or(|needed| passes(&body, needed));
        let agreed = match self.plan.strategy {
            Strategy::Majority => vote.reached,
            Strategy::Unanimous => vote.reached && unknown == 0,
        };
        let status = match body.winner {
            None => Status::InsufficientModels,
            Some(_) if agreed && enough => Status::Agreed,
            Some(_) if agreed && self.plan.min_agreement.is_none() => Status::NoMajority,
            Some(_) => Status::AgreementMissed,
        };
        (status, body)
    }

    fn winner(&self, index: usize) -> Option<Winner> {
        let Sample::In(text, _) = &self.samples[index] else { return None };
        let member = &self.writer.members[self.dealt(index)];
        Some(Winner {
            model_id: member.model_id.clone(),
            participant: member.id.clone(),
            answer: text.to_string(),
            mean_score: None,
        })
    }

    fn responses(&self, vote: &Vote) -> Vec<Response> {
        let mut responses: Vec<Response> = vote
            .groups
            .iter()
            .map(|group| Response {
                answer: match group.samples.first().map(|index| &self.samples[*index]) {
                    Some(Sample::In(text, _)) => text.to_string(),
                    _ => String::new(),
                },
                votes: count(group.votes()),
                samples: group.samples.iter().copied().map(number).collect(),
            })
            .collect();
        // Stable: those with as many votes stay in the order in which they were first given.
        responses.sort_by_key(|response| std::cmp::Reverse(response.votes));
        responses
    }

    fn records(&self) -> Vec<SampleRecord> {
        let record = |(index, sample): (usize, &Sample)| {
            let member = self.writer.members.get(self.dealt(index))?;
            let (answer, failure) = match sample {
                Sample::In(text, _) => (Some(text.to_string()), None),
                Sample::Failed(failure) => (None, Some(failure)),
                Sample::Due | Sample::Asked => (None, None),
            };
            Some(SampleRecord {
                sample: number(index),
                participant: member.id.clone(),
                model_id: member.model_id.clone(),
                answer,
                failure: failure.map(|failure| failure.class),
                message: failure.map(|failure| failure.message.clone()),
            })
        };
        self.samples.iter().enumerate().filter_map(record).collect()
    }
}

/// Whether the agreement of a run passes a threshold: where it is not known, and the run did not make
/// sure either way, what is more likely by the posterior that it stopped by.
#[must_use]
pub fn passes(body: &SamplingBody, threshold: Threshold) -> bool {
    let Share { least, most } = body.agreement;
    if body.agreement_ratio.is_some() || (threshold.holds(least) && threshold.holds(most)) {
        return threshold.holds(least);
    }
    let samples = usize::try_from(body.num_samples).unwrap_or(usize::MAX);
    let unknown = body.samples.iter().filter(|one| one.answer.is_none() && one.failure.is_none()).count();
    let votes = body.responses.first().map_or(0, |first| usize::try_from(first.votes).unwrap_or(usize::MAX));
    let stop = Stop { strategy: Strategy::Majority, rule: EarlyStop::Certain, thresholds: &[], samples };
    stop.probability(threshold, votes, samples.saturating_sub(unknown), unknown) > 0.5
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
